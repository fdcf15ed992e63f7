package engine

import (
	"fmt"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
)

// While parts are written, no more than splitMemtables of the memtables may hold what is not
// flushed, of the eight at which Pebble stops all writes. Their bytes count, because those
// after a start are small. The writer waits for a flush for splitPatience at most: a disk that
// does not answer is not its concern.
const (
	splitMemtables = 3
	splitLook      = 20 // parts between two syncs of the log, and between two looks at the memtables
	splitPause     = 2 * time.Millisecond
	splitPatience  = 10 * time.Second
)

// mostOutline bounds an outline. A collection, whose outline has all its elements, may have a
// larger one: it is not split.
const mostOutline = 64 << 10

// splits reports whether an object of some bytes is to be split.
func (d *database) splits(o *object.Object, length int) bool {
	if d.opts.SplitBytes <= 0 || length < d.opts.SplitBytes {
		return false
	}
	outline := outlineOf(o)
	return outline.EncodedLen() <= mostOutline
}

// alone reports whether no other record of the batch may be on the key of the one at a place.
// Others read what it stored from memory.
func (t *txn) alone(at int) bool {
	hash := t.order[at].hash
	return (at == 0 || t.order[at-1].hash != hash) && (at+1 == len(t.order) || t.order[at+1].hash != hash)
}

// split writes the parts of an object, whose key is locked, and returns the record that is to
// be stored in its place.
func (t *txn) split(at partsPlace, o *object.Object, encoded []byte, digest object.Digest) ([]byte, error) {
	w := t.w
	r := splitRecord{id: partsID{start: uint64(w.epochs.first), number: w.splits.Add(1)}, length: len(encoded), digest: digest, each: w.db.opts.partBytes, place: at}
	b := w.db.pebble.NewBatchWithSize(r.each + hintHeader + partIDLen + batchHeader)
	defer func() { _ = b.Close() }() // gives back memory
	for i := range r.parts() {
		if i%splitLook == 0 {
			w.db.awaitFlushes()
			if err := w.db.health.Err(); err != nil { // the disk is full by now
				t.dropParts(&r)
				return nil, err
			}
		}
		t.idx = r.appendPart(t.idx[:0], i)
		if err := b.Set(t.idx, encoded[i*r.each:i*r.each+r.part(i)], nil); err != nil {
			return nil, err
		}
		w.db.space.Wrote(b.Len())
		sync := pebble.NoSync
		if i%splitLook == splitLook-1 { // else the log would hold in memory what the disk has not taken yet
			sync = pebble.Sync
		}
		if err := w.db.pebble.Apply(b, sync); err != nil {
			err = fmt.Errorf("%w: commit of a part: %w", ErrFatal, err)
			w.db.health.Fail(err)
			w.db.disk.Freeze()
			return nil, err
		}
		w.unsynced.Store(true)
		b.Reset()
	}
	outline := outlineOf(o)
	r.outline = outline.Append(nil)
	return r.append(nil), nil
}

// outlineOf returns an object without the data of its values.
func outlineOf(o *object.Object) object.Object {
	outline := *o
	outline.Siblings = slices.Clone(o.Siblings)
	for i := range outline.Siblings {
		outline.Siblings[i].Data = nil
	}
	return outline
}

// dropParts deletes the parts of an object, in the batch.
func (t *txn) dropParts(r *splitRecord) {
	var key []byte
	for i := range r.parts() {
		key = r.appendPart(key[:0], i)
		_ = t.batch.DeleteSized(key, uint32(r.part(i)), nil) // fails for indexed batches only
	}
}

// awaitFlushes waits until Pebble has few memtables to flush.
func (d *database) awaitFlushes() {
	for deadline := time.Now().Add(splitPatience); d.pebble.Metrics().MemTable.Size > splitMemtables*uint64(d.opts.MemtableBytes); {
		if time.Now().After(deadline) || d.health.LastingErr() != nil || d.guard.closed() {
			return
		}
		time.Sleep(splitPause)
	}
}

// readAll reads the parts, where only the outline of an object was found, or the cells, where only
// the head was. The key, whose place is given, is locked.
func (t *txn) readAll(f *storedObject, at cellsPlace) (err error) {
	var encoded []byte
	switch {
	case f.outlined():
		encoded, err = t.w.db.readWhole(t.w.db.pebble, &f.split, nil)
	case f.inCells():
		encoded, err = at.appendCollected(t.w.db, t.w.db.pebble, &f.spread, nil)
	default:
		return nil
	}
	if err != nil {
		return err
	}
	f.object, f.whole, f.owned = encoded, true, true
	return nil
}

// fill gives the siblings of o that come from the outline that was found their data back. It
// reads the parts if there are such siblings.
func (t *txn) fill(o *object.Object, old *storedObject) error {
	var stored object.Object
	for i := range o.Siblings {
		s := &o.Siblings[i]
		if len(s.Data) > 0 || s.Tombstone || s.Stripped || find(t.old.Siblings, s.Dot) == nil {
			continue
		}
		if stored.Siblings == nil {
			whole := *old
			if err := t.readAll(&whole, cellsPlace{}); err != nil { // it lies in parts
				return err
			}
			if err := stored.DecodeFrom(whole.object); err != nil {
				return t.w.db.corrupt("stored object", err)
			}
		}
		if from := find(stored.Siblings, s.Dot); from != nil {
			s.Data = from.Data
		}
	}
	return nil
}

// find returns the sibling of a dot, or nil.
func find(siblings []object.Sibling, dot causal.Dot) *object.Sibling {
	at := slices.IndexFunc(siblings, func(s object.Sibling) bool { return s.Dot == dot })
	if at < 0 {
		return nil
	}
	return &siblings[at]
}
