package objectcache

import (
	"sync"
	"sync/atomic"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// Cache holds current objects, and keys that are known to have none. It is safe for
// concurrent use, under the rules of the package.
type Cache struct {
	shards []shard // a power of two, or none: nothing is cached
	limit  int     // bytes of one generation
	terms  []atomic.Uint32
}

type shard struct {
	sync.Mutex
	young, old   generation
	hits, misses int64
	_            [16]byte
}

const (
	mostShards      = 256
	leastGeneration = 32 << 10
)

// New returns a cache of this many bytes. With 0 bytes it never knows anything.
func New(bytes int64, partitions int) Cache {
	c := Cache{terms: make([]atomic.Uint32, partitions)}
	if bytes <= 0 {
		return c
	}
	shards := mostShards
	for shards > 1 && bytes/int64(2*shards) < leastGeneration {
		shards /= 2
	}
	c.shards = make([]shard, shards)
	c.limit = int(min(bytes/int64(2*shards), 1<<31)) &^ (bucketLen - 1) // offsets are of 32 bits
	young, old := &slab{part: c.limit, parts: shards}, &slab{part: c.limit, parts: shards}
	for i := range c.shards {
		c.shards[i].young, c.shards[i].old = generation{slab: young, place: i}, generation{slab: old, place: i}
	}
	return c
}

func (c *Cache) shardOf(hash uint64) *shard {
	// The stripe is the hash's upper end; the table in a generation takes its
	// lower.
	return &c.shards[int(hash>>40)&(len(c.shards)-1)]
}

func (c *Cache) address(p ring.Partition, hash uint64, key []byte) address {
	return address{partition: p, term: c.terms[p].Load(), hash: hash, key: key}
}

// Knowledge is what the cache knows of a key.
type Knowledge uint8

// What may be known.
const (
	Unknown Knowledge = iota
	Absent            // there is no object
	Present           // there is one
)

// Get appends a key's object to dst if it is known.
func (c *Cache) Get(p ring.Partition, hash uint64, key, dst []byte) ([]byte, object.Digest, Knowledge) {
	if len(c.shards) == 0 || int(p) >= len(c.terms) {
		return dst, 0, Unknown
	}
	e := cached{address: c.address(p, hash, key)}
	s := c.shardOf(hash)
	s.Lock()
	defer s.Unlock()
	inOld, known := s.find(&e)
	if known == Unknown {
		return dst, 0, Unknown
	}
	have := len(dst)
	dst = append(dst, e.object...)
	if inOld {
		e.object = dst[have:] // adding may empty the generation that holds it
		s.add(&e, c.limit)
	}
	return dst, e.digest, known
}

// Digest returns the digest of a key's object. Unlike Get, it does not keep the key in
// the cache.
func (c *Cache) Digest(p ring.Partition, hash uint64, key []byte) (object.Digest, Knowledge) {
	if len(c.shards) == 0 || int(p) >= len(c.terms) {
		return 0, Unknown
	}
	e := cached{address: c.address(p, hash, key)}
	s := c.shardOf(hash)
	s.Lock()
	defer s.Unlock()
	_, known := s.find(&e)
	return e.digest, known
}

// find sets what is known of e's address. The object aliases the shard.
func (s *shard) find(e *cached) (inOld bool, known Knowledge) {
	g, offset := &s.young, s.young.find(&e.address)
	if offset < 0 {
		g, offset, inOld = &s.old, s.old.find(&e.address), true
	}
	if offset < 0 {
		s.misses++
		return false, Unknown
	}
	s.hits++
	if e.exists, e.digest, e.object = g.at(offset); e.exists {
		return inOld, Present
	}
	return inOld, Absent
}

// Put stores what a key's object is now, nil for none. The caller holds the key's
// stripe.
func (c *Cache) Put(p ring.Partition, hash uint64, key, encoded []byte, digest object.Digest) {
	if len(c.shards) == 0 {
		return
	}
	e := cached{address: c.address(p, hash, key), digest: digest, exists: encoded != nil, object: encoded}
	s := c.shardOf(hash)
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

// Forget drops what is known of a key. The caller holds its stripe.
func (c *Cache) Forget(p ring.Partition, hash uint64, key []byte) {
	if len(c.shards) == 0 {
		return
	}
	at := c.address(p, hash, key)
	s := c.shardOf(hash)
	s.Lock()
	defer s.Unlock()
	s.forget(&at)
}

func (s *shard) forget(at *address) {
	for _, g := range []*generation{&s.young, &s.old} {
		if offset := g.find(at); offset >= 0 {
			g.forget(offset)
		}
	}
}

// add stores an entry that the young generation does not have.
func (s *shard) add(c *cached, limit int) {
	if s.young.add(c, limit) {
		return
	}
	s.young, s.old = s.old, s.young
	s.young.empty()
	s.young.add(c, limit)
}

// ForgetPartition drops what is known of a partition's keys. The caller holds all
// stripes.
func (c *Cache) ForgetPartition(p ring.Partition) { c.terms[p].Add(1) }

// Stats returns the hits and misses so far, and the memory in use.
func (c *Cache) Stats() (hits, misses, bytes int64) {
	for i := range c.shards {
		s := &c.shards[i]
		s.Lock()
		hits, misses = hits+s.hits, misses+s.misses
		bytes += s.young.bytes() + s.old.bytes()
		s.Unlock()
	}
	return hits, misses, bytes
}
