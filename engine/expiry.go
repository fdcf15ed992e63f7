package engine

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
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

// sweepPage is how many entries of an index the sweep handles in a row, and sweepBatch how many
// objects it changes under locks at once. Those lie side by side, so that a writer seldom meets
// one of the locks.
const (
	sweepPage  = 512
	sweepBatch = 64
)

// sweeper takes objects whose time has come off the expiry index and the count of live
// keys. Reads do not depend on it: they treat an expired object as absent by looking at
// the clock. Options.StripAfter later it strips the object, which is dead from then on. A
// dead object stays until it is removed as tombstones are, so that no replica that missed
// the value's end can bring the key back. See [object.Object.Strip].
type sweeper struct {
	db      *database
	writer  *writer
	pacer   *pacer
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
	pace := s.pacer.begin()
	live := sweptIndex{prefix: prefixExpiry, times: s.writer.expiry, until: now, strip: before}
	expired, err = s.sweepIndex(ctx, pace, live)
	s.expired.Add(int64(expired))
	if err != nil {
		return expired, err
	}
	_, err = s.sweepIndex(ctx, pace, sweptIndex{prefix: prefixExpired, times: s.writer.expired, until: before, strip: before})
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

// sweptIndex is an index by expiry, and how far one sweep goes in it, in unix milliseconds.
type sweptIndex struct {
	prefix byte
	times  *expiryTimes
	until  int64 // entries up to then are handled
	strip  int64 // objects that expired up to then are stripped
}

// sweepIndex handles the entries of an index, partition by partition.
func (s *sweeper) sweepIndex(ctx context.Context, pace *pace, x sweptIndex) (handled int, err error) {
	for p := range x.times.earliest {
		if x.times.earliest[p].Load() > x.until {
			continue
		}
		if ctx.Err() != nil {
			return handled, nil
		}
		n, err := s.sweepPartition(ctx, pace, x, ring.Partition(p))
		handled += n
		if err != nil {
			lower(&x.times.earliest[p], 0)
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

func (s *sweeper) sweepPartition(ctx context.Context, pace *pace, x sweptIndex, p ring.Partition) (handled int, err error) {
	// First forget, then look: what is written in between is noted anew. Before the earliest
	// entry there is nothing but what earlier sweeps removed, and the disk has not forgotten.
	from, to := partitionBounds(x.prefix, p)
	from = afterMilli(from, x.times.earliest[p].Swap(math.MaxInt64)-1)
	page := make([]expiryEntry, 0, sweepPage)
	for e, err := range s.db.chunks(s.db.pebble, from, to) {
		if err != nil {
			return handled, err
		}
		_, at, key, ok := splitIndexKey(e.key)
		if !ok || at > x.until || ctx.Err() != nil {
			x.times.added(p, at)
			break
		}
		if page = append(page, expiryEntry{at: at, key: bytes.Clone(key)}); len(page) < sweepPage {
			continue
		}
		n, err := s.expire(p, x, page)
		if handled += n; err != nil {
			return handled, err
		}
		page = page[:0]
		pace.pause(ctx)
	}
	n, err := s.expire(p, x, page)
	pace.pause(ctx)
	return handled + n, err
}

// expire handles entries of an index, where their objects still expire then. It strips the
// objects that expired long enough ago, and moves the entries of the others to the index of
// expired objects.
func (s *sweeper) expire(p ring.Partition, x sweptIndex, page []expiryEntry) (handled int, err error) {
	order := make([]hashedRecord, len(page))
	for i, e := range page {
		order[i] = hashedRecord{hash: hashOf(e.key), index: i}
	}
	slices.SortFunc(order, compareHashed)
	for batch := range slices.Chunk(order, sweepBatch) {
		n, err := s.expireBatch(p, x, page, batch)
		if handled += n; err != nil {
			return handled, err
		}
	}
	return handled, nil
}

// expireBatch handles some of the entries, in one batch.
func (s *sweeper) expireBatch(p ring.Partition, x sweptIndex, page []expiryEntry, batch []hashedRecord) (handled int, err error) {
	if err := s.db.enter(); err != nil {
		return 0, err
	}
	defer s.db.guard.leave()
	t := s.writer.newTxn()
	defer t.release()
	t.order = append(t.order, batch...)
	t.lock()
	from, to := partitionBounds(prefixObject, p)
	it, err := s.db.pebble.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: to})
	if err != nil {
		return 0, s.db.readError("read expired objects", err)
	}
	for _, o := range t.order {
		var found bool
		if found, err = t.expire(it, x, p, o.hash, page[o.index]); err != nil {
			break
		}
		if found {
			handled++
		}
	}
	if err := cmp.Or(err, it.Close()); err != nil {
		return 0, s.db.readError("read expired objects", err)
	}
	if _, err := t.commit(syncNever); err != nil {
		return 0, err
	}
	return handled, nil
}

// expire handles one entry. It reports whether the entry's object was found. The iterator shows
// the objects that have a value, of which keys close to each other are found faster than one by
// one.
func (t *txn) expire(it *pebble.Iterator, x sweptIndex, p ring.Partition, hash uint64, e expiryEntry) (found bool, err error) {
	t.key = appendPlace(t.key[:0], prefixObject, p, hash, e.key)
	raw, err := valueAt(it, t.key)
	if err != nil {
		return false, err
	}
	from := indexState{Lifetime: object.Lifetime{Kind: object.Expiring, At: e.at}, counted: x.prefix == prefixExpiry}
	lifetime := object.Lifetime{}
	old := storedObject{object: raw}
	if err := t.w.db.parseLarge(&old, partsPlace{partition: p, hash: hash}); err != nil {
		return false, err
	}
	if raw != nil {
		if err := t.old.DecodeFrom(old.object); err != nil {
			return false, t.w.db.corrupt("stored object", err)
		}
		t.old.Rest = old.spread.total
		lifetime = t.old.Lifetime()
	}
	if lifetime.Kind != object.Expiring || lifetime.At != e.at || lifetime.Hidden && from.counted {
		return false, t.reindex(p, hash, e.key, from, indexState{}) // the entry is of an earlier version
	}
	from.Hidden = lifetime.Hidden
	place := cellsPlace{partition: p, hash: hash, key: e.key}
	if old.inCells() && lifetime.At <= x.strip {
		if err := t.readAll(&old, place); err != nil {
			return false, err
		}
		if err := t.old.DecodeFrom(old.object); err != nil {
			return false, t.w.db.corrupt("stored object", err)
		}
	}
	dead, stripped := t.old.Strip(x.strip)
	if !stripped {
		to := indexState{Lifetime: lifetime}
		t.stats = append(t.stats, changeOf(p, hash, from, to))
		return true, t.reindex(p, hash, e.key, from, to)
	}
	t.value = dead.Append(t.value[:0])
	to, seed := indexStateOf(dead.Lifetime()), object.SeedOf(e.key)
	ch := changeOf(p, hash, from, to)
	switch {
	case old.split.split():
		t.dropParts(&old.split)
	case old.spread.spread():
		if err := place.drop(t); err != nil {
			return false, err
		}
	default:
		old.digest = seed.Digest(raw)
	}
	ch.bytes, ch.digest = int64(len(t.value)-old.length()), old.digest^seed.Digest(t.value)
	t.stats = append(t.stats, ch)
	t.caches = append(t.caches, cacheUpdate{partition: p, hash: hash, key: e.key, forget: true})
	return true, t.put(p, hash, e.key, from, to, t.value)
}

// afterMilli appends to a partition's lower bound the first place after a time.
func afterMilli(bound []byte, unixMilli int64) []byte {
	return binary.BigEndian.AppendUint64(bound, uint64(max(unixMilli, -1)+1))
}
