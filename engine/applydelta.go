package engine

import (
	"fmt"

	"github.com/quorate/quorate/cluster/core/object"
)

// mergeDelta merges a record's delta into the object that was found. It returns [ErrBehind] where
// the sender must send the whole object: the stored one lacks something that the delta replaces,
// the record is a hint, or some of the delta is cleared here.
func (t *txn) mergeDelta(r *Record, found *storedObject) (v version, err error) {
	if r.Hint != 0 || found.object == nil {
		return version{}, ErrBehind
	}
	d, err := object.DecodeDelta(r.Merge)
	if err != nil {
		return version{}, fmt.Errorf("delta to merge: %w", err)
	}
	if observe := t.w.db.opts.Observe; observe != nil {
		observe(d.Object.Clock.Latest())
	}
	if _, cleared := t.w.obeyed.filter(d.Object); cleared {
		return version{}, ErrBehind
	}
	if err := t.old.DecodeFrom(found.object); err != nil {
		return version{}, t.w.db.corrupt("stored object", err)
	}
	merged, relation, ok := object.MergeDelta(t.old, &d)
	if !ok {
		return version{}, ErrBehind
	}
	t.w.epochs.seeOwn(r.Partition, t.old.Clock, d.Object.Clock)
	if relation == object.SameAsA || relation == object.SameAsBoth {
		return version{object: t.old}, nil
	}
	v = version{changed: true, object: merged}
	return v, t.encode(r, &v, found)
}
