package engine

import (
	"github.com/quorate/quorate/cluster/core/object"

	"bytes"
	"encoding/binary"
	"fmt"
)

// Apply merges and edits the records' objects, each under its key's lock, and
// commits all in one batch. Records of one key take effect in their order. When
// it returns, the results are in the records and visible to readers; the Commit
// says when they are safe.
//
// The error is [ErrReadOnly], [ErrFatal] or [ErrClosed], and says that nothing
// was stored. A fault of one record is in its Err and leaves the others alone.
func (s *Store) Apply(recs []*Record) (Commit, error) {
	if !s.guard.enter() {
		return Commit{}, ErrClosed
	}
	defer s.guard.leave()
	if err := s.health.Err(); err != nil {
		return Commit{}, err
	}
	t := s.newTxn()
	defer t.release()
	for i, r := range recs {
		t.add(hashOf(r.Key), i)
	}
	t.lock()
	for at := range t.order {
		r := recs[t.order[at].index]
		r.Stored, r.Changed, r.Err = nil, false, nil
		switch {
		case int(r.Partition) >= s.opts.Partitions:
			r.Err = fmt.Errorf("partition %d of %d: out of range", r.Partition, s.opts.Partitions)
		case r.Hint != 0:
			r.Err = t.applyHint(recs, at)
		default:
			r.Err = t.applyObject(recs, at)
		}
		if r.Err != nil {
			r.Stored, r.Changed = nil, false
		}
	}
	s.counters.records.Add(int64(len(recs)))
	s.counters.batches.Add(1)
	return t.finish(asConfigured)
}

// applyObject applies one record to the store proper.
func (t *txn) applyObject(recs []*Record, at int) error {
	r, hash := recs[t.order[at].index], t.order[at].hash
	t.key = appendObjectKey(t.key[:0], r.Partition, hash, r.Key)
	var st standing
	known := false
	var old found
	if prev := t.before(recs, at); prev >= 0 {
		q := recs[t.order[prev].index]
		old = found{object: q.Stored, digest: t.outcomes[prev].digest, owned: true}
		st, known = t.outcomes[prev].standing, t.outcomes[prev].known
	} else {
		var err error
		if old, err = t.find(r.Partition, hash, r.Key); err != nil {
			return err
		}
		defer old.close()
	}
	v, err := t.evolve(r, old.object)
	if err != nil {
		return err
	}
	if !v.changed {
		if old.fresh {
			t.store.objects.Put(r.Partition, hash, r.Key, old.object, old.digest)
		}
		t.unchanged(at, r, old)
		t.outcomes[at] = outcome{set: true, known: known, standing: st, digest: old.digest}
		return nil
	}
	if t.batch.Len()+len(t.key)+len(v.encoded) > maxBatch {
		return ErrTooBig
	}
	if old.object != nil && !known {
		if st, err = t.standingOf(&t.old, r.Partition, hash, r.Key); err != nil {
			return err
		}
	}
	next := standingOf(fateOf(&v.object))
	if next.fate == st.fate {
		next = st
	} else if err := t.move(r.Partition, hash, r.Key, st, next); err != nil {
		return err
	}
	if err := t.batch.Set(t.key, v.encoded, nil); err != nil {
		return err
	}
	digest := object.DigestOf(r.Key, v.encoded)
	ch := change{
		partition: r.Partition, leaf: uint16(leafOf(hash)),
		live: next.live() - st.live(), total: next.total() - st.total(),
		bytes:  int64(len(v.encoded) - len(old.object)),
		digest: digest ^ old.digest,
	}
	if old.object == nil {
		ch.bytes += int64(len(r.Key))
	}
	t.changes = append(t.changes, ch)
	t.caches = append(t.caches, cacheNote{partition: r.Partition, hash: hash, key: r.Key, object: v.encoded, digest: digest})
	t.outcomes[at] = outcome{set: true, known: true, standing: next, digest: digest}
	r.Stored, r.Changed = v.encoded, true
	return nil
}

// unchanged gives a record what is stored, in memory of its own.
func (t *txn) unchanged(at int, r *Record, old found) {
	if r.Stored = old.object; !old.owned && old.object != nil {
		r.Stored = append(r.room(), old.object...)
	}
	t.same = t.same || old.object != nil
}

// version is what a record makes of an object.
type version struct {
	changed bool
	object  object.Object // may refer to memory that is valid only now
	encoded []byte        // owned, or Record.Merge
}

// evolve merges and edits. After it, if something changed, t.old is the decoded
// old object, if there was one.
func (t *txn) evolve(r *Record, old []byte) (v version, err error) {
	merge := r.Merge
	if merge != nil && old != nil && bytes.Equal(merge, old) {
		merge = nil
	}
	if merge == nil && r.Edit == nil {
		return version{}, nil
	}
	if old != nil {
		if err := t.old.DecodeFrom(old); err != nil {
			return version{}, t.store.corrupt("stored object", err)
		}
		v.object = t.old
	}
	if merge != nil {
		before := v.object.Clock
		if v, err = t.merge(v.object, old != nil, merge); err != nil {
			return version{}, err
		}
		if r.Hint != 0 {
			t.store.meetHint(before, t.in.Clock)
		}
	}
	if r.Edit != nil {
		if v, err = t.edit(r, v, old != nil); err != nil {
			return version{}, err
		}
	}
	if v.changed && v.encoded == nil {
		v.encoded = v.object.Append(r.room())
	}
	return v, nil
}

// merge joins an incoming object. Where it wins, its bytes are kept as they are.
func (t *txn) merge(old object.Object, exists bool, incoming []byte) (version, error) {
	if err := t.in.DecodeFrom(incoming); err != nil {
		return version{}, fmt.Errorf("object to merge: %w", err)
	}
	if !exists {
		return version{changed: true, object: t.in, encoded: incoming}, nil
	}
	merged, relation := object.Merge(old, t.in)
	switch relation {
	case object.SameAsA, object.SameAsBoth:
		return version{object: old}, nil
	case object.SameAsB:
		return version{changed: true, object: t.in, encoded: incoming}, nil
	}
	return version{changed: true, object: merged}, nil
}

// edit lets the coordinator make its version.
func (t *txn) edit(r *Record, v version, exists bool) (version, error) {
	t.shown = v.object
	t.minter = Minter{store: t.store, record: r}
	if exists {
		t.minter.stored = &t.shown
	}
	next, write, err := r.Edit.Edit(&t.shown, &t.minter)
	t.minter = Minter{}
	if err != nil || !write {
		return v, err
	}
	return version{changed: true, object: next}, nil
}

// applyHint applies one record to a hint.
func (t *txn) applyHint(recs []*Record, at int) error {
	s, r, hash := t.store, recs[t.order[at].index], t.order[at].hash
	t.key = appendHintKey(t.key[:0], r.Hint, r.Partition, hash, r.Key)
	created := s.now()
	old, c, err := []byte(nil), closer(nil), error(nil)
	if prev := t.before(recs, at); prev >= 0 {
		old, created = recs[t.order[prev].index].Stored, t.outcomes[prev].created
	} else {
		var raw []byte
		if raw, c, err = s.get(t.key); err != nil {
			return err
		}
		if c != nil {
			defer c.Close() //nolint:errcheck // gives back memory
			if created, old, err = splitHint(raw); err != nil {
				return s.corrupt("hint", err)
			}
		}
	}
	v, err := t.evolve(r, old)
	if err != nil {
		return err
	}
	if !v.changed {
		t.unchanged(at, r, found{object: old, owned: c == nil})
		t.outcomes[at] = outcome{set: old != nil, created: created}
		return nil
	}
	if t.batch.Len()+len(t.key)+len(v.encoded) > maxBatch {
		return ErrTooBig
	}
	ch := hintChange{target: r.Hint, bytes: int64(len(v.encoded) - len(old)), created: created}
	if old == nil {
		ch.count, ch.bytes, ch.key = 1, ch.bytes+hintOverhead+int64(len(r.Key)), bytes.Clone(t.key)
	}
	if !s.hints.reserve(ch.bytes, s.opts.HintBytes) {
		s.counters.hintsRefused.Add(1)
		return ErrHintsFull
	}
	op := t.batch.SetDeferred(len(t.key), hintTime+len(v.encoded))
	copy(op.Key, t.key)
	binary.BigEndian.PutUint64(op.Value, uint64(created))
	copy(op.Value[hintTime:], v.encoded)
	if err := op.Finish(); err != nil {
		return err
	}
	t.hinted = append(t.hinted, ch)
	t.outcomes[at] = outcome{set: true, created: created}
	r.Stored, r.Changed = v.encoded, true
	return nil
}
