package engine

import (
	"bytes"
	"io"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine/objectcache"
)

// storedObject is the object that a record finds, valid until close.
type storedObject struct {
	object  []byte        // nil: there is none
	digest  object.Digest // 0 where there is none
	owned   bool          // nobody writes over the object
	fresh   bool          // the cache does not know it
	largeAt               // zero unless it lies in parts, or is spread
	whole   bool          // of an object that is large: the parts or cells were read, else object is the outline or head
	closer  io.Closer
}

func (f *storedObject) close() {
	if f.closer != nil {
		_ = f.closer.Close() // gives back memory
	}
}

// find looks up a key's object, whole. The key is locked.
func (t *txn) find(p ring.Partition, hash uint64, key []byte) (f storedObject, err error) {
	if f, err = t.findOutline(p, hash, key); err == nil {
		err = t.readAll(&f, cellsPlace{partition: p, hash: hash, key: key})
	}
	return f, err
}

// findOutline looks up a key's object, in the cache or in Pebble, unless the existence filter
// knows that there is none. Of one that lies in parts it finds the outline, and of one that is
// spread the head. The key is locked.
func (t *txn) findOutline(p ring.Partition, hash uint64, key []byte) (f storedObject, err error) {
	w := t.w
	var known objectcache.Knowledge
	t.value, f.digest, known = w.objects.Get(p, hash, key, t.value[:0])
	switch known {
	case objectcache.Absent:
		return f, nil
	case objectcache.Present:
		f.object = t.value
		return f, nil
	}
	if !w.existence.MayContain(p, hash) {
		return f, nil
	}
	if f.object, f.closer, err = t.get(prefixObject, p, hash, key); err != nil {
		return f, err
	}
	if f.object == nil && w.stats.mayBeDead(p) {
		if f.object, f.closer, err = t.get(prefixGrave, p, hash, key); err != nil {
			return f, err
		}
	}
	if err = w.db.parseLarge(&f, partsPlace{partition: p, hash: hash}); err != nil || f.isLarge() {
		return f, err
	}
	if f.object != nil {
		f.digest = object.SeedOf(key).Digest(f.object)
	} else {
		w.existence.FalsePositive()
	}
	f.fresh = true
	return f, nil
}

// get reads an object from one of the two places, nil if it is not there. It is valid
// until the closer is closed, if there is one.
func (t *txn) get(prefix byte, p ring.Partition, hash uint64, key []byte) ([]byte, io.Closer, error) {
	t.key = appendPlace(t.key[:0], prefix, p, hash, key)
	return t.w.db.get(t.key)
}

// parseLarge takes the record of an object that lies in parts, or is spread, where f.object is
// one: it becomes the outline or the head. place need be told only to whoever reads the parts.
func (d *database) parseLarge(f *storedObject, place partsPlace) (err error) {
	switch {
	case isSplit(f.object):
		f.split, err = d.parseSplit(place, f.object)
		f.object, f.digest = f.split.outline, f.split.digest
	case isSpread(f.object):
		f.spread, err = d.parseSpread(f.object)
		f.object, f.digest = f.spread.head, f.spread.digest
	}
	return err
}

// outlined reports whether what was found is the outline of a split object.
func (f *storedObject) outlined() bool { return f.split.split() && !f.whole }

// inCells reports whether what was found is the head of a spread object.
func (f *storedObject) inCells() bool { return f.spread.spread() && !f.whole }

// length returns the length of the object that was found, encoded.
func (f *storedObject) length() int {
	switch {
	case f.split.split():
		return f.split.length
	case f.spread.spread():
		return f.spread.length()
	}
	return len(f.object)
}

// equals reports whether an encoded object is the one that was found.
func (f *storedObject) equals(encoded, key []byte) bool {
	if f.outlined() {
		return len(encoded) == f.split.length && object.SeedOf(key).Digest(encoded) == f.digest
	}
	return bytes.Equal(encoded, f.object)
}
