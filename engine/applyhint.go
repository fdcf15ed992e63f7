package engine

import (
	"bytes"
	"encoding/binary"
	"io"
)

// applyHint applies one record to a hint.
func (t *txn) applyHint(recs []*Record, at int) error {
	w, r, hash := t.w, recs[t.order[at].index], t.order[at].hash
	t.key = appendHintKey(t.key[:0], r.Hint, r.Partition, hash, r.Key)
	created := w.db.now()
	old, c, err := []byte(nil), io.Closer(nil), error(nil)
	if prev := t.earlier(recs, at); prev >= 0 {
		old, created = recs[t.order[prev].index].Stored, t.results[prev].created
	} else if w.hints.filter.mayContain(r.Partition, hash) {
		var raw []byte
		if raw, c, err = w.db.get(t.key); err != nil {
			return err
		}
		if c != nil {
			defer c.Close() //nolint:errcheck // gives back memory
			if created, old, err = splitHint(raw); err != nil {
				return w.db.corrupt("hint", err)
			}
		}
	}
	v, err := t.nextVersion(r, hash, &storedObject{object: old})
	if err != nil {
		return err
	}
	if !v.changed {
		if err := t.keep(r, hash, storedObject{object: old, owned: c == nil}, v); err != nil {
			return err
		}
		t.results[at] = recordResult{set: old != nil, created: created}
		return nil
	}
	if t.batch.Len()+len(t.key)+len(v.encoded) > maxBatch {
		return ErrTooBig
	}
	ch := hintChange{target: r.Hint, partition: r.Partition, hash: hash, bytes: int64(len(v.encoded) - len(old)), created: created}
	if old == nil {
		ch.count, ch.bytes, ch.key = 1, ch.bytes+hintOverhead+int64(len(r.Key)), bytes.Clone(t.key)
	}
	if !w.hints.reserve(ch.bytes, w.db.opts.HintBytes) {
		w.hints.refused.Add(1)
		return ErrHintsFull
	}
	op := t.batch.SetDeferred(len(t.key), hintTime+len(v.encoded))
	copy(op.Key, t.key)
	binary.BigEndian.PutUint64(op.Value, uint64(created))
	copy(op.Value[hintTime:], v.encoded)
	if err := op.Finish(); err != nil {
		return err
	}
	t.hints = append(t.hints, ch)
	t.results[at] = recordResult{set: true, created: created}
	r.Stored, r.Changed = v.encoded, true
	return nil
}
