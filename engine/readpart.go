package engine

import (
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine/objectcache"
)

// FindPart does what [Store.Find] does, but of a spread object whose elements are of the kind of
// the names, it appends the elements of those names alone. Then it returns true for part, and the
// digest is that of the whole. names is called for a spread object only; it returns false where
// all of it is to be read.
func (s *Store) FindPart(p ring.Partition, key []byte, names func() ([]object.Name, bool), dst []byte) (encoded []byte, digest object.Digest, found, part bool, err error) {
	if !s.db.guard.enter() {
		return dst, 0, false, false, ErrClosed
	}
	defer s.db.guard.leave()
	hash := hashOf(key)
	if _, known := s.objects.Digest(p, hash, key); known != objectcache.Unknown || !s.writer.existence.MayContain(p, hash) {
		encoded, digest, found, err = s.Find(p, key, dst)
		return encoded, digest, found, false, err
	}
	encoded, digest, part, err = s.readPart(cellsPlace{partition: p, hash: hash, key: key}, names, dst)
	if part || err != nil {
		s.reads.Add(1)
		return encoded, digest, err == nil, part, err
	}
	encoded, digest, found, err = s.Find(p, key, dst)
	return encoded, digest, found, false, err
}

// readPart reads some elements of a spread object. It reports false if there is none.
func (s *Store) readPart(at cellsPlace, wanted func() ([]object.Name, bool), dst []byte) (encoded []byte, digest object.Digest, part bool, err error) {
	var from pebble.Reader = s.db.pebble
	if s.writer.stripes.tryLockKey(at.hash) {
		defer s.writer.stripes.unlockKey(at.hash)
	} else {
		snapshot := s.db.pebble.NewSnapshot()
		defer snapshot.Close() //nolint:errcheck // gives back memory
		from = snapshot
	}
	_, large, found, err := s.db.readPlace(from, prefixObject, at.partition, at.hash, at.key, nil)
	if !found || err != nil || !large.spread.spread() {
		return dst, 0, false, err
	}
	names, ok := wanted()
	if !ok || slices.ContainsFunc(names, func(n object.Name) bool { return n.Kind != large.spread.total.Kind }) {
		return dst, 0, false, nil
	}
	slices.SortFunc(names, object.Name.Compare)
	var o object.Object
	if err := large.spread.decode(&o); err != nil {
		return dst, 0, false, s.db.corrupt("stored object", err)
	}
	for i, n := range names {
		if i > 0 && n.Compare(names[i-1]) == 0 {
			continue // named twice
		}
		if o.Elements, err = at.read(s.db, from, n, o.Elements); err != nil {
			return dst, 0, false, err
		}
	}
	return o.Append(dst), large.spread.digest, true, nil
}
