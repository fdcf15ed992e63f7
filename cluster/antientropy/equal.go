package antientropy

import (
	"context"
	"slices"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

// equalTick is how often partitions that have not been equal yet are compared.
const equalTick = 250 * time.Millisecond

// AwaitEqual returns when each partition of which this node is a primary has been
// equal, at some time since the call, to the copy of each other primary: then it
// has all that any of them had. Who leaves the ring meanwhile is not waited for.
// It only looks; Run makes copies equal. It returns early, with its error, only
// when ctx ends.
func (s *Scheduler) AwaitEqual(ctx context.Context) error {
	left := sharedPartitions(s.cfg.Ring(), s.cfg.Self)
	tick := time.NewTicker(equalTick)
	defer tick.Stop()
	for {
		shared := sharedPartitions(s.cfg.Ring(), s.cfg.Self)
		for _, id := range sortedPeers(left) {
			left[id] = s.unequal(ctx, id, both(left[id], shared[id]))
			if len(left[id]) == 0 {
				delete(left, id)
			}
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

// unequal returns those of parts that cannot be said to be equal now.
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

// both returns what is in a and in b, which are in order.
func both(a, b []ring.Partition) []ring.Partition {
	return slices.DeleteFunc(slices.Clone(a), func(p ring.Partition) bool {
		_, found := slices.BinarySearch(b, p)
		return !found
	})
}
