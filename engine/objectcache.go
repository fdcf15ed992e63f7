package engine

import (
	"sync"
	"sync/atomic"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// objectCache remembers current objects, and keys that are known to have none,
// so that the read before a write and the read of a hot key need not search the
// memtables, which costs more than all the rest of either.
//
// **Invariant**: what it says of a key is what the store holds. Entries are
// written by the holder of the key's stripe only: after the commit that changed
// the object, or with what was read under the same lock. So a reader, who holds
// no lock, sees what was committed before its read began. Dropping a partition
// starts a new term of it, and no entry of an older term is believed.
//
// Memory is bounded in bytes. Each shard has two generations: entries go to the
// young one; when that is full it becomes the old one, and what is met there
// moves to the young again. What was not met in a whole generation goes with it.
// Objects larger than an eighth of a generation are not kept.
//
// Hints are not cached: they are read when a node is down, and then rarely.
type objectCache struct {
	shards []objectShard // a power of two, or none: nothing is cached
	limit  int           // bytes of one generation
	terms  []atomic.Uint32
}

type objectShard struct {
	sync.Mutex
	young, old   generation
	hits, misses int64
	_            [16]byte
}

const (
	mostShards      = 256
	leastGeneration = 32 << 10
)

// newObjectCache makes a cache of so many bytes; if there are none, one that
// never knows anything.
func newObjectCache(bytes int64, partitions int) objectCache {
	c := objectCache{terms: make([]atomic.Uint32, partitions)}
	if bytes <= 0 {
		return c
	}
	shards := mostShards
	for shards > 1 && bytes/int64(2*shards) < leastGeneration {
		shards /= 2
	}
	c.shards = make([]objectShard, shards)
	c.limit = int(min(bytes/int64(2*shards), 1<<31)) // offsets are of 32 bits
	return c
}

func (c *objectCache) shard(hash uint64) *objectShard {
	// The stripe is the hash's upper end; the table in a generation takes its
	// lower.
	return &c.shards[int(hash>>40)&(len(c.shards)-1)]
}

func (c *objectCache) address(p ring.Partition, hash uint64, key []byte) address {
	return address{partition: p, term: c.terms[p].Load(), hash: hash, key: key}
}

// knowledge is what the cache has of a key.
type knowledge uint8

const (
	unknown knowledge = iota
	knownAbsent
	knownObject
)

// get appends a key's object to dst, if it is known.
func (c *objectCache) get(p ring.Partition, hash uint64, key, dst []byte) ([]byte, object.Digest, knowledge) {
	if len(c.shards) == 0 || int(p) >= len(c.terms) {
		return dst, 0, unknown
	}
	e := cached{address: c.address(p, hash, key)}
	s := c.shard(hash)
	s.Lock()
	defer s.Unlock()
	inOld, known := s.find(&e)
	if known == unknown {
		return dst, 0, unknown
	}
	have := len(dst)
	dst = append(dst, e.object...)
	if inOld {
		e.object = dst[have:] // adding may empty what it lies in
		s.add(&e, c.limit)
	}
	return dst, e.digest, known
}

// digest is get without the object. It does not count as meeting the key.
func (c *objectCache) digest(p ring.Partition, hash uint64, key []byte) (object.Digest, knowledge) {
	if len(c.shards) == 0 || int(p) >= len(c.terms) {
		return 0, unknown
	}
	e := cached{address: c.address(p, hash, key)}
	s := c.shard(hash)
	s.Lock()
	defer s.Unlock()
	_, known := s.find(&e)
	return e.digest, known
}

// find fills in what is known of e's address; the object aliases the shard.
func (s *objectShard) find(e *cached) (inOld bool, known knowledge) {
	g, offset := &s.young, s.young.find(&e.address)
	if offset < 0 {
		g, offset, inOld = &s.old, s.old.find(&e.address), true
	}
	if offset < 0 {
		s.misses++
		return false, unknown
	}
	s.hits++
	if e.exists, e.digest, e.object = g.at(offset); e.exists {
		return inOld, knownObject
	}
	return inOld, knownAbsent
}

// put says what a key's object is now, nil for none. The key's stripe is held.
func (c *objectCache) put(p ring.Partition, hash uint64, key, encoded []byte, digest object.Digest) {
	if len(c.shards) == 0 {
		return
	}
	e := cached{address: c.address(p, hash, key), digest: digest, exists: encoded != nil, object: encoded}
	s := c.shard(hash)
	s.Lock()
	defer s.Unlock()
	offset := s.young.find(&e.address)
	if offset >= 0 && s.young.overwrite(offset, &e) {
		return
	}
	s.forget(&e.address)
	if e.size() <= c.limit/8 {
		s.add(&e, c.limit)
	}
}

// forget says that nothing is known of a key. Its stripe is held.
func (c *objectCache) forget(p ring.Partition, hash uint64, key []byte) {
	if len(c.shards) == 0 {
		return
	}
	at := c.address(p, hash, key)
	s := c.shard(hash)
	s.Lock()
	defer s.Unlock()
	s.forget(&at)
}

func (s *objectShard) forget(at *address) {
	for _, g := range []*generation{&s.young, &s.old} {
		if offset := g.find(at); offset >= 0 {
			g.forget(offset)
		}
	}
}

// add puts an entry that the young generation does not have there.
func (s *objectShard) add(c *cached, limit int) {
	if s.young.add(c, limit) {
		return
	}
	s.young, s.old = s.old, s.young
	s.young.empty()
	s.young.add(c, limit)
}

// forgetPartition says that nothing is known of a partition's keys. All stripes
// are held.
func (c *objectCache) forgetPartition(p ring.Partition) { c.terms[p].Add(1) }

// stats adds up what the shards count, and the memory that they hold.
func (c *objectCache) stats() (hits, misses, bytes int64) {
	for i := range c.shards {
		s := &c.shards[i]
		s.Lock()
		hits, misses = hits+s.hits, misses+s.misses
		bytes += s.young.bytes() + s.old.bytes()
		s.Unlock()
	}
	return hits, misses, bytes
}
