package objectcache

import "unsafe"

// Prefetch has the processor load what the cache knows of some keys, given by their hashes, so
// that it waits for all of the memory at once where it would else wait for each key in turn.
func (c *Cache) Prefetch(hashes []uint64) {
	if len(c.shards) == 0 || len(hashes) < 2 {
		return
	}
	for _, hash := range hashes {
		s := c.shardOf(hash)
		s.Lock()
		s.young.prefetchBucket(hash)
		s.old.prefetchBucket(hash)
		s.Unlock()
	}
	for _, hash := range hashes {
		s := c.shardOf(hash)
		s.Lock()
		if !s.young.prefetchEntry(hash) {
			s.old.prefetchEntry(hash)
		}
		s.Unlock()
	}
}

func (g *generation) prefetchBucket(hash uint64) {
	if g.used > 0 {
		prefetch(unsafe.Pointer(&g.buckets[int(hash)&(len(g.buckets)-1)]))
	}
}

// prefetchEntry reports whether there is an entry that is likely that of the hash.
func (g *generation) prefetchEntry(hash uint64) bool {
	if g.used == 0 {
		return false
	}
	mask := len(g.buckets) - 1
	for i := int(hash) & mask; g.buckets[i] != 0; i = (i + 1) & mask {
		if uint32(g.buckets[i]>>32) == uint32(hash) {
			prefetch(unsafe.Pointer(&g.data[uint32(g.buckets[i])-1]))
			return true
		}
	}
	return false
}
