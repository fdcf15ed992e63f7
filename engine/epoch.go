package engine

import (
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
)

// Epochs keep dots unique. A node names an event by (node, epoch, counter), and
// the counter goes on from what the object at hand says. That is sound only while
// the object at hand remembers every event of that epoch, so:
//
//  1. An epoch is unix milliseconds << 20 | sequence << 8 | memory, and strictly
//     increases over the life of the directory, whatever the clock does. Epochs
//     are leased in blocks, durably, before the first of a block is used.
//  2. An epoch belongs to one memory: 0 is the store proper, any other value the
//     hints kept for one node. A hint and the object of the same key are apart on
//     disk, and neither knows what was minted in the other.
//  3. A key that is absent starts a new epoch: it may have been reaped, dropped,
//     or delivered and forgotten.
//  4. Below the floor no epoch is continued. The floor rises past every epoch ever
//     leased when the directory is new or was not closed cleanly; a partition's
//     own floor rises when the partition is dropped, for its keys may come back
//     from others in an older state.
//  5. Hints are forgotten all the time, and two memories of hints may share a
//     number. So what a former life minted for hints is not continued, and where
//     others bring a hint an epoch of this node's that it does not know, the
//     hints' floor rises.
type epochs struct {
	mu struct {
		sync.Mutex
		next   uint64 // the next tick to use
		leased uint64 // ticks below this may be used
	}
	floor  causal.Epoch
	floors []atomic.Uint64 // by partition
	hints  atomic.Uint64   // the floor of hints, never below floor
}

// A tick is an epoch without the memory it belongs to.
const (
	tickBits   = 12
	memoryBits = 8
	memoryMask = 1<<memoryBits - 1
	leaseMilli = 10 * 60 * 1000
)

var (
	leaseKey = []byte{prefixInternal, 'l'}
	floorKey = []byte{prefixInternal, 'f'}
)

func tickAt(unixMilli int64) uint64 { return uint64(max(unixMilli, 0)) << tickBits }

// memoryOf is the memory that hints for a node are.
func memoryOf(target causal.NodeID) causal.Epoch {
	return 1 + causal.Epoch(uint64(target)%memoryMask)
}

// loadEpochs reads the lease of former lives and puts the new one into b.
// trusted says that this disk remembers every dot.
func (s *Store) loadEpochs(b *pebble.Batch, trusted bool) error {
	e := &s.epochs
	e.floors = make([]atomic.Uint64, s.opts.Partitions)
	leased, err := s.loadUint64(leaseKey)
	if err != nil {
		return err
	}
	floor, err := s.loadUint64(floorKey)
	if err != nil {
		return err
	}
	now := tickAt(s.now())
	e.mu.next = max(leased, now)
	e.mu.leased = max(e.mu.next, now) + leaseMilli<<tickBits
	if !trusted {
		floor = max(floor, e.mu.next<<memoryBits)
	}
	e.floor = causal.Epoch(floor)
	e.hints.Store(max(floor, e.mu.next<<memoryBits))
	if err := b.Set(leaseKey, binary.BigEndian.AppendUint64(nil, e.mu.leased), nil); err != nil {
		return err
	}
	if err := b.Set(floorKey, binary.BigEndian.AppendUint64(nil, floor), nil); err != nil {
		return err
	}
	lower, upper := prefixBounds(prefixFloor)
	return s.forEach(lower, upper, func(k, v []byte) error {
		if len(k) != 3 || len(v) != 8 {
			return fmt.Errorf("epoch floor: %w", ErrCorrupt)
		}
		if p := int(binary.BigEndian.Uint16(k[1:])); p < len(e.floors) {
			e.floors[p].Store(binary.BigEndian.Uint64(v))
		}
		return nil
	})
}

// remembers says whether the node's newest epoch in o is one of that memory.
func (s *Store) remembers(o *object.Object, memory causal.Epoch) bool {
	newest, ok := o.Clock.Newest(s.opts.Self)
	return ok && newest.Actor.Epoch&memoryMask == memory
}

// meetHint compares the clock of a hint, empty if there is none, with one that is
// about to be merged into it. If that knows a later epoch of this node's, the
// memory it was minted in is another one, or is gone: no hint goes on in it.
func (s *Store) meetHint(hint, incoming causal.Vector) {
	met, ok := incoming.Newest(s.opts.Self)
	if !ok || met.Actor.Epoch < causal.Epoch(s.epochs.hints.Load()) {
		return
	}
	if known, ok := hint.Newest(s.opts.Self); ok && known.Actor.Epoch >= met.Actor.Epoch {
		return
	}
	floor := s.nextFloor()
	for old := s.epochs.hints.Load(); old < floor && !s.epochs.hints.CompareAndSwap(old, floor); {
		old = s.epochs.hints.Load()
	}
}

// mintEpoch returns an epoch that was never used. It waits for the disk only
// when Run has not renewed the lease in time.
func (s *Store) mintEpoch(memory causal.Epoch) causal.Epoch {
	e := &s.epochs
	e.mu.Lock()
	defer e.mu.Unlock()
	tick := max(e.mu.next, tickAt(s.now()))
	if tick >= e.mu.leased {
		s.leaseLocked(tick + leaseMilli<<tickBits)
	}
	e.mu.next = tick + 1
	return causal.Epoch(tick<<memoryBits) | memory
}

// leaseLocked extends the lease durably. Should the disk fail meanwhile, no write
// that uses the lease is ever acknowledged.
func (s *Store) leaseLocked(until uint64) {
	if err := s.db.Set(leaseKey, binary.BigEndian.AppendUint64(nil, until), pebble.Sync); err != nil {
		s.health.Fail(fmt.Errorf("%w: lease epochs: %w", ErrFatal, err))
		return
	}
	s.epochs.mu.leased = until
}

// renewLease keeps the lease at least half a block ahead, off the write path.
func (s *Store) renewLease() {
	e := &s.epochs
	e.mu.Lock()
	defer e.mu.Unlock()
	if at := max(e.mu.next, tickAt(s.now())); at+leaseMilli/2<<tickBits > e.mu.leased {
		s.leaseLocked(at + leaseMilli<<tickBits)
	}
}

// nextFloor is a floor above every epoch minted so far.
func (s *Store) nextFloor() uint64 {
	s.epochs.mu.Lock()
	defer s.epochs.mu.Unlock()
	return s.epochs.mu.next << memoryBits
}
