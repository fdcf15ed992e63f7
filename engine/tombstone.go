package engine

import (
	"bytes"
	"iter"
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

// Dead yields a partition's objects that have had no value since before a time,
// longest dead first: their siblings are tombstones, or have expired. An entry is
// valid until the next. It costs by what is dead, not by what is stored. What the
// expiry sweep has not come to yet is left out.
func (s *Store) Dead(p ring.Partition, olderThan time.Time) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		from, _ := partitionBounds(prefixGrave, p)
		to := nextMilli(append([]byte{}, from...), olderThan.UnixMilli()-1)
		var encoded []byte
		var o object.Object
		for e, err := range s.chunks(s.db, from, to) {
			if err != nil {
				yield(Entry{}, err)
				return
			}
			_, at, key, ok := splitIndexKey(e.key)
			if !ok {
				continue
			}
			var found bool
			if encoded, found, err = s.Get(p, key, encoded[:0]); err != nil {
				yield(Entry{}, err)
				return
			}
			if !found {
				continue
			}
			if err := o.DecodeFrom(encoded); err != nil {
				yield(Entry{}, s.corrupt("stored object", err))
				return
			}
			if f := fateOf(&o); f.kind == lasting || f.at != at {
				continue // written meanwhile
			}
			if !yield(Entry{Hash: Hash32(key), Key: key, Object: encoded}, nil) {
				return
			}
		}
	}
}

// Reap removes dead objects that are still what their refs name, and returns how
// many it removed. The caller vouches that every primary holds the same, and
// that no older copy is under way. Should the key return, its dots will be of a new
// epoch. A crash may bring a reaped object back, as dead as it was.
func (s *Store) Reap(refs []Ref) (reaped int, err error) {
	if !s.guard.enter() {
		return 0, ErrClosed
	}
	defer s.guard.leave()
	if err := s.health.LastingErr(); err != nil {
		return 0, err
	}
	t := s.newTxn()
	defer t.release()
	for i, r := range refs {
		t.add(hashOf(r.Key), i)
	}
	t.lock()
	now := s.now()
	for at, o := range t.order {
		r := refs[o.index]
		if at > 0 && o.hash == t.order[at-1].hash && bytes.Equal(r.Key, refs[t.order[at-1].index].Key) {
			continue // named twice
		}
		ok, err := t.reap(r, o.hash, now)
		if err != nil {
			return 0, err
		}
		if ok {
			reaped++
		}
	}
	if _, err := t.finish(lazily); err != nil {
		return 0, err
	}
	s.counters.reaped.Add(int64(reaped))
	return reaped, nil
}

func (t *txn) reap(r Ref, hash uint64, now int64) (bool, error) {
	if int(r.Partition) >= t.store.opts.Partitions {
		return false, nil
	}
	t.key = appendObjectKey(t.key[:0], r.Partition, hash, r.Key)
	raw, c, err := t.store.get(t.key)
	if err != nil || raw == nil {
		return false, err
	}
	defer c.Close() //nolint:errcheck // gives back memory
	if object.DigestOf(r.Key, raw) != r.Digest {
		return false, nil
	}
	if err := t.old.DecodeFrom(raw); err != nil {
		return false, t.store.corrupt("stored object", err)
	}
	st, err := t.standingOf(&t.old, r.Partition, hash, r.Key)
	if err != nil {
		return false, err
	}
	if st.kind == lasting || st.kind == expires && st.at > now {
		return false, nil
	}
	t.changes = append(t.changes, change{
		partition: r.Partition, leaf: uint16(leafOf(hash)),
		live: -st.live(), total: -1,
		bytes:  -int64(len(r.Key) + len(raw)),
		digest: r.Digest,
	})
	if err := t.move(r.Partition, hash, r.Key, st, standing{}); err != nil {
		return false, err
	}
	t.caches = append(t.caches, cacheNote{partition: r.Partition, hash: hash, key: r.Key})
	return true, t.batch.Delete(t.key, nil)
}
