package main

import (
	"os"
	"runtime/debug"

	"github.com/quorate/quorate/engine"
)

// besideCaches is what a process may need beyond what its settings name: buffers
// of clients and peers, requests under way, what compactions hold.
const besideCaches = 512 << 20

// limitMemory tells the garbage collector how large the process is meant to be.
// Caches and memtables fill most of the heap and hardly ever change. By the
// ordinary rule, to collect when the heap has doubled, as much again would be
// left as garbage; a collection is cheap, for none of them holds a pointer, so
// near the limit it may come sooner. The limit is soft: what lives beyond it
// costs collections, not the process. GOMEMLIMIT, where set, is obeyed instead.
func (s *nodeSettings) limitMemory(nodes int) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(s.memory(nodes))
	}
}

// memory is what so many nodes are meant to take, in bytes.
func (s *nodeSettings) memory(nodes int) int64 {
	each := int64(s.Store.CacheSize) + int64(s.Store.ObjectCacheSize) + engine.Memtables*int64(s.Store.MemtableSize)
	return int64(nodes)*each + besideCaches
}
