package engine

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"

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
// keys. Reads do not depend on it: they treat an expired object as absent by looking at
// the clock. Options.StripAfter later it strips the object, which is dead from then on. A
// dead object stays until it is removed as tombstones are, so that no replica that missed
// the value's end can bring the key back. See [object.Object.Strip].
type sweeper struct {
	db      *database
	writer  *writer
	strips  atomic.Bool  // Options.MayStrip has been true
	expired atomic.Int64 // objects, since Open
}

// sweep handles everything that has expired by now.
func (s *sweeper) sweep(ctx context.Context, now int64) (expired int, err error) {
	raise(&s.writer.expiry.bound, now)
	before := now - s.db.opts.StripAfter.Milliseconds()
	if ok, err := s.mayStrip(); err != nil {
		return 0, err
	} else if !ok {
		before = math.MinInt64
	}
	expired, err = s.sweepIndex(ctx, prefixExpiry, s.writer.expiry, now, before)
	s.expired.Add(int64(expired))
	if err != nil {
		return expired, err
	}
	_, err = s.sweepIndex(ctx, prefixExpired, s.writer.expired, before, before)
	return expired, err
}

// stripsKey is present once Options.MayStrip has been true.
var stripsKey = []byte{prefixInternal, 's'}

// load finds out whether objects may be stripped.
func (s *sweeper) load() error {
	_, found, err := s.db.load(stripsKey)
	s.strips.Store(found)
	return err
}

// mayStrip reports whether objects may be stripped. A crash may forget it, and it is asked
// again. On a full disk nothing is noted: the write could wait behind a flush, and with it
// the check for space.
func (s *sweeper) mayStrip() (bool, error) {
	if s.strips.Load() {
		return true, nil
	}
	if s.db.health.Err() != nil || !s.db.opts.MayStrip() {
		return false, nil
	}
	if !s.db.guard.enter() {
		return false, ErrClosed
	}
	defer s.db.guard.leave()
	if err := s.db.pebble.Set(stripsKey, nil, pebble.NoSync); err != nil {
		return false, fmt.Errorf("note that objects may be stripped: %w", err)
	}
	s.strips.Store(true)
	return true, nil
}

// sweepIndex handles the entries of an index up to a time. Objects that expired before
// another time, or at it, are stripped.
func (s *sweeper) sweepIndex(ctx context.Context, index byte, times *expiryTimes, until, before int64) (handled int, err error) {
	for p := range times.earliest {
		if times.earliest[p].Load() > until {
			continue
		}
		if ctx.Err() != nil {
			return handled, nil
		}
		n, err := s.sweepPartition(ctx, index, times, ring.Partition(p), until, before)
		handled += n
		if err != nil {
			lower(&times.earliest[p], 0)
			return handled, err
		}
	}
	return handled, nil
}

// expiryEntry is an entry of an index by expiry.
type expiryEntry struct {
	at  int64
	key []byte
}

func (s *sweeper) sweepPartition(ctx context.Context, index byte, times *expiryTimes, p ring.Partition, until, before int64) (handled int, err error) {
	// First forget, then look: what is written in between is noted anew.
	times.earliest[p].Store(math.MaxInt64)
	from, to := partitionBounds(index, p)
	batch := make([]expiryEntry, 0, sweepBatch)
	flush := func() error {
		n, err := s.expire(p, index, batch, before)
		handled, batch = handled+n, batch[:0]
		return err
	}
	for e, err := range s.db.chunks(s.db.pebble, from, to) {
		if err != nil {
			return handled, err
		}
		_, at, key, ok := splitIndexKey(e.key)
		if !ok || at > until || ctx.Err() != nil {
			times.added(p, at)
			break
		}
		if batch = append(batch, expiryEntry{at: at, key: bytes.Clone(key)}); len(batch) == sweepBatch {
			if err := flush(); err != nil {
				return handled, err
			}
		}
	}
	return handled, flush()
}

// expire handles entries of an index, where their objects still expire then. It strips the
// objects that expired by a time, and moves the entries of the others to the index of
// expired objects.
func (s *sweeper) expire(p ring.Partition, index byte, batch []expiryEntry, before int64) (handled int, err error) {
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
		found, err := t.expire(p, o.hash, index, batch[o.index], before)
		if err != nil {
			return 0, err
		}
		if found {
			handled++
		}
	}
	if _, err := t.commit(syncNever); err != nil {
		return 0, err
	}
	return handled, nil
}

// expire handles one entry. It reports whether the entry's object was found.
func (t *txn) expire(p ring.Partition, hash uint64, index byte, e expiryEntry, before int64) (found bool, err error) {
	raw, c, err := t.get(prefixObject, p, hash, e.key)
	if err != nil {
		return false, err
	}
	from := indexState{Lifetime: object.Lifetime{Kind: object.Expiring, At: e.at}, counted: index == prefixExpiry}
	lifetime := object.Lifetime{}
	if c != nil {
		defer c.Close() //nolint:errcheck // gives back memory
		if err := t.old.DecodeFrom(raw); err != nil {
			return false, t.w.db.corrupt("stored object", err)
		}
		lifetime = t.old.Lifetime()
	}
	if lifetime.Kind != object.Expiring || lifetime.At != e.at || lifetime.Hidden && from.counted {
		return false, t.reindex(p, hash, e.key, from, indexState{}) // the entry is of an earlier version
	}
	from.Hidden = lifetime.Hidden
	dead, stripped := t.old.Strip(before)
	if !stripped {
		to := indexState{Lifetime: lifetime}
		t.stats = append(t.stats, changeOf(p, hash, from, to))
		return true, t.reindex(p, hash, e.key, from, to)
	}
	t.value = dead.Append(t.value[:0])
	to, seed := indexStateOf(dead.Lifetime()), object.SeedOf(e.key)
	ch := changeOf(p, hash, from, to)
	ch.bytes, ch.digest = int64(len(t.value)-len(raw)), seed.Digest(raw)^seed.Digest(t.value)
	t.stats = append(t.stats, ch)
	t.caches = append(t.caches, cacheUpdate{partition: p, hash: hash, key: e.key, forget: true})
	return true, t.put(p, hash, e.key, from, to, t.value)
}

// afterMilli appends to a partition's lower bound the first place after a time.
func afterMilli(bound []byte, unixMilli int64) []byte {
	return binary.BigEndian.AppendUint64(bound, uint64(max(unixMilli, -1)+1))
}
