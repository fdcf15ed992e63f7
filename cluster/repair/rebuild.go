package repair

import (
	"context"
	"time"

	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/operation"
	"github.com/quorate/quorate/engine"
)

// rebuildTick is how often the progress of a rebuild is read.
const rebuildTick = 250 * time.Millisecond

// rebuilding says how far the rebuild of the Merkle trees is.
type rebuilding struct {
	unready int64               // partitions whose tree is not complete
	held    antientropy.Holding // by the node, as far as its trees are complete
}

// held returns what a node holds, of the partitions whose Merkle trees are complete and of what was
// written to the others since the node started.
func held(store *engine.Store, view *ring.Ring) (sum antientropy.Holding) {
	parts := store.Partitions()
	for p := range view.Partitions() {
		_, keys := parts.Keys(ring.Partition(p))
		sum.Keys += keys
		sum.Bytes += parts.Bytes(ring.Partition(p))
	}
	return sum
}

// followRebuild lists the rebuild of the Merkle trees, which the store does by itself after a
// stop that was not clean, as an operation. It cannot be cancelled. look tells how far it is.
func followRebuild(ctx context.Context, all *operation.Registry, look func() rebuilding) error {
	total := look().unready
	if total == 0 {
		return nil
	}
	o := all.Begin(operation.Rebuild, "Merkle trees, after a stop that was not clean")
	tick := time.NewTicker(rebuildTick)
	defer tick.Stop()
	for {
		now := look()
		o.Update(func(p *operation.Progress) {
			p.Partitions = operation.Amount{Done: total - now.unready, Total: total}
			p.Keys.Done, p.Bytes.Done = max(0, now.held.Keys), max(0, now.held.Bytes)
		})
		if now.unready == 0 {
			o.End(nil)
			return nil
		}
		select {
		case <-ctx.Done():
			o.End(ctx.Err())
			return nil
		case <-tick.C:
		}
	}
}
