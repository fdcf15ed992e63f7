package main

import (
	"os"
	"runtime/debug"

	"github.com/quorate/quorate/engine"
)

// besideCaches is what a process may need beyond what its settings name: the
// existence filter, buffers of clients and peers, requests under way, what compactions hold.
const besideCaches = 512 << 20

// largeValues is how often a node may have the largest value in memory at once, on its way to
// the disk and the other replicas. Without room for it the collector would run all the time
// while it is on its way.
const largeValues = 2

// limitMemory tells the garbage collector how large its heap is meant to be. The
// object cache fills most of it and hardly ever changes. By the ordinary rule, to
// collect when the heap has doubled, as much again would be left as garbage; a
// collection is cheap, for the cache holds no pointers, so near the limit it may
// come sooner. The limit is soft: what lives beyond it costs collections, not the
// process. GOMEMLIMIT, where set, is obeyed instead.
func (s *nodeSettings) limitMemory(nodes int) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(s.heap(nodes))
	}
}

// heap returns the bytes of Go's heap that a number of nodes are meant to use. With cgo,
// Pebble's block cache and memtables come on top; without cgo they are included.
func (s *nodeSettings) heap(nodes int) int64 {
	each := max(s.node.Store.ObjectCacheBytes, 0)
	if !pebbleOffHeap {
		each += s.node.Store.CacheBytes + engine.Memtables*s.node.Store.MemtableBytes
	}
	return int64(nodes)*each + besideCaches + largeValues*min(int64(nodes), 3)*s.client.ProtoMaxBulkLen
}
