package engine

import (
	"bytes"
	"encoding/binary"

	"github.com/quorate/quorate/cluster/core/object"
)

// applyHint applies one record to a hint.
func (t *txn) applyHint(recs []*Record, at int) error {
	w, r, hash := t.w, recs[t.order[at].index], t.order[at].hash
	t.key = appendHintKey(t.key[:0], r.Hint, r.Partition, hash, r.Key)
	created := w.db.now()
	place := partsPlace{hint: r.Hint, partition: r.Partition, hash: hash}
	var old storedObject
	if prev := t.earlier(recs, at); prev >= 0 {
		old.object, old.owned, created = recs[t.order[prev].index].Stored, true, t.results[prev].created
		if s := t.results[prev].split; s != nil {
			old.split, old.whole = *s, true
		}
	} else if w.hints.filter.mayContain(r.Partition, hash) {
		raw, c, err := w.db.get(t.key)
		if err != nil {
			return err
		}
		if c != nil {
			defer c.Close() //nolint:errcheck // gives back memory
			if created, old, err = w.db.hintIn(place, raw); err != nil {
				return err
			}
		}
		if !t.seesOutline(r, at) {
			if err := t.readAll(&old, cellsPlace{}); err != nil {
				return err
			}
		}
	}
	v, err := t.nextVersion(r, &old)
	if err != nil {
		return err
	}
	if !v.changed {
		if err := t.keep(r, old, v); err != nil {
			return err
		}
		t.results[at] = recordResult{set: old.object != nil, created: created}
		if old.split.split() {
			left := old.split
			t.results[at].split = &left
		}
		return nil
	}
	if t.batch.Len()+len(t.key)+len(v.encoded) > maxBatch {
		return ErrTooBig
	}
	ch := hintChange{target: r.Hint, partition: r.Partition, hash: hash, bytes: int64(len(v.encoded) - old.length()), created: created}
	if old.object == nil {
		ch.count, ch.bytes, ch.key = 1, ch.bytes+hintOverhead+int64(len(r.Key)), bytes.Clone(t.key)
	}
	if !w.hints.reserve(ch.bytes, w.db.opts.HintBytes) {
		w.hints.refused.Add(1)
		return ErrHintsFull
	}
	record := v.encoded
	if t.w.db.splits(&v.object, len(v.encoded)) && t.alone(at) {
		if record, err = t.split(place, &v.object, v.encoded, object.SeedOf(r.Key).Digest(v.encoded)); err != nil {
			w.hints.bytes.Add(-ch.bytes)
			return err
		}
	}
	if old.split.split() {
		t.dropParts(&old.split)
	}
	op := t.batch.SetDeferred(len(t.key), hintTime+len(record))
	copy(op.Key, t.key)
	binary.BigEndian.PutUint64(op.Value, uint64(created))
	copy(op.Value[hintTime:], record)
	if err := op.Finish(); err != nil {
		return err
	}
	t.hints = append(t.hints, ch)
	t.results[at] = recordResult{set: true, created: created}
	r.Stored, r.Changed = v.encoded, true
	return nil
}
