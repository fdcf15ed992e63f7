package engine

import (
	"sync/atomic"

	"github.com/quorate/quorate/cluster/core/ring"
)

// hintBuckets is how many counts a hint filter has: 1 MiB, of which no page takes memory before
// its first hint.
const hintBuckets = 1 << 18

// hintFilter knows keys without a hint. While this node keeps hints, each read looks for those
// of its key, and most keys have none. It counts hints by the hash of their key and is exact
// about that, as far as they are committed.
type hintFilter [hintBuckets]atomic.Int32

// bucket returns the count that a key belongs to.
func (f *hintFilter) bucket(p ring.Partition, hash uint64) *atomic.Int32 {
	return &f[(hash^uint64(p)*0x9e3779b97f4a7c15)%hintBuckets]
}

// mayContain reports whether there may be a hint of a key, for whatever node.
func (f *hintFilter) mayContain(p ring.Partition, hash uint64) bool {
	return f.bucket(p, hash).Load() > 0
}
