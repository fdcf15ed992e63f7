package engine

import (
	"fmt"
	"iter"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine/objectcache"
)

// Get appends a key's encoded object to dst. found is false, and dst as it was,
// if there is none. The object may be a tombstone, or expired.
func (s *Store) Get(p ring.Partition, key, dst []byte) (encoded []byte, found bool, err error) {
	encoded, _, found, err = s.Find(p, key, dst)
	return encoded, found, err
}

// Find is Get for those who want the object's digest as well.
func (s *Store) Find(p ring.Partition, key, dst []byte) (encoded []byte, digest object.Digest, found bool, err error) {
	if !s.guard.enter() {
		return dst, 0, false, ErrClosed
	}
	defer s.guard.leave()
	s.counters.reads.Add(1)
	hash := hashOf(key)
	dst, digest, known := s.objects.Get(p, hash, key, dst)
	if known != objectcache.Unknown {
		return dst, digest, known == objectcache.Present, nil
	}
	return s.findStored(p, hash, key, dst)
}

// Digest returns the digest of a key's object.
func (s *Store) Digest(p ring.Partition, key []byte) (digest object.Digest, found bool, err error) {
	if !s.guard.enter() {
		return 0, false, ErrClosed
	}
	defer s.guard.leave()
	s.counters.reads.Add(1)
	hash := hashOf(key)
	digest, known := s.objects.Digest(p, hash, key)
	if known != objectcache.Unknown {
		return digest, known == objectcache.Present, nil
	}
	buffer := bufferPool.Get().(*[]byte)
	defer bufferPool.Put(buffer)
	*buffer, digest, found, err = s.findStored(p, hash, key, (*buffer)[:0])
	if cap(*buffer) > maxKeptBytes {
		*buffer = nil
	}
	return digest, found, err
}

// findStored reads what the cache does not know, and tells it.
func (s *Store) findStored(p ring.Partition, hash uint64, key, dst []byte) (encoded []byte, digest object.Digest, found bool, err error) {
	// What is read under the stripe may be cached. A writer that has it has better
	// things to do than to be waited for, and caches what it writes.
	stripe := &s.stripes[leafOf(hash)]
	mine := stripe.TryLock()
	if mine {
		defer stripe.Unlock()
	}
	have := len(dst)
	dst, found, err = s.read(p, hash, key, dst)
	if found {
		digest = object.DigestOf(key, dst[have:])
	}
	if err != nil || !mine || int(p) >= s.opts.Partitions {
		return dst, digest, found, err
	}
	encoded = dst[have:]
	if !found {
		encoded = nil
	}
	s.objects.Put(p, hash, key, encoded, digest)
	return dst, digest, found, nil
}

// read is Get from Pebble.
func (s *Store) read(p ring.Partition, hash uint64, key, dst []byte) (encoded []byte, found bool, err error) {
	at := bufferPool.Get().(*[]byte)
	defer bufferPool.Put(at)
	*at = appendObjectKey((*at)[:0], p, hash, key)
	v, c, err := s.get(*at)
	if c == nil {
		return dst, false, err
	}
	dst = append(dst, v...)
	return dst, true, c.Close()
}

// bufferPool holds buffers for keys that are looked up, and for what is found.
var bufferPool = sync.Pool{New: func() any { return new([]byte) }}

// Entry is one stored object.
type Entry struct {
	Hash   uint32
	Key    []byte
	Object []byte // encoded
}

// Scan yields a partition's objects from a hash on, by (hash, key). An entry is
// valid until the next one. It is no snapshot: what is written behind it is not
// seen, what is written ahead of it is. No iterator is open while the consumer
// works, who may take his time.
func (s *Store) Scan(p ring.Partition, fromHash uint32) iter.Seq2[Entry, error] {
	lower, upper := partitionBounds(prefixObject, p)
	lower = append(lower, byte(fromHash>>24), byte(fromHash>>16), byte(fromHash>>8), byte(fromHash))
	return s.entries(lower, upper)
}

// LeafEntries is Scan for one Merkle leaf.
func (s *Store) LeafEntries(p ring.Partition, leaf int) iter.Seq2[Entry, error] {
	if leaf < 0 || leaf >= Leaves {
		return func(func(Entry, error) bool) {}
	}
	return s.entries(leafBounds(p, leaf, leaf+1))
}

func (s *Store) entries(lower, upper []byte) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for e, err := range s.chunks(s.db, lower, upper) {
			if err != nil {
				yield(Entry{}, err)
				return
			}
			_, hash, key, ok := splitObjectKey(e.key)
			if !ok {
				yield(Entry{}, s.corrupt("key", fmt.Errorf("%x", e.key)))
				return
			}
			if !yield(Entry{Hash: hash, Key: key, Object: e.value}, nil) {
				return
			}
		}
	}
}

// A chunk is read with an iterator open and consumed without. The first is
// small, for many a consumer wants a few entries only.
const (
	chunkFirst   = 16
	chunkEntries = 512
	chunkBytes   = 1 << 20
)

type chunkEntry struct{ key, value []byte }

// chunks yields the entries of a range, each valid until the next. Bounds must
// not change.
func (s *Store) chunks(r pebble.Reader, lower, upper []byte) iter.Seq2[chunkEntry, error] {
	return func(yield func(chunkEntry, error) bool) {
		c := chunk{limit: chunkFirst}
		from := lower
		for {
			more, err := s.fill(&c, r, from, upper)
			if err != nil {
				yield(chunkEntry{}, err)
				return
			}
			at := 0
			for _, n := range c.lens {
				e := chunkEntry{key: c.data[at : at+n.key], value: c.data[at+n.key : at+n.key+n.value]}
				at += n.key + n.value
				if !yield(e, nil) {
					return
				}
			}
			if !more {
				return
			}
			last := c.lens[len(c.lens)-1]
			from = append(append(from[:0:0], c.data[len(c.data)-last.key-last.value:len(c.data)-last.value]...), 0)
			c.limit = min(2*c.limit, chunkEntries)
		}
	}
}

type chunk struct {
	data  []byte
	lens  []struct{ key, value int }
	limit int
}

// fill reads the next entries; more says that there may be others behind them.
func (s *Store) fill(c *chunk, r pebble.Reader, lower, upper []byte) (more bool, err error) {
	if !s.guard.enter() {
		return false, ErrClosed
	}
	defer s.guard.leave()
	c.data, c.lens = c.data[:0], c.lens[:0]
	it, err := r.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return false, s.readError("iterate", err)
	}
	ok := it.First()
	for ; ok && len(c.lens) < c.limit && len(c.data) < chunkBytes; ok = it.Next() {
		v, verr := it.ValueAndErr()
		if verr != nil {
			err = verr
			break
		}
		c.data = append(append(c.data, it.Key()...), v...)
		c.lens = append(c.lens, struct{ key, value int }{len(it.Key()), len(v)})
	}
	if cerr := it.Close(); err == nil {
		err = cerr
	}
	return ok && err == nil, s.readError("iterate", err)
}
