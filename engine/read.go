package engine

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine/objectcache"
)

// Get appends a key's encoded object to dst. If there is none, found is false and dst is
// returned as it was. The object may be a tombstone, or expired.
func (s *Store) Get(p ring.Partition, key, dst []byte) (encoded []byte, found bool, err error) {
	encoded, _, found, err = s.Find(p, key, dst)
	return encoded, found, err
}

// Find does what Get does, and returns the object's digest as well.
func (s *Store) Find(p ring.Partition, key, dst []byte) (encoded []byte, digest object.Digest, found bool, err error) {
	if !s.db.guard.enter() {
		return dst, 0, false, ErrClosed
	}
	defer s.db.guard.leave()
	s.reads.Add(1)
	hash := hashOf(key)
	dst, digest, known := s.objects.Get(p, hash, key, dst)
	if known != objectcache.Unknown {
		return dst, digest, known == objectcache.Present, nil
	}
	return s.findStored(p, hash, key, dst, wholeObject)
}

// prefetched is how many keys are prefetched at once. Together they fit into the processor's
// first cache.
const prefetched = 64

// Prefetch prepares for Find or Digest of n keys, where all are looked up at once: the
// processor loads what is in memory of them while it goes on.
func (s *Store) Prefetch(n int, key func(i int) []byte) {
	var hashes [prefetched]uint64
	n = min(n, prefetched)
	for i := range n {
		hashes[i] = hashOf(key(i))
	}
	s.objects.Prefetch(hashes[:n])
}

// Digest returns the digest of a key's object.
func (s *Store) Digest(p ring.Partition, key []byte) (digest object.Digest, found bool, err error) {
	if !s.db.guard.enter() {
		return 0, false, ErrClosed
	}
	defer s.db.guard.leave()
	s.reads.Add(1)
	hash := hashOf(key)
	digest, known := s.objects.Digest(p, hash, key)
	if known != objectcache.Unknown {
		return digest, known == objectcache.Present, nil
	}
	buffer := bufferPool.Get().(*[]byte)
	defer bufferPool.Put(buffer)
	*buffer, digest, found, err = s.findStored(p, hash, key, (*buffer)[:0], digestAlone)
	if cap(*buffer) > maxKeptBytes {
		*buffer = nil
	}
	return digest, found, err
}

// wanted says what is read of an object that lies in parts. Its digest is in its record.
type wanted uint8

const (
	wholeObject wanted = iota
	digestAlone
)

// findStored reads what the cache does not know, and caches it if it can. What the existence
// filter knows to be absent is not worth a place in the cache.
func (s *Store) findStored(p ring.Partition, hash uint64, key, dst []byte, what wanted) (encoded []byte, digest object.Digest, found bool, err error) {
	if !s.writer.existence.MayContain(p, hash) {
		return dst, 0, false, nil
	}
	// Only what is read under the stripe may be cached. If a writer has the stripe,
	// nobody waits for it: it caches what it writes.
	mine := s.writer.stripes.tryLockKey(hash)
	defer func() {
		if mine {
			s.writer.stripes.unlockKey(hash)
		}
	}()
	have := len(dst)
	var large largeAt
	if mine {
		dst, large, found, err = s.readLocked(p, hash, key, dst, what)
	}
	if what == wholeObject && large.spread.spread() {
		s.writer.stripes.unlockKey(hash) // writers do not wait until all elements are read
		mine = false
	}
	if !mine {
		dst, large, found, err = s.db.readUnlocked(p, hash, key, dst, what)
	}
	if found && large.isLarge() {
		return dst, large.digest(), true, nil // too large for the cache
	}
	if found {
		digest = object.SeedOf(key).Digest(dst[have:])
	} else if err == nil {
		s.writer.existence.FalsePositive()
	}
	if err != nil || int(p) >= s.db.opts.Partitions {
		return dst, digest, found, err
	}
	if !mine {
		// The writer's version is on the disk before it is in the cache, and the cache may
		// have the one before that by now. The next reader gets that one, so this one does.
		if other, known, state := s.objects.Get(p, hash, key, dst[:have]); state != objectcache.Unknown {
			return other, known, state == objectcache.Present, nil
		}
		return dst, digest, found, nil
	}
	encoded = dst[have:]
	if !found {
		encoded = nil
	}
	s.objects.Put(p, hash, key, encoded, digest)
	return dst, digest, found, nil
}

// largeAt is what lies in the place of an object that lies in parts, or is spread.
type largeAt struct {
	split  splitRecord
	spread spreadRecord
}

// isLarge reports whether there is such a record.
func (r *largeAt) isLarge() bool { return r.split.split() || r.spread.spread() }

// digest returns the digest of the object.
func (r *largeAt) digest() object.Digest {
	if r.spread.spread() {
		return r.spread.digest
	}
	return r.split.digest
}

// readLocked does what Get does, without the cache. The caller has the key's stripe. It also
// returns the record of a large object. One that is spread it does not read.
func (s *Store) readLocked(p ring.Partition, hash uint64, key, dst []byte, what wanted) (encoded []byte, large largeAt, found bool, err error) {
	dst, large, found, err = s.db.readPlace(s.db.pebble, prefixObject, p, hash, key, dst)
	if !found && err == nil && s.stats.mayBeDead(p) {
		dst, large, found, err = s.db.readPlace(s.db.pebble, prefixGrave, p, hash, key, dst)
	}
	if large.split.split() && what == wholeObject {
		dst, err = s.db.readWhole(s.db.pebble, &large.split, dst)
	}
	return dst, large, found, err
}

// readUnlocked does what readLocked does while others may write the key. If the object is
// not where those with a value are, it may be moving, if its parts are gone, it was
// replaced, and if it is spread, its cells may change: then one moment is read.
func (d *database) readUnlocked(p ring.Partition, hash uint64, key, dst []byte, what wanted) (encoded []byte, large largeAt, found bool, err error) {
	dst, large, found, err = d.readPlace(d.pebble, prefixObject, p, hash, key, dst)
	if what == wholeObject {
		if large.split.split() {
			dst, err = d.readParts(d.pebble, &large.split, dst)
			found = !errors.Is(err, errPartsGone)
		}
		found = found && !large.spread.spread()
	}
	if found || err != nil && !errors.Is(err, errPartsGone) {
		return dst, large, found, err
	}
	snapshot := d.pebble.NewSnapshot()
	defer snapshot.Close() //nolint:errcheck // gives back memory
	for _, prefix := range [...]byte{prefixObject, prefixGrave} {
		if dst, large, found, err = d.readPlace(snapshot, prefix, p, hash, key, dst); found || err != nil {
			break
		}
	}
	if found && what == wholeObject {
		dst, err = d.readLarge(snapshot, cellsPlace{partition: p, hash: hash, key: key}, &large, dst)
	}
	return dst, large, found, err
}

// readLarge appends an object to dst that lies in parts, or is spread, for whoever has the key's
// stripe, or a snapshot.
func (d *database) readLarge(from pebble.Reader, at cellsPlace, large *largeAt, dst []byte) ([]byte, error) {
	switch {
	case large.split.split():
		return d.readWhole(from, &large.split, dst)
	case large.spread.spread():
		return at.appendCollected(d, from, &large.spread, dst)
	}
	return dst, nil
}

// readPlace appends the object to dst that one of the two places has for a key. Of a large one it
// returns the record instead, without an outline.
func (d *database) readPlace(from pebble.Reader, prefix byte, p ring.Partition, hash uint64, key, dst []byte) (encoded []byte, large largeAt, found bool, err error) {
	at := bufferPool.Get().(*[]byte)
	defer bufferPool.Put(at)
	*at = appendPlace((*at)[:0], prefix, p, hash, key)
	v, c, err := from.Get(*at)
	if errors.Is(err, pebble.ErrNotFound) {
		return dst, large, false, nil
	}
	if err != nil {
		return dst, large, false, d.readError("read object", err)
	}
	switch {
	case isSplit(v):
		large.split, err = d.parseSplit(partsPlace{partition: p, hash: hash}, v)
		large.split.outline = nil
	case isSpread(v):
		large.spread, err = d.parseSpread(bytes.Clone(v))
	default:
		dst = append(dst, v...)
	}
	return dst, large, err == nil, cmp.Or(err, c.Close())
}

// bufferPool holds buffers for keys that are looked up, and for objects that are found.
var bufferPool = sync.Pool{New: func() any { return new([]byte) }}

// Entry is one stored object.
type Entry struct {
	Hash   uint32
	Key    []byte
	Object []byte // encoded
	Owned  bool   // Object is the consumer's own memory: it was large
}

// Scan yields a partition's objects from a hash on, by (hash, key). An entry is valid
// until the next one, but for an object that is Owned. The scan is no snapshot: it does not see what is written behind it,
// and sees what is written ahead of it. No iterator is open while the consumer works, so
// the consumer may be slow.
func (s *Store) Scan(p ring.Partition, fromHash uint32) iter.Seq2[Entry, error] {
	lower, upper := scanBounds(p, fromHash)
	return s.entries(s.db.objectChunks(s.db.pebble, lower, upper), wholeObject)
}

// ScanValued does what Scan does, for the objects that have a value. It costs nothing for
// dead ones. The values of an object may have expired a short while ago. Those of a large
// object are not read: they are empty. Of a collection that is spread one element is read.
func (s *Store) ScanValued(p ring.Partition, fromHash uint32) iter.Seq2[Entry, error] {
	lower, upper := scanBounds(p, fromHash)
	return s.entries(s.db.chunks(s.db.pebble, lower, upper), digestAlone)
}

// scanBounds returns the range of the objects with a value of a partition from a hash on.
func scanBounds(p ring.Partition, fromHash uint32) (lower, upper []byte) {
	lower, upper = partitionBounds(prefixObject, p)
	return binary.BigEndian.AppendUint32(lower, fromHash), upper
}

// entries yields the objects of chunks.
func (s *Store) entries(chunks iter.Seq2[chunkEntry, error], what wanted) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for e, err := range chunks {
			if err != nil {
				yield(Entry{}, err)
				return
			}
			p, hash, key, ok := splitObjectKey(e.key)
			if !ok {
				yield(Entry{}, s.db.corrupt("key", fmt.Errorf("%x", e.key)))
				return
			}
			large := isSplit(e.value) || isSpread(e.value)
			if large {
				found := true
				if e.value, found, err = s.largeEntry(p, key, e.value, what); err != nil {
					yield(Entry{}, err)
					return
				}
				if !found {
					continue // removed meanwhile
				}
			}
			if !yield(Entry{Hash: hash, Key: key, Object: e.value, Owned: large && what == wholeObject}, nil) {
				return
			}
		}
	}
}

// largeEntry returns the object of an entry that lies in parts, or is spread: as it is now, or its
// outline, or with one of its elements.
func (s *Store) largeEntry(p ring.Partition, key, record []byte, what wanted) (encoded []byte, found bool, err error) {
	if what == wholeObject {
		return s.Get(p, key, nil)
	}
	if isSplit(record) {
		r, err := s.db.parseSplit(partsPlace{}, record) // for its outline
		return r.outline, err == nil, err
	}
	return s.db.sample(p, key)
}

// sample returns a spread object with one of its elements, or the object that is in its place now.
func (d *database) sample(p ring.Partition, key []byte) (encoded []byte, found bool, err error) {
	hash := hashOf(key)
	snapshot := d.pebble.NewSnapshot()
	defer snapshot.Close() //nolint:errcheck // gives back memory
	encoded, large, found, err := d.readPlace(snapshot, prefixObject, p, hash, key, nil)
	switch {
	case !found || err != nil:
	case large.spread.spread():
		encoded, err = cellsPlace{partition: p, hash: hash, key: key}.sample(d, snapshot, &large.spread)
	case large.split.split():
		return nil, false, nil // it is being replaced all the time: another scan finds it
	}
	return encoded, found, err
}
