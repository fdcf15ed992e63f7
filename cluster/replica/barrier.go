package replica

import (
	"context"
	"sync/atomic"
)

// barrier lets a reader wait for what is under way, without making what begins later wait:
// waves with updates, or late hints. They are counted in one of two counters. A reader has
// new ones counted in the other one, and waits until the first has come down to 0.
type barrier struct {
	phase   atomic.Uint32 // its last bit says which counter new ones are counted in
	counts  [2]atomic.Int64
	drained chan struct{} // a counter may have come down to 0
	turn    chan struct{} // held by the one reader that may change the phase
}

func newBarrier() *barrier {
	return &barrier{drained: make(chan struct{}, 1), turn: make(chan struct{}, 1)}
}

// enter counts one more, and returns the counter that it must leave.
func (b *barrier) enter() (counter uint32) {
	for {
		counter = b.phase.Load() & 1
		b.counts[counter].Add(1)
		if b.phase.Load()&1 == counter {
			return counter
		}
		b.leave(counter) // a reader may have missed it
	}
}

// leave ends the count of one.
func (b *barrier) leave(counter uint32) { b.leaveMany(counter, 1) }

// leaveMany ends the count of n that entered one counter.
func (b *barrier) leaveMany(counter uint32, n int64) {
	if b.counts[counter].Add(-n) > 0 {
		return
	}
	select {
	case b.drained <- struct{}{}:
	default:
	}
}

// wait waits until all have left that entered before the call, and reports whether that
// was before ctx ended.
func (b *barrier) wait(ctx context.Context) bool {
	select {
	case b.turn <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	defer func() { <-b.turn }()
	current := b.phase.Load() & 1
	if !b.drain(ctx, 1-current) { // those that an earlier call gave up
		return false
	}
	b.phase.Store(1 - current)
	return b.drain(ctx, current)
}

// drain waits until a counter that takes no new ones is 0.
func (b *barrier) drain(ctx context.Context, counter uint32) bool {
	for b.counts[counter].Load() > 0 {
		select {
		case <-b.drained:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// AwaitReplicas waits until every update that began on this node before the call has been
// answered by all replicas that it was sent to, not only by W of them, or has failed
// there. It reports whether that was before ctx ended.
func (c *Coordinator) AwaitReplicas(ctx context.Context) bool { return c.updates.wait(ctx) }
