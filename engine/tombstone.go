package engine

import (
	"bytes"
	"cmp"
	"slices"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// Ref names one version of one object.
type Ref struct {
	Partition ring.Partition
	Key       []byte
	Digest    object.Digest
}

// Tombstones finds and removes dead objects: those whose siblings are tombstones or
// stripped values.
type Tombstones struct {
	db     *database
	writer *writer
	reaped atomic.Int64 // objects, since Open
	freed  atomic.Int64 // bytes of their keys and of the objects, before compression
}

// reapBatch bounds how many objects are removed under locks at once. They lie side by side,
// so that a writer seldom meets one of those locks.
const reapBatch = 64

// Reap removes dead objects that are still what their refs name, and returns how many it
// removed, also if it fails. The caller must know that every primary holds the same, and that
// no older copy is under way. A later write of the key takes its dot from a new epoch, so that
// an old copy of the removed object cannot cover it. A crash may bring a reaped object back, as
// dead as it was.
func (x *Tombstones) Reap(refs []Ref) (reaped int, err error) {
	if err := x.db.enter(); err != nil {
		return 0, err
	}
	defer x.db.guard.leave()
	for batch := range slices.Chunk(byHash(refs), reapBatch) {
		n, err := x.reap(refs, batch)
		if reaped += n; err != nil {
			return reaped, err
		}
	}
	return reaped, nil
}

// reap removes some of the objects, in one batch.
func (x *Tombstones) reap(refs []Ref, batch []hashedRecord) (reaped int, err error) {
	t := x.writer.newTxn()
	defer t.release()
	t.order = append(t.order, batch...)
	t.lock()
	lower, upper := prefixBounds(prefixGrave)
	it, err := x.db.pebble.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return 0, x.db.readError("read dead objects", err)
	}
	for at, o := range t.order {
		r := refs[o.index]
		if at > 0 && o.hash == t.order[at-1].hash && bytes.Equal(r.Key, refs[t.order[at-1].index].Key) {
			continue // named twice
		}
		var ok bool
		if ok, err = t.reap(it, r, o.hash); err != nil {
			break
		}
		if ok {
			reaped++
		}
	}
	if err := cmp.Or(err, it.Close()); err != nil {
		return 0, x.db.readError("read dead objects", err)
	}
	freed := int64(0)
	for _, c := range t.stats {
		freed -= c.bytes
	}
	if _, err := t.commit(syncNever); err != nil {
		return 0, err
	}
	x.reaped.Add(int64(reaped))
	x.freed.Add(freed)
	return reaped, nil
}

// reap removes one object if it is dead and still what r names. The iterator shows the dead
// objects, of which keys close to each other are found faster than one by one.
func (t *txn) reap(it *pebble.Iterator, r Ref, hash uint64) (bool, error) {
	if int(r.Partition) >= t.w.db.opts.Partitions {
		return false, nil
	}
	t.key = appendPlace(t.key[:0], prefixGrave, r.Partition, hash, r.Key)
	raw, digest, err := deadObject(it, t.key, r.Key)
	if err != nil || raw == nil || digest != r.Digest {
		return false, err
	}
	if err := t.old.DecodeFrom(raw); err != nil {
		return false, t.w.db.corrupt("stored object", err)
	}
	st := indexStateOf(t.old.Lifetime())
	if st.Kind != object.Dead {
		return false, nil
	}
	ch := changeOf(r.Partition, hash, st, indexState{})
	ch.bytes, ch.digest = -int64(len(r.Key)+len(raw)), r.Digest
	t.stats = append(t.stats, ch)
	if err := t.reindex(r.Partition, hash, r.Key, st, indexState{}); err != nil {
		return false, err
	}
	t.caches = append(t.caches, cacheUpdate{partition: r.Partition, hash: hash, key: r.Key, forget: true})
	return true, t.batch.Delete(t.key, nil)
}
