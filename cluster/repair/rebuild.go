package repair

import (
	"context"
	"time"

	"github.com/quorate/quorate/cluster/operation"
)

// rebuildTick is how often the progress of a rebuild is read.
const rebuildTick = 250 * time.Millisecond

// followRebuild lists the rebuild of the Merkle trees, which the store does by itself after a
// stop that was not clean, as an operation. It cannot be cancelled. unready counts the partitions
// whose tree is not complete.
func followRebuild(ctx context.Context, all *operation.Registry, unready func() int64) error {
	total := unready()
	if total == 0 {
		return nil
	}
	o := all.Begin(operation.Rebuild, "Merkle trees, after a stop that was not clean")
	tick := time.NewTicker(rebuildTick)
	defer tick.Stop()
	for {
		left := unready()
		o.Update(func(p *operation.Progress) { p.Partitions = operation.Amount{Done: total - left, Total: total} })
		if left == 0 {
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
