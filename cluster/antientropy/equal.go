package antientropy

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/operation"
)

const (
	// equalTick is how often partitions that have not been equal yet are compared.
	equalTick = 250 * time.Millisecond
	// equalPause is how long AwaitEqual rests after its operation was cancelled.
	equalPause = time.Minute
	// refillPause is how long AwaitRefilled waits for a transition to end.
	refillPause = time.Second
)

// AwaitEqual returns when each partition of which this node is a primary has been
// equal, at some time since the call, to the copy of each other primary: then it
// has all that any of them had. Members that leave the ring meanwhile are not
// waited for. AwaitEqual only compares; Run makes copies equal. It is an
// operation; after one that was cancelled it pauses for a minute, and goes on. It
// returns early, with its error, only when ctx ends.
func (s *Scheduler) AwaitEqual(ctx context.Context) error {
	left := sharedPartitions(s.cfg.Ring(), s.cfg.Self)
	for {
		err := s.cfg.Operations.Run(ctx, operation.Refill, "all partitions of this node", func(ctx context.Context, o *operation.Operation) error {
			return s.awaitEqual(ctx, o, left)
		})
		if !errors.Is(err, operation.ErrCancelled) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(equalPause):
		}
	}
}

// AwaitRefilled returns when this node has all that the other primaries of its partitions
// have, those included that it gains or comes to own meanwhile. It returns early, with
// its error, only when ctx ends.
func (s *Scheduler) AwaitRefilled(ctx context.Context) error {
	for {
		before := s.cfg.Ring()
		if err := s.AwaitEqual(ctx); err != nil {
			return err
		}
		view := s.cfg.Ring()
		if view.LayoutNumber() == before.LayoutNumber() && len(view.Gains(s.cfg.Self)) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(refillPause):
		}
	}
}

// awaitEqual removes from left what it finds equal, until nothing is left.
func (s *Scheduler) awaitEqual(ctx context.Context, o *operation.Operation, left map[ring.NodeID][]ring.Partition) error {
	pairs, before := countPairs(left), s.cfg.Held()
	o.Update(func(p *operation.Progress) { p.Partitions.Total = pairs })
	tick := time.NewTicker(equalTick)
	defer tick.Stop()
	for {
		shared := sharedPartitions(s.cfg.Ring(), s.cfg.Self)
		for _, id := range sortedPeers(left) {
			left[id] = s.unequal(ctx, id, intersection(left[id], shared[id]))
			if len(left[id]) == 0 {
				delete(left, id)
			}
			now := s.cfg.Held()
			o.Update(func(p *operation.Progress) {
				p.Partitions.Done = pairs - countPairs(left)
				p.Keys.Done, p.Bytes.Done = max(0, now.Keys-before.Keys), max(0, now.Bytes-before.Bytes)
			})
		}
		if len(left) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// unequal returns those of parts that are not known to be equal now.
func (s *Scheduler) unequal(ctx context.Context, id ring.NodeID, parts []ring.Partition) []ring.Partition {
	if len(parts) == 0 {
		return nil
	}
	if !s.cfg.Available(id) {
		return parts
	}
	differing, unknown, err := s.compare(ctx, id, parts)
	if err != nil {
		return parts
	}
	return slices.Sorted(slices.Values(append(differing, unknown...)))
}

// intersection returns what is in a and in b, both of which are sorted.
func intersection(a, b []ring.Partition) []ring.Partition {
	return slices.DeleteFunc(slices.Clone(a), func(p ring.Partition) bool {
		_, found := slices.BinarySearch(b, p)
		return !found
	})
}

// countPairs counts pairs of copies: a partition counts once for each peer.
func countPairs(shared map[ring.NodeID][]ring.Partition) (n int64) {
	for _, parts := range shared {
		n += int64(len(parts))
	}
	return n
}
