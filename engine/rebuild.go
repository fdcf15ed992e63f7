package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/quorate/quorate/cluster/core/ring"
)

// rebuild makes the statistics complete after a stop that was not clean, beside the
// running writes:
//
//  1. Before the first write, a snapshot of the store is taken, and all statistics begin
//     at zero. Writes apply their changes from then on.
//  2. The snapshot is read once, and what it holds of a partition is added to the
//     partition's statistics. They are sums, so the order does not matter: what the
//     snapshot holds, plus all changes since, is what is stored.
//  3. The partition is ready. A partition that was dropped meanwhile is ready at once,
//     and what the snapshot held of it is skipped.
type rebuild struct {
	db       *database
	stats    *statistics
	stripes  *stripes
	pacer    *pacer
	snapshot heldSnapshot // none when there is nothing to rebuild
}

// begin takes the snapshot, before the first write.
func (r *rebuild) begin() { r.snapshot.take(r.db.pebble) }

// run completes the statistics of every partition, if they are not complete.
func (r *rebuild) run(ctx context.Context) error {
	snapshot := r.snapshot.get()
	if snapshot == nil {
		return nil
	}
	started := r.db.opts.Now()
	sum := newRecount(r.db, snapshot)
	next := 0 // the partition that is being summed up; those below are ready
	pace := r.pacer.begin()
	for e, err := range r.db.everyObject(snapshot, func() { pace.pause(ctx) }) {
		if errors.Is(err, ErrClosed) || ctx.Err() != nil {
			return nil // the next start begins again
		}
		if err != nil {
			return fmt.Errorf("rebuild merkle trees: %w", err)
		}
		p, _, _, ok := splitObjectKey(e.key)
		if !ok || int(p) >= r.db.opts.Partitions {
			return fmt.Errorf("rebuild merkle trees: %w", r.db.corrupt("key", fmt.Errorf("%x", e.key)))
		}
		next = r.finish(sum, next, int(p))
		if err := sum.add(e); err != nil {
			return fmt.Errorf("rebuild merkle trees: %w", err)
		}
	}
	r.finish(sum, next, r.db.opts.Partitions)
	if !r.db.guard.enter() {
		return nil
	}
	defer r.db.guard.leave()
	r.snapshot.release()
	r.db.opts.Logger.Info("merkle trees rebuilt", "keys", sum.keys, "took", r.db.opts.Now().Sub(started))
	return nil
}

// finish completes the partitions from..before-1. The first of them is summed up; the
// snapshot holds nothing of the others. It returns the partition to go on with.
func (r *rebuild) finish(sum *recount, from, before int) (next int) {
	for ; from < before; from++ {
		p := ring.Partition(from)
		if sum.total == 0 {
			r.stats.setReady(p)
			continue
		}
		r.stripes.lockAll()
		if !r.stats.isReady(p) {
			sum.addTo(r.stats.get(p))
			r.stats.newest[p].join(sum.newest.clear())
			if sum.newest.more.Load() {
				r.stats.newest[p].more.Store(true)
			}
			r.stats.setReady(p)
		}
		r.stripes.unlockAll()
		sum.reset()
	}
	return from
}
