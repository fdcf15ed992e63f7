package engine

import (
	"bytes"
	"fmt"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/largebuf"
)

// Apply merges and edits the records' objects, each under its key's lock, and
// commits all in one batch. Records of one key take effect in their order. When
// it returns, the results are in the records and visible to readers; the Commit
// says when they are safe.
//
// The error is [ErrReadOnly], [ErrFatal] or [ErrClosed], and says that nothing
// was stored. A fault of one record is in its Err and leaves the others alone.
func (s *Store) Apply(recs []*Record) (Commit, error) { return s.apply(recs, syncAsConfigured) }

// ApplySynced applies records as Apply does. Its Commit waits until all of them are on
// the disk, in either durability mode: another node deletes its copy after that.
func (s *Store) ApplySynced(recs []*Record) (Commit, error) { return s.apply(recs, syncNow) }

func (s *Store) apply(recs []*Record, mode syncMode) (Commit, error) {
	if !s.db.guard.enter() {
		return Commit{}, ErrClosed
	}
	defer s.db.guard.leave()
	if err := s.db.health.Err(); err != nil {
		return Commit{}, err
	}
	t := s.writer.newTxn()
	defer t.release()
	for i, r := range recs {
		t.add(hashOf(r.Key), i)
	}
	t.lock()
	for at := range t.order {
		r := recs[t.order[at].index]
		r.Stored, r.Changed, r.Err = nil, false, nil
		switch {
		case int(r.Partition) >= s.db.opts.Partitions:
			r.Err = fmt.Errorf("partition %d of %d: out of range", r.Partition, s.db.opts.Partitions)
		case r.Hint != 0:
			r.Err = t.applyHint(recs, at)
		default:
			r.Err = t.applyObject(recs, at)
		}
		if r.Err != nil {
			r.Stored, r.Changed = nil, false
		}
	}
	s.writer.records.Add(int64(len(recs)))
	s.writer.batches.Add(1)
	return t.commit(mode)
}

// applyObject applies one record to the node's own copy.
func (t *txn) applyObject(recs []*Record, at int) error {
	if t.part.covers(at) {
		return t.part.apply(t, recs, at)
	}
	r, hash := recs[t.order[at].index], t.order[at].hash
	place := cellsPlace{partition: r.Partition, hash: hash, key: r.Key}
	var st indexState
	known := false
	var old storedObject
	if prev := t.earlier(recs, at); prev >= 0 {
		q := recs[t.order[prev].index]
		old = storedObject{object: q.Stored, digest: t.results[prev].digest, owned: true}
		if s := t.results[prev].split; s != nil {
			old.split, old.whole = *s, true
		}
		if s := t.results[prev].spread; s != nil {
			old.spread, old.whole = *s, true
		}
		st, known = t.results[prev].state, t.results[prev].known
	} else {
		var err error
		if old, err = t.findFor(r, at); err != nil {
			return err
		}
		defer old.close()
		if old.inCells() {
			if begun, err := t.part.begin(t, recs, at, &old); err != nil {
				return err
			} else if begun {
				return t.part.apply(t, recs, at)
			}
			if err := t.readAll(&old, place); err != nil {
				return err
			}
		}
	}
	v, err := t.nextVersion(r, &old)
	if err != nil {
		return err
	}
	if !v.changed {
		if old.fresh {
			t.w.objects.Put(r.Partition, hash, r.Key, old.object, old.digest)
		}
		if err := t.keep(r, old, v); err != nil {
			return err
		}
		t.results[at] = recordResult{set: true, known: known, state: st, digest: old.digest}
		if old.split.split() {
			left := old.split
			t.results[at].split = &left
		}
		if old.spread.spread() {
			left := old.spread
			left.head, left.limits = bytes.Clone(left.head), left.limits.clone()
			t.results[at].spread = &left
		}
		return nil
	}
	if t.batch.Len()+objectHeader+len(r.Key)+len(v.encoded) > maxBatch {
		return ErrTooBig
	}
	if old.object != nil && !known {
		if st, err = t.indexStateOf(&t.old, r.Partition, hash, r.Key); err != nil {
			return err
		}
	}
	t.w.stats.newest[r.Partition].see(v.object.Clock)
	next := indexStateOf(v.object.Lifetime())
	if next.Lifetime == st.Lifetime {
		next = st
	}
	if old.object == nil {
		t.w.existence.Add(r.Partition, hash)
	}
	digest, record, length := object.SeedOf(r.Key).DigestOf(&v.object, v.encoded), v.encoded, len(v.encoded)
	var spread *spreadRecord
	split := false
	switch {
	case next.place() != prefixObject:
	case t.w.db.spreads(&v.object, old.spread.spread()):
		s, err := place.spread(t, &v.object, digest, &old.spread)
		if err != nil {
			return err
		}
		spread, record, length = &s, s.append(nil), s.length()
	case t.w.db.splits(&v.object, len(v.encoded)) && t.alone(at):
		split = true
		if record, err = t.split(partsPlace{partition: r.Partition, hash: hash}, &v.object, v.encoded, digest); err != nil {
			return err
		}
	}
	if err := t.put(r.Partition, hash, r.Key, st, next, record); err != nil {
		return err
	}
	if old.split.split() {
		t.dropParts(&old.split)
	}
	if old.spread.spread() && spread == nil {
		if err := place.drop(t); err != nil {
			return err
		}
	}
	ch := changeOf(r.Partition, hash, st, next)
	ch.bytes, ch.digest = int64(length-old.length()), digest^old.digest
	if old.object == nil {
		ch.bytes += int64(len(r.Key))
	}
	t.stats = append(t.stats, ch)
	t.caches = append(t.caches, cacheUpdate{partition: r.Partition, hash: hash, key: r.Key, object: v.encoded, digest: digest, forget: split || spread != nil})
	t.results[at] = recordResult{set: true, known: true, state: next, digest: digest, spread: spread}
	r.Stored, r.Changed = v.encoded, true
	return nil
}

// findFor looks up the object of a record, or its outline where that is enough: the record does
// not look at values, and no other record follows it. Of a spread object it finds the head.
func (t *txn) findFor(r *Record, at int) (storedObject, error) {
	hash := t.order[at].hash
	f, err := t.findOutline(r.Partition, hash, r.Key)
	if err == nil && f.outlined() && !t.seesOutline(r, at) {
		err = t.readAll(&f, cellsPlace{})
	}
	return f, err
}

// seesOutline reports whether the outline of a large object is enough for a record.
func (t *txn) seesOutline(r *Record, at int) bool {
	return (r.Edit == nil || r.Blind) && t.alone(at)
}

// keep leaves the stored object as it is, and gives the record a copy of it.
func (t *txn) keep(r *Record, old storedObject, v version) error {
	t.foundSame = t.foundSame || old.object != nil
	if old.outlined() && v.same {
		r.Stored = r.Merge
		return nil
	}
	if err := t.readAll(&old, cellsPlace{}); err != nil { // the cells were read before
		return err
	}
	if r.Stored = old.object; !old.owned && old.object != nil {
		r.Stored = append(r.room(), old.object...)
	}
	return nil
}

// version is what a record makes of an object.
type version struct {
	changed bool
	same    bool          // what was to be merged is what is stored
	object  object.Object // may refer to memory that is valid only now
	encoded []byte        // owned, or Record.Merge
}

// nextVersion merges and edits. If something changed and there was an old object, t.old is
// that object, decoded, or its outline.
func (t *txn) nextVersion(r *Record, found *storedObject) (v version, err error) {
	merge, old := r.Merge, found.object
	if r.Delta {
		return t.mergeDelta(r, found)
	}
	if merge != nil && old != nil && found.equals(merge, r.Key) {
		merge = nil
	}
	if merge == nil && r.Edit == nil {
		return version{same: r.Merge != nil}, nil
	}
	if old != nil {
		if err := t.old.DecodeFrom(old); err != nil {
			return version{}, t.w.db.corrupt("stored object", err)
		}
		v.object = t.old
	}
	if merge != nil {
		before := v.object.Clock
		if merge, err = t.decodeMerge(merge); err != nil {
			return version{}, err
		}
		switch {
		case len(t.in.Clock) == 0: // all of it is cleared
		case old == nil:
			v = version{changed: true, object: t.in, encoded: merge}
		default:
			r.Misses = t.in.Sums.Misses(v.object.Sums)
			v = t.merge(v.object, merge)
		}
		if r.Hint != 0 {
			t.w.epochs.seeHint(before, t.in.Clock)
		} else {
			t.w.epochs.seeOwn(r.Partition, before, t.in.Clock)
		}
	}
	if r.Edit != nil {
		if v, err = t.edit(r, v, old); err != nil {
			return version{}, err
		}
	}
	if v.changed {
		if left, cleared := t.w.obeyed.filter(v.object); cleared {
			v = version{changed: len(left.Clock) > 0, object: left}
		}
	}
	return v, t.encode(r, &v, found)
}

// encode encodes a version that was made of the object that was found, if it is not encoded yet.
func (t *txn) encode(r *Record, v *version, found *storedObject) error {
	if !v.changed || v.encoded != nil {
		return nil
	}
	if found.outlined() {
		if err := t.fill(&v.object, found); err != nil {
			return err
		}
	}
	room := r.room()
	if n := v.object.EncodedLen(); n >= largebuf.Large {
		room = largebuf.Grow(room, n)
	}
	v.encoded = v.object.Append(room)
	return nil
}

// decodeMerge decodes an object that is to be merged, less what is cleared of it, into t.in. It
// returns the encoding of that.
func (t *txn) decodeMerge(encoded []byte) ([]byte, error) {
	if err := t.in.DecodeFrom(encoded); err != nil {
		return nil, fmt.Errorf("object to merge: %w", err)
	}
	if observe := t.w.db.opts.Observe; observe != nil {
		observe(t.in.Clock.Latest())
	}
	if left, cleared := t.w.obeyed.filter(t.in); cleared {
		t.in, encoded = left, left.Append(nil)
	}
	return encoded, nil
}

// merge merges the incoming object, encoded and decoded in t.in, into the old one. Where
// the incoming object wins, its bytes are kept as they are.
func (t *txn) merge(old object.Object, incoming []byte) version {
	merged, relation := object.Merge(old, t.in)
	switch relation {
	case object.SameAsA, object.SameAsBoth:
		return version{object: old}
	case object.SameAsB:
		return version{changed: true, object: t.in, encoded: incoming}
	}
	return version{changed: true, object: merged}
}

// edit lets the record's editor make the next version. old is the encoded stored object,
// nil if there is none.
func (t *txn) edit(r *Record, v version, old []byte) (version, error) {
	t.shown = v.object
	t.minter = Minter{epochs: t.w.epochs, record: r}
	if old != nil {
		t.minter.stored = &t.shown
	}
	next, write, err := r.Edit.Edit(&t.shown, &t.minter)
	t.minter = Minter{}
	if err != nil || !write {
		return v, err
	}
	return version{changed: true, object: next}, nil
}
