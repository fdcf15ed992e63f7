//go:build !linux

package objectcache

// preferHugePages does nothing: only Linux is asked for huge pages.
func preferHugePages([]byte) {}
