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
//  4. Below the floor no epoch is continued. The floor rises above every epoch ever
//     leased when the directory is new or was not closed cleanly. A partition's
//     own floor rises when the partition is dropped, because its keys may come back
//     from other nodes in an older state.
//  5. Hints are deleted all the time, and two lineages of hints may share a number.
//     So the epochs that an earlier run used for hints are not continued. Where
//     another node's object brings a hint an epoch of this node that the hint does
//     not know, the floor of all hints rises.
type epochs struct {
	db *database
	mu struct {
		sync.Mutex
		next   uint64 // the next tick to use
		leased uint64 // ticks below this may be used
	}
	floor           causal.Epoch
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
)

// ownLineage is the lineage of the node's own copies.
const ownLineage causal.Epoch = 0

var (
	leaseKey = []byte{prefixInternal, 'l'}
	floorKey = []byte{prefixInternal, 'f'}
)

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

// stopKind says how the last run of a directory ended.
type stopKind uint8

const (
	uncleanStop stopKind = iota // or there was none: the disk may lack dots that were used
	cleanStop                   // the disk knows every dot
)

// load reads what earlier runs leased, and puts a new lease and the floor into b.
func (e *epochs) load(b *pebble.Batch, last stopKind) error {
	leased, err := e.db.loadUint64(leaseKey)
	if err != nil {
		return err
	}
	floor, err := e.db.loadUint64(floorKey)
	if err != nil {
		return err
	}
	now := tickAt(e.db.now())
	e.mu.next = max(leased, now)
	e.mu.leased = max(e.mu.next, now) + leaseMilli<<tickBits
	if last == uncleanStop {
		floor = max(floor, e.mu.next<<lineageBits)
	}
	e.floor = causal.Epoch(floor)
	e.hintFloor.Store(max(floor, e.mu.next<<lineageBits))
	if err := b.Set(leaseKey, binary.BigEndian.AppendUint64(nil, e.mu.leased), nil); err != nil {
		return err
	}
	if err := b.Set(floorKey, binary.BigEndian.AppendUint64(nil, floor), nil); err != nil {
		return err
	}
	lower, upper := prefixBounds(prefixFloor)
	return e.db.forEach(lower, upper, func(k, v []byte) error {
		if len(k) != 3 || len(v) != 8 {
			return fmt.Errorf("epoch floor: %w", ErrCorrupt)
		}
		if p := int(binary.BigEndian.Uint16(k[1:])); p < len(e.partitionFloors) {
			e.partitionFloors[p].Store(binary.BigEndian.Uint64(v))
		}
		return nil
	})
}

// floorOf returns the floor of the node's own copies in a partition.
func (e *epochs) floorOf(p ring.Partition) causal.Epoch {
	return max(e.floor, causal.Epoch(e.partitionFloors[p].Load()))
}

// newestIsOf reports whether this node's newest epoch in an object belongs to a lineage.
func (e *epochs) newestIsOf(o *object.Object, lineage causal.Epoch) bool {
	newest, ok := o.Clock.Newest(e.db.opts.Self)
	return ok && newest.Actor.Epoch&lineageMask == lineage
}

// seeHint compares the clock of a hint, empty if there is none, with a clock that is about
// to be merged into it. If the incoming clock knows a later epoch of this node, that epoch
// was made in another lineage, or in one that is gone. Then the floor of all hints rises,
// so that no hint is continued in it.
func (e *epochs) seeHint(hint, incoming causal.Vector) {
	self := e.db.opts.Self
	other, ok := incoming.Newest(self)
	if !ok || other.Actor.Epoch < causal.Epoch(e.hintFloor.Load()) {
		return
	}
	if known, ok := hint.Newest(self); ok && known.Actor.Epoch >= other.Actor.Epoch {
		return
	}
	floor := e.nextFloor()
	for old := e.hintFloor.Load(); old < floor && !e.hintFloor.CompareAndSwap(old, floor); {
		old = e.hintFloor.Load()
	}
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
