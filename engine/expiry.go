package engine

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

// Reads treat an expired object as absent by looking at the clock. The sweep
// follows behind, for the counts: it takes an object whose time has come off the
// expiry index and the live count, and puts it on the index of the dead. The
// object itself stays, so that no replica that missed it can bring the key back,
// until it is reaped as tombstones are.
type expiry struct {
	// bound is at or above every time up to which a sweep has looked. Above it
	// an object that expires certainly has its entry.
	bound atomic.Int64
	// earliest is, by partition, at or below the first entry's time.
	earliest []atomic.Int64
}

// expirySlack allows for a clock that went back since the last life.
const expirySlack = time.Minute

func (e *expiry) init(partitions int, now int64) {
	e.bound.Store(now + expirySlack.Milliseconds())
	e.earliest = make([]atomic.Int64, partitions)
}

// note hears of a new entry, after it was committed.
func (e *expiry) note(p ring.Partition, at int64) { lower(&e.earliest[p], at) }

func lower(a *atomic.Int64, v int64) {
	for old := a.Load(); v < old && !a.CompareAndSwap(old, v); old = a.Load() {
	}
}

func raise(a *atomic.Int64, v int64) {
	for old := a.Load(); v > old && !a.CompareAndSwap(old, v); old = a.Load() {
	}
}

// sweepBatch bounds how long keys are locked by the sweep.
const sweepBatch = 128

// sweep takes note of everything that has expired by now.
func (s *Store) sweep(ctx context.Context, now int64) (expired int, err error) {
	raise(&s.expiry.bound, now)
	for p := range s.expiry.earliest {
		if s.expiry.earliest[p].Load() > now {
			continue
		}
		if ctx.Err() != nil {
			return expired, nil
		}
		n, err := s.sweepPartition(ctx, ring.Partition(p), now)
		expired += n
		s.counters.expired.Add(int64(n))
		if err != nil {
			lower(&s.expiry.earliest[p], 0)
			return expired, err
		}
	}
	return expired, nil
}

// due is an entry of the expiry index.
type due struct {
	at  int64
	key []byte
}

func (s *Store) sweepPartition(ctx context.Context, p ring.Partition, now int64) (expired int, err error) {
	// First forget, then look: what comes in between is noted anew.
	s.expiry.earliest[p].Store(math.MaxInt64)
	from, to := partitionBounds(prefixExpiry, p)
	batch := make([]due, 0, sweepBatch)
	flush := func() error {
		n, err := s.expire(p, batch)
		expired, batch = expired+n, batch[:0]
		return err
	}
	for e, err := range s.chunks(s.db, from, to) {
		if err != nil {
			return expired, err
		}
		_, at, key, ok := splitIndexKey(e.key)
		if !ok || at > now || ctx.Err() != nil {
			s.expiry.note(p, at)
			break
		}
		if batch = append(batch, due{at: at, key: bytes.Clone(key)}); len(batch) == sweepBatch {
			if err := flush(); err != nil {
				return expired, err
			}
		}
	}
	return expired, flush()
}

// expire moves entries whose objects still expire then to the dead.
func (s *Store) expire(p ring.Partition, batch []due) (expired int, err error) {
	if len(batch) == 0 {
		return 0, nil
	}
	if !s.guard.enter() {
		return 0, ErrClosed
	}
	defer s.guard.leave()
	t := s.newTxn()
	defer t.release()
	for i, d := range batch {
		t.add(hashOf(d.key), i)
	}
	t.lock()
	for _, o := range t.order {
		d := batch[o.index]
		f, err := t.fate(p, o.hash, d.key)
		if err != nil {
			return 0, err
		}
		entry := standing{fate: fate{kind: expires, at: d.at}, counted: true}
		next := standing{}
		if f == entry.fate {
			next.fate = f
			expired++
			t.changes = append(t.changes, change{partition: p, leaf: uint16(leafOf(o.hash)), live: -1})
		}
		if err := t.move(p, o.hash, d.key, entry, next); err != nil {
			return 0, err
		}
	}
	if _, err := t.finish(lazily); err != nil {
		return 0, err
	}
	return expired, nil
}

// fate reads a stored object and tells its fate; the key is locked.
func (t *txn) fate(p ring.Partition, hash uint64, key []byte) (fate, error) {
	t.key = appendObjectKey(t.key[:0], p, hash, key)
	raw, c, err := t.store.get(t.key)
	if err != nil || raw == nil {
		return fate{}, err
	}
	defer c.Close() //nolint:errcheck // gives back memory
	if err := t.old.DecodeFrom(raw); err != nil {
		return fate{}, t.store.corrupt("stored object", err)
	}
	return fateOf(&t.old), nil
}

// nextMilli appends to a partition's lower bound the first place after a time.
func nextMilli(bound []byte, unixMilli int64) []byte {
	return binary.BigEndian.AppendUint64(bound, uint64(max(unixMilli, -1)+1))
}
