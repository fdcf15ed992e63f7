package engine

import (
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// epochs keeps dots unique. A node names an event by (node, epoch, counter), and
// the counter goes on from what the object at hand says. That is sound only while
// the object at hand remembers every event of that epoch, so:
//
//  1. An epoch is unix milliseconds << 20 | sequence << 8 | lineage. Epochs strictly
//     increase over the life of the directory, whatever the clock does. They are
//     leased in blocks, durably, before the first of a block is used.
//  2. An epoch belongs to one lineage: 0 is the node's own copies, any other value
//     the hints for one node. A hint and the object of the same key are apart on
//     disk, and neither knows which dots were made in the other.
//  3. A key that is absent starts a new epoch, because its object may have been
//     removed: as a tombstone, with its partition, or as a hint after its delivery.
//  4. Below the floor no epoch is continued. Every start begins with a floor above
//     every epoch that the directory ever leased. The directory cannot tell whether
//     it is what the last stop left or an older copy of that: a backup that was put
//     back, a snapshot, a clone. What was made after the copy is not in it, and
//     other nodes and clients hold it. So nothing of an earlier start is continued,
//     not even after a clean stop, whoever else can be asked: that also holds for a
//     cluster of one, and where all nodes were put back.
//     This costs a key one entry of its vector for each start after which its
//     coordinator writes it. Trimming bounds them (cluster/core/object).
//  5. Two starts from copies of one directory must not use the same epochs either. So
//     each start skips a random number of ticks, of [startSpread]; and when the ring
//     tells the node of a start that the directory does not know, it goes on above
//     all that can have been used then ([Store.Outgrow]). An object that has an epoch
//     of such a start is gone above in the same way. The other process may still run,
//     so a random number of ticks is skipped then as well.
//  6. A partition's own floor rises when the partition is dropped, because its keys
//     may come back from other nodes in an older state. It rises as well when another
//     node brings an event of this node that the copy here does not know, though its
//     epoch could be continued: then this copy has forgotten it (by trimming), or
//     another lineage made it.
//  7. Only epochs that were minted already are continued. A forged context can name
//     those of the future, and one that another process gave out those that are skipped
//     here: where epochs are skipped, all floors rise above them.
//  8. A clear covers all epochs of this node below a bound. So before the node names a bound,
//     and before it obeys one, all its floors rise to that ([Clears]).
//  9. Hints are deleted all the time, and two lineages of hints may share a number.
//     Where another node's object brings a hint an epoch of this node that the hint
//     does not know, the floor of all hints rises.
type epochs struct {
	db *database
	mu struct {
		sync.Mutex
		next   uint64 // the next tick to use
		leased uint64 // ticks below this may be used
	}
	first           causal.Epoch  // of this start
	floor           atomic.Uint64 // of the node's own copies
	ceiling         atomic.Uint64 // above all epochs minted so far
	partitionFloors []atomic.Uint64
	hintFloor       atomic.Uint64       // of all hints; never below floor
	mintOwn         func() causal.Epoch // mint for the node's own copies, made once
}

// A tick is an epoch without its lineage.
const (
	tickBits    = 12
	lineageBits = 8
	lineageMask = 1<<lineageBits - 1
	leaseMilli  = 10 * 60 * 1000

	// startSpread is the number of ticks of which a start skips a random part, and so
	// does a process that goes on above an epoch of another start: 17 minutes' worth.
	startSpread = 1 << 32
	// mostAhead bounds how far in the future an epoch may lie for this node to go on
	// above it. Anybody can name a later one, which no clock has reached.
	mostAhead = 50 * 365 * 24 * 60 * 60 * 1000 << tickBits
)

// ownLineage is the lineage of the node's own copies.
const ownLineage causal.Epoch = 0

var leaseKey = []byte{prefixInternal, 'l'}

func newEpochs(db *database) *epochs {
	e := &epochs{db: db, partitionFloors: make([]atomic.Uint64, db.opts.Partitions)}
	e.mintOwn = func() causal.Epoch { return e.mint(ownLineage) }
	return e
}

func tickAt(unixMilli int64) uint64 { return uint64(max(unixMilli, 0)) << tickBits }

// hintLineage returns the lineage of the hints for a node.
func hintLineage(target causal.NodeID) causal.Epoch {
	return 1 + causal.Epoch(uint64(target)%lineageMask)
}

// load reads what earlier starts leased, and puts a new lease into b.
func (e *epochs) load(b *pebble.Batch) error {
	leased, err := e.db.loadUint64(leaseKey)
	if err != nil {
		return err
	}
	e.mu.next = max(leased, tickAt(e.db.now())) + e.db.opts.Rand.Uint64N(startSpread)
	e.mu.leased = e.mu.next + leaseMilli<<tickBits
	e.first = causal.Epoch(e.mu.next << lineageBits)
	e.raiseLocked()
	return b.Set(leaseKey, binary.BigEndian.AppendUint64(nil, e.mu.leased), nil)
}

// raiseLocked lifts all floors above everything that was minted so far.
func (e *epochs) raiseLocked() {
	above := e.mu.next << lineageBits
	e.floor.Store(above)
	lift(&e.hintFloor, above)
	e.ceiling.Store(above) // last: a span has the ceiling before the floor
}

// lift raises a floor to a value, unless it is higher.
func lift(floor *atomic.Uint64, to uint64) {
	for old := floor.Load(); old < to && !floor.CompareAndSwap(old, to); {
		old = floor.Load()
	}
}

// outgrow makes all epochs to come higher than any that a start can have used which
// began with the epoch start, and lifts the floors above them.
func (e *epochs) outgrow(start causal.Epoch) {
	e.passBy(start, leaseMilli<<tickBits)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.raiseLocked()
}

// passBy makes the next tick higher, by a margin and more, than that of an epoch. It
// ignores an epoch that no clock can have reached. Whoever minted the epoch, on a copy of
// the directory, may still run and go on right above it: so a random number of ticks is
// skipped, as by a start.
func (e *epochs) passBy(epoch causal.Epoch, margin uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now, tick := tickAt(e.db.now()), uint64(epoch)>>lineageBits
	if tick > now+mostAhead || tick+margin < e.mu.next {
		return
	}
	e.mu.next = tick + margin + 1 + e.db.opts.Rand.Uint64N(startSpread)
	if e.mu.next >= e.mu.leased {
		e.leaseLocked(e.mu.next + leaseMilli<<tickBits)
	}
	e.raiseLocked() // of what is skipped, others may have used some
}

// passBound makes all epochs from now on, those that are continued too, reach a bound.
func (e *epochs) passBound(bound causal.Epoch) {
	if uint64(bound) <= e.floor.Load() {
		return
	}
	e.passBy(bound-1, 0)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.raiseLocked()
}

// bound begins new epochs for everything from now on. It returns a bound of all that were
// minted before, above another one.
func (e *epochs) bound(above causal.Epoch) causal.Epoch {
	e.passBound(above)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.raiseLocked()
	return causal.Epoch(e.mu.next << lineageBits)
}

// ownSpan returns which epochs the node's own copies in a partition are continued in.
func (e *epochs) ownSpan(p ring.Partition) object.EpochSpan {
	below := e.ceiling.Load()
	floor := max(e.floor.Load(), e.partitionFloors[p].Load())
	return object.EpochSpan{From: causal.Epoch(floor), Below: causal.Epoch(below)}
}

// hintSpan returns which epochs hints are continued in.
func (e *epochs) hintSpan() object.EpochSpan {
	below := e.ceiling.Load()
	return object.EpochSpan{From: causal.Epoch(e.hintFloor.Load()), Below: causal.Epoch(below)}
}

// newestIsOf reports whether the newest epoch of this node in an object, of those minted
// so far, belongs to a lineage.
func (e *epochs) newestIsOf(o *object.Object, lineage causal.Epoch) bool {
	newest, ok := o.Clock.NewestBelow(e.db.opts.Self, causal.Epoch(e.ceiling.Load()))
	return ok && newest.Actor.Epoch&lineageMask == lineage
}

// seeOwn compares the clock of the node's own copy, empty if there is none, with a clock
// that is about to be merged into it. If the incoming clock knows an event of this
// node's own copies that the copy does not, in an epoch that could be continued, then no
// epoch of that partition is continued any more.
func (e *epochs) seeOwn(p ring.Partition, own, incoming causal.Vector) {
	self := e.db.opts.Self
	for i := range incoming {
		entry := &incoming[i]
		if entry.Actor.Node != self || entry.Actor.Epoch&lineageMask != ownLineage ||
			entry.Actor.Epoch < e.ownSpan(p).From || entry.Counter <= own.Counter(entry.Actor) {
			continue
		}
		e.passBy(entry.Actor.Epoch, 0)
		lift(&e.partitionFloors[p], e.nextFloor())
	}
}

// seeHint compares the clock of a hint, empty if there is none, with a clock that is about
// to be merged into it. If the incoming clock knows a later epoch of this node, that epoch
// was made in another lineage, or in one that is gone. Then the floor of all hints rises,
// so that no hint is continued in it.
func (e *epochs) seeHint(hint, incoming causal.Vector) {
	self := e.db.opts.Self
	reachable := causal.Epoch((tickAt(e.db.now()) + mostAhead) << lineageBits)
	other, ok := incoming.NewestBelow(self, reachable)
	if !ok || other.Actor.Epoch < causal.Epoch(e.hintFloor.Load()) {
		return
	}
	if known, ok := hint.NewestBelow(self, reachable); ok && known.Actor.Epoch >= other.Actor.Epoch {
		return
	}
	e.passBy(other.Actor.Epoch, 0)
	lift(&e.hintFloor, e.nextFloor())
}

// mint returns an epoch that was never used. It waits for the disk only when Run has not
// renewed the lease in time.
func (e *epochs) mint(lineage causal.Epoch) causal.Epoch {
	e.mu.Lock()
	defer e.mu.Unlock()
	tick := max(e.mu.next, tickAt(e.db.now()))
	if tick >= e.mu.leased {
		e.leaseLocked(tick + leaseMilli<<tickBits)
	}
	e.mu.next = tick + 1
	e.ceiling.Store(e.mu.next << lineageBits)
	return causal.Epoch(tick<<lineageBits) | lineage
}

// leaseLocked extends the lease durably. If the disk fails meanwhile, no write that uses
// the lease is ever acknowledged.
func (e *epochs) leaseLocked(until uint64) {
	if err := e.db.pebble.Set(leaseKey, binary.BigEndian.AppendUint64(nil, until), pebble.Sync); err != nil {
		e.db.health.Fail(fmt.Errorf("%w: lease epochs: %w", ErrFatal, err))
		return
	}
	e.mu.leased = until
}

// renewLease keeps the lease at least half a block ahead, so that writes do not wait for
// it.
func (e *epochs) renewLease() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if at := max(e.mu.next, tickAt(e.db.now())); at+leaseMilli/2<<tickBits > e.mu.leased {
		e.leaseLocked(at + leaseMilli<<tickBits)
	}
}

// nextFloor returns a floor above every epoch minted so far.
func (e *epochs) nextFloor() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.mu.next << lineageBits
}
