package engine

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// expiryTimes tells where the expiry index need not be read.
type expiryTimes struct {
	// bound is at or above every time up to which a sweep has looked. An object that
	// expires later certainly has its entry.
	bound atomic.Int64
	// earliest is, by partition, at or below the time of the first entry.
	earliest []atomic.Int64
}

// expirySlack allows for a clock that went back since the last run.
const expirySlack = time.Minute

func newExpiryTimes(partitions int) *expiryTimes {
	return &expiryTimes{earliest: make([]atomic.Int64, partitions)}
}

// begin allows for what an earlier run swept.
func (t *expiryTimes) begin(now int64) { t.bound.Store(now + expirySlack.Milliseconds()) }

// added notes a new entry, after it was committed.
func (t *expiryTimes) added(p ring.Partition, at int64) { lower(&t.earliest[p], at) }

func lower(a *atomic.Int64, v int64) {
	for old := a.Load(); v < old && !a.CompareAndSwap(old, v); old = a.Load() {
	}
}

func raise(a *atomic.Int64, v int64) {
	for old := a.Load(); v > old && !a.CompareAndSwap(old, v); old = a.Load() {
	}
}

// sweepBatch bounds how many keys the sweep locks at once.
const sweepBatch = 128

// sweeper takes objects whose time has come off the expiry index and the count of live
// keys, and puts them on the index of dead objects. Reads do not depend on it: they treat
// an expired object as absent by looking at the clock. The object itself stays until it
// is removed as tombstones are, so that no replica that missed it can bring the key back.
type sweeper struct {
	db      *database
	writer  *writer
	times   *expiryTimes
	expired atomic.Int64 // objects, since Open
}

// sweep handles everything that has expired by now.
func (s *sweeper) sweep(ctx context.Context, now int64) (expired int, err error) {
	raise(&s.times.bound, now)
	for p := range s.times.earliest {
		if s.times.earliest[p].Load() > now {
			continue
		}
		if ctx.Err() != nil {
			return expired, nil
		}
		n, err := s.sweepPartition(ctx, ring.Partition(p), now)
		expired += n
		s.expired.Add(int64(n))
		if err != nil {
			lower(&s.times.earliest[p], 0)
			return expired, err
		}
	}
	return expired, nil
}

// expiryEntry is an entry of the expiry index.
type expiryEntry struct {
	at  int64
	key []byte
}

func (s *sweeper) sweepPartition(ctx context.Context, p ring.Partition, now int64) (expired int, err error) {
	// First forget, then look: what is written in between is noted anew.
	s.times.earliest[p].Store(math.MaxInt64)
	from, to := partitionBounds(prefixExpiry, p)
	batch := make([]expiryEntry, 0, sweepBatch)
	flush := func() error {
		n, err := s.expire(p, batch)
		expired, batch = expired+n, batch[:0]
		return err
	}
	for e, err := range s.db.chunks(s.db.pebble, from, to) {
		if err != nil {
			return expired, err
		}
		_, at, key, ok := splitIndexKey(e.key)
		if !ok || at > now || ctx.Err() != nil {
			s.times.added(p, at)
			break
		}
		if batch = append(batch, expiryEntry{at: at, key: bytes.Clone(key)}); len(batch) == sweepBatch {
			if err := flush(); err != nil {
				return expired, err
			}
		}
	}
	return expired, flush()
}

// expire moves entries to the index of dead objects, where their objects still expire
// then.
func (s *sweeper) expire(p ring.Partition, batch []expiryEntry) (expired int, err error) {
	if len(batch) == 0 {
		return 0, nil
	}
	if !s.db.guard.enter() {
		return 0, ErrClosed
	}
	defer s.db.guard.leave()
	t := s.writer.newTxn()
	defer t.release()
	for i, e := range batch {
		t.add(hashOf(e.key), i)
	}
	t.lock()
	for _, o := range t.order {
		e := batch[o.index]
		lifetime, err := t.storedLifetime(p, o.hash, e.key)
		if err != nil {
			return 0, err
		}
		entry := indexState{Lifetime: object.Lifetime{Kind: object.Expiring, At: e.at}, counted: true}
		next := indexState{}
		if lifetime == entry.Lifetime {
			next.Lifetime = lifetime
			expired++
			t.stats = append(t.stats, statsChange{partition: p, leaf: uint16(leafOf(o.hash)),
				live: -1, valued: -1, expiring: -1, expirySum: -entry.expirySum()})
		}
		if err := t.reindex(p, o.hash, e.key, entry, next); err != nil {
			return 0, err
		}
	}
	if _, err := t.commit(syncNever); err != nil {
		return 0, err
	}
	return expired, nil
}

// storedLifetime reads a stored object and returns its lifetime. The key is locked.
func (t *txn) storedLifetime(p ring.Partition, hash uint64, key []byte) (object.Lifetime, error) {
	t.key = appendObjectKey(t.key[:0], p, hash, key)
	raw, c, err := t.w.db.get(t.key)
	if err != nil || raw == nil {
		return object.Lifetime{}, err
	}
	defer c.Close() //nolint:errcheck // gives back memory
	if err := t.old.DecodeFrom(raw); err != nil {
		return object.Lifetime{}, t.w.db.corrupt("stored object", err)
	}
	return t.old.Lifetime(), nil
}

// afterMilli appends to a partition's lower bound the first place after a time.
func afterMilli(bound []byte, unixMilli int64) []byte {
	return binary.BigEndian.AppendUint64(bound, uint64(max(unixMilli, -1)+1))
}
