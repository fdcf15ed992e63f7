package engine

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine/objectcache"
)

// Clears removes what a clear covers ([object.Clear]), and sees to it that it does not come
// back. All members take part in a clear, in three steps:
//
//  1. [Clears.Prepare]: each node begins to note which keys are written, and tells which
//     epochs it has seen of each node.
//  2. [Clears.Bound]: each node begins a new epoch above all that was seen of it, and
//     returns the bound of all earlier ones.
//  3. [Clears.Apply]: each node takes in the clear that has all these bounds.
//
// Apply removes a partition by a range deletion if the clear covers all that the partition
// held when the node prepared itself. What was written since is filtered key by key: it
// alone can have versions that are not covered. All of it, and the clear itself, is one
// batch, committed with all writers shut out. So the clear is on the disk before any write
// that obeys it, and after a crash all or nothing of it is there.
//
// A partition of which that is not known, such as one of a node that was away, is swept
// object by object after that. [Clears.Mark] names the clear only when the sweep is over,
// and a crash does not end the sweep: the next start goes on with it.
//
// From Apply on, what a write brings is filtered before it is stored, and so is what an edit
// makes. Hints are not swept. They are filtered where they are read, and by their target.
type Clears struct {
	db      *database
	writer  *writer
	stats   *statistics
	stripes *stripes
	epochs  *epochs
	objects *objectcache.Cache
	reclaim *reclaimer

	mu      sync.Mutex       // held while a clear is taken in
	unswept []ring.Partition // guarded by mu
	mark    atomic.Uint64
	bound   atomic.Uint64 // the greatest that Bound has returned
}

// obeyed is the clear that all writes obey, which is on the disk or in the log before them.
type obeyed struct{ clear atomic.Pointer[object.Clear] }

// filter returns o without what is cleared.
func (c *obeyed) filter(o object.Object) (left object.Object, changed bool) {
	if clear := c.clear.Load(); clear != nil {
		return clear.Filter(o)
	}
	return o, false
}

var (
	clearKey   = []byte{prefixInternal, 'x'}
	unsweptKey = []byte{prefixInternal, 'w'} // present while partitions are to be swept
)

// ErrNotCounted says that a node does not know yet what its partitions hold.
var ErrNotCounted = errors.New("the statistics of the partitions are being rebuilt")

// load reads the clear that an earlier start has taken in.
func (x *Clears) load() error {
	encoded, ok, err := x.db.load(clearKey)
	if err != nil || !ok {
		return err
	}
	clear, err := object.DecodeClear(encoded)
	if err != nil {
		return fmt.Errorf("saved clear: %w: %w", ErrCorrupt, err)
	}
	x.writer.obeyed.clear.Store(&clear)
	_, unswept, err := x.db.load(unsweptKey)
	if !unswept {
		x.mark.Store(clear.Mark())
		return err
	}
	for p := range x.db.opts.Partitions {
		x.unswept = append(x.unswept, ring.Partition(p))
	}
	return err
}

// Current returns the clear that this node obeys. The caller must not change it.
func (x *Clears) Current() object.Clear {
	if clear := x.writer.obeyed.clear.Load(); clear != nil {
		return *clear
	}
	return nil
}

// Filter returns o without what is cleared.
func (x *Clears) Filter(o object.Object) (left object.Object, changed bool) {
	return x.writer.obeyed.filter(o)
}

// Mark names the clear that this node has carried out ([object.Clear.Mark]). It is 0 if
// there is none, and while a sweep is under way.
func (x *Clears) Mark() uint64 { return x.mark.Load() }

// Forgets reports whether an event that this node has made is cleared although the node was
// never asked for that bound. Another process of the node was, on another copy of its disk,
// and the event may be of later than the clear.
func (x *Clears) Forgets(d causal.Dot) bool {
	clear := x.writer.obeyed.clear.Load()
	return clear != nil && clear.Covers(d.Actor) && uint64(clear.Below(x.db.opts.Self)) > x.bound.Load()
}

// Prepare begins to note which keys are written, and returns a clear that covers all that is
// stored, if no client has named nodes that were never members. It returns [ErrNotCounted] while that is not known.
func (x *Clears) Prepare() (object.Clear, error) {
	if err := x.db.health.Err(); err != nil {
		return nil, err
	}
	if !x.stats.allReady() {
		return nil, ErrNotCounted
	}
	x.writer.written.begin(x.stats.newest)
	var all object.Clear
	for p := range x.stats.newest {
		all = all.Join(x.stats.newest[p].clear())
	}
	return all, nil
}

// Bound begins a new epoch for all versions that this node makes from now on, and returns the
// bound of all earlier ones. It is above seen, the bound of what others have seen of this node.
func (x *Clears) Bound(seen causal.Epoch) causal.Epoch {
	bound := x.epochs.bound(seen)
	lift(&x.bound, uint64(bound))
	return bound
}

// Apply takes in a clear, for good and durably, and removes what it covers. When it returns
// nil, everything of it is done.
func (x *Clears) Apply(c object.Clear) error {
	if err := x.db.enter(); err != nil {
		return err
	}
	defer x.db.guard.leave()
	x.mu.Lock()
	defer x.mu.Unlock()
	before := x.Current()
	if before.Includes(c) {
		return x.sweep()
	}
	joined := before.Join(c)
	x.epochs.passBound(joined.Below(x.db.opts.Self))
	cleared, commit, err := x.remove(joined)
	if err != nil {
		return fmt.Errorf("clear: %w", err)
	}
	if err := commit.Wait(); err != nil {
		return fmt.Errorf("clear: %w", err)
	}
	for _, p := range cleared {
		x.reclaim.drop(p)
	}
	return x.sweep()
}

// remove makes all writers obey a clear, and removes the partitions that it is known to
// cover, which it returns. The others are in x.unswept then.
func (x *Clears) remove(clear object.Clear) (cleared []ring.Partition, commit Commit, err error) {
	t := x.writer.newTxn()
	defer t.release()
	x.stripes.lockAll()
	defer x.stripes.unlockAll()
	keys, before, known := x.writer.written.take()
	covered := make([]bool, len(x.stats.of))
	var unswept []ring.Partition
	for i := range x.stats.of {
		p := ring.Partition(i)
		covers := x.stats.newest[i].coveredBy(clear)
		if known && !covers {
			covers = !x.stats.newest[i].more.Load() && clear.Includes(before[i])
		}
		if !x.stats.isReady(p) || !covers {
			unswept = append(unswept, p)
			continue
		}
		covered[i] = true
		if x.stats.at(p) != nil {
			cleared = append(cleared, p)
		}
	}
	if err := t.deleteRanges(cleared); err != nil {
		return nil, Commit{}, err
	}
	for k := range keys {
		if !covered[k.partition] {
			continue
		}
		if err := t.putLeft(clear, k.partition, []byte(k.key)); err != nil {
			return nil, Commit{}, err
		}
	}
	if err := saveClear(t.batch, clear, unswept); err != nil {
		return nil, Commit{}, err
	}
	t.before = func() {
		for _, p := range cleared {
			lift(&x.epochs.partitionFloors[p], x.epochs.nextFloor())
			x.stats.of[p].Store(nil)
			x.objects.ForgetPartition(p)
		}
		x.unswept = unswept
		x.mark.Store(0)
		x.writer.obeyed.clear.Store(&clear)
	}
	commit, err = t.commit(syncNow)
	return cleared, commit, err
}

// saveClear puts a clear into a batch, and whether partitions are to be swept.
func saveClear(b *pebble.Batch, clear object.Clear, unswept []ring.Partition) error {
	if err := b.Set(clearKey, clear.Append(nil), nil); err != nil || len(unswept) == 0 {
		return err
	}
	return b.Set(unsweptKey, nil, nil)
}
