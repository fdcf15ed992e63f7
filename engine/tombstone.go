package engine

import (
	"bytes"
	"iter"
	"sync/atomic"
	"time"

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
	db      *database
	writer  *writer
	objects objectReader
	reaped  atomic.Int64 // objects, since Open
}

// objectReader reads the node's own copies; it is the Store.
type objectReader interface {
	Get(p ring.Partition, key, dst []byte) (encoded []byte, found bool, err error)
}

// Dead yields a partition's objects that have had no value since before a time, longest
// dead first. An entry is valid until the next. The cost depends on how many objects are
// dead, not on how many are stored. Objects that have expired and are not stripped yet are
// left out.
func (x *Tombstones) Dead(p ring.Partition, olderThan time.Time) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		from, _ := partitionBounds(prefixDead, p)
		to := afterMilli(append([]byte{}, from...), olderThan.UnixMilli()-1)
		var encoded []byte
		var o object.Object
		for e, err := range x.db.chunks(x.db.pebble, from, to) {
			if err != nil {
				yield(Entry{}, err)
				return
			}
			_, at, key, ok := splitIndexKey(e.key)
			if !ok {
				continue
			}
			var found bool
			if encoded, found, err = x.objects.Get(p, key, encoded[:0]); err != nil {
				yield(Entry{}, err)
				return
			}
			if !found {
				continue
			}
			if err := o.DecodeFrom(encoded); err != nil {
				yield(Entry{}, x.db.corrupt("stored object", err))
				return
			}
			if l := o.Lifetime(); l.Kind != object.Dead || l.At != at {
				continue // written meanwhile
			}
			if !yield(Entry{Hash: Hash32(key), Key: key, Object: encoded}, nil) {
				return
			}
		}
	}
}

// Reap removes dead objects that are still what their refs name, and returns how many it
// removed. The caller must know that every primary holds the same, and that no older copy
// is under way. A later write of the key takes its dot from a new epoch, so that an old
// copy of the removed object cannot cover it. A crash may bring a reaped object back, as
// dead as it was.
func (x *Tombstones) Reap(refs []Ref) (reaped int, err error) {
	if err := x.db.enter(); err != nil {
		return 0, err
	}
	defer x.db.guard.leave()
	t := x.writer.newTxn()
	defer t.release()
	for i, r := range refs {
		t.add(hashOf(r.Key), i)
	}
	t.lock()
	for at, o := range t.order {
		r := refs[o.index]
		if at > 0 && o.hash == t.order[at-1].hash && bytes.Equal(r.Key, refs[t.order[at-1].index].Key) {
			continue // named twice
		}
		ok, err := t.reap(r, o.hash)
		if err != nil {
			return 0, err
		}
		if ok {
			reaped++
		}
	}
	if _, err := t.commit(syncNever); err != nil {
		return 0, err
	}
	x.reaped.Add(int64(reaped))
	return reaped, nil
}

// reap removes one object if it is dead and still what r names.
func (t *txn) reap(r Ref, hash uint64) (bool, error) {
	if int(r.Partition) >= t.w.db.opts.Partitions {
		return false, nil
	}
	raw, c, err := t.get(prefixGrave, r.Partition, hash, r.Key)
	if err != nil || raw == nil {
		return false, err
	}
	defer c.Close() //nolint:errcheck // gives back memory
	if object.SeedOf(r.Key).Digest(raw) != r.Digest {
		return false, nil
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
	t.caches = append(t.caches, cacheUpdate{partition: r.Partition, hash: hash, key: r.Key})
	return true, t.batch.Delete(t.key, nil)
}
