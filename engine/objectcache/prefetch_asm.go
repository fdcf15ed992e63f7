//go:build amd64 || arm64

package objectcache

import "unsafe"

// prefetch asks the processor to load the 256 bytes at p, and does not wait for them. p need
// not be valid.
//
//go:noescape
func prefetch(p unsafe.Pointer)
