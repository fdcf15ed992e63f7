package engine

import (
	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine/objectcache"
)

// PartRead is what [Store.FindPart] finds of a key.
type PartRead struct {
	Encoded []byte        // the object, appended to what the caller gave
	Digest  object.Digest // of the whole object
	Found   bool
	Part    bool        // Encoded has some elements only
	Rest    object.Rest // of a part: the totals of the elements that Encoded does not have
}

// HeadAlone tells [Store.FindPart] that no element is wanted.
func HeadAlone() (object.Selection, bool) { return object.Selection{}, true }

// FindPart does what [Store.Find] does, but of a spread object whose elements are of the kind of
// those that are wanted, it appends these alone. Where none is wanted, that is the head. wanted is
// called for a spread object only; it returns false where all of it is to be read. The selection
// is the caller's.
func (s *Store) FindPart(p ring.Partition, key []byte, wanted func() (object.Selection, bool), dst []byte) (f PartRead, err error) {
	f.Encoded = dst
	if !s.db.guard.enter() {
		return f, ErrClosed
	}
	defer s.db.guard.leave()
	s.reads.Add(1)
	at := cellsPlace{partition: p, hash: hashOf(key), key: key}
	var known objectcache.Knowledge
	if f.Encoded, f.Digest, known = s.objects.Get(p, at.hash, key, dst); known != objectcache.Unknown {
		f.Found = known == objectcache.Present
		return f, nil
	}
	if !s.writer.existence.MayContain(p, at.hash) {
		return f, nil
	}
	if read, err := s.readPart(at, wanted, &f); read || err != nil {
		return f, err
	}
	f.Encoded, f.Digest, f.Found, err = s.findStored(p, at.hash, key, dst, wholeObject)
	return f, err
}

// readPart reads some elements of a spread object into f, or all of an object that is one record. It
// reports false, and leaves f as it is, if the caller must read the object in another way.
func (s *Store) readPart(at cellsPlace, wanted func() (object.Selection, bool), f *PartRead) (read bool, err error) {
	var from pebble.Reader = s.db.pebble
	mine := s.writer.stripes.tryLockKey(at.hash)
	if mine {
		defer s.writer.stripes.unlockKey(at.hash)
	} else {
		snapshot := s.db.pebble.NewSnapshot()
		defer snapshot.Close() //nolint:errcheck // gives back memory
		from = snapshot
	}
	dst := f.Encoded
	encoded, large, found, err := s.db.readPlace(from, prefixObject, at.partition, at.hash, at.key, dst)
	switch {
	case !found || err != nil:
		return false, err
	case !large.isLarge() && mine && int(at.partition) < s.db.opts.Partitions:
		f.Encoded, f.Found = encoded, true
		f.Digest = object.SeedOf(at.key).Digest(encoded[len(dst):])
		s.objects.Put(at.partition, at.hash, at.key, encoded[len(dst):], f.Digest)
		return true, nil
	case !large.spread.spread():
		return false, nil
	}
	selected, ok := wanted()
	if !ok || !selected.OfKind(large.spread.total.Kind) {
		return false, nil
	}
	if selected, err = at.drawn(s.db, from, selected); err != nil {
		return false, err
	}
	var o object.Object
	if err := large.spread.decode(&o); err != nil {
		return false, s.db.corrupt("stored object", err)
	}
	if err := at.readSelected(s.db, from, &large.spread, selected, &o); err != nil {
		return false, err
	}
	*f = PartRead{Encoded: o.Append(dst), Digest: large.spread.digest, Found: true, Part: true, Rest: o.Rest}
	return true, nil
}
