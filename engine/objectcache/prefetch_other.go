//go:build !amd64 && !arm64

package objectcache

import "unsafe"

// prefetch does nothing: the processor loads what is used.
func prefetch(unsafe.Pointer) {}
