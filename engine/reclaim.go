package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

const (
	// reclaimEvery is how often the reclaimer looks whether there is something to flush.
	reclaimEvery = 10 * time.Second
	// reclaimTicks is for how many of those looks it leaves a flush to the writes that come.
	reclaimTicks = 3
	// reclaimLeast is for how many bytes a flush is worth it.
	reclaimLeast = 1 << 20
	// reclaimPart is which part of what is stored, one in so many bytes, must be gone for
	// compactions to be worth it: they write the rest again.
	reclaimPart = 4
	// reclaimPause lies between the compactions of two partitions, and leaves the disk to
	// requests.
	reclaimPause = 20 * time.Millisecond
)

// reclaimer gives the space of what is not stored any more back to the disk. It compacts
// dropped partitions at once. What single writes take away, by a deletion or by stripping,
// goes with the compactions that later writes cause. On a node with few writes there are
// none for a long time:
//
//  1. If there was no flush for a while, the reclaimer flushes the memtable.
//  2. If a good part of all was taken away, it compacts all partitions as well. For each
//     byte that was taken away five are written at most, and fewer the more it was.
type reclaimer struct {
	db      *database
	stats   *statistics
	dropped chan ring.Partition // partitions whose space waits for a compaction

	// Used by run only.
	flushes int64 // of all time, when it looked last
	waited  int   // looks since then that found something to flush
}

// drop asks for the space of a dropped partition.
func (r *reclaimer) drop(p ring.Partition) {
	select {
	case r.dropped <- p:
	default: // the queue holds as many as there are partitions, so it holds this one
	}
}

// run reclaims space, one partition after another.
func (r *reclaimer) run(ctx context.Context) {
	tick := time.NewTicker(reclaimEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.db.guard.closing:
			return
		case p := <-r.dropped:
			if err := r.compact(ctx, p); err != nil {
				r.db.opts.Logger.Warn("space of a dropped partition is not freed yet", "partition", p, "err", err)
			}
		case <-tick.C:
			if err := r.look(ctx); err != nil {
				r.db.opts.Logger.Warn("space of deleted data is not freed yet", "err", err)
			}
		}
	}
}

// look takes the two steps if it is time.
func (r *reclaimer) look(ctx context.Context) error {
	if r.stats.freed.Load() < reclaimLeast || r.db.enter() != nil {
		return nil
	}
	defer r.db.guard.leave()
	if flushes := r.db.pebble.Metrics().Flush.Count; flushes != r.flushes { // the writes have caused one
		r.flushes, r.waited = flushes, 0
	}
	if r.waited++; r.waited <= reclaimTicks {
		return nil
	}
	r.waited = 0
	freed := r.stats.freed.Swap(0)
	if err := r.db.pebble.Flush(); err != nil || freed < r.stats.bytes()/reclaimPart {
		return err
	}
	pause := time.NewTicker(reclaimPause)
	defer pause.Stop()
	for p := range r.db.opts.Partitions {
		if err := r.compact(ctx, ring.Partition(p)); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-r.db.guard.closing:
			return nil
		case <-pause.C:
		}
	}
	return nil
}

// compact compacts the files that hold a partition, so that the space of what was removed
// comes back now and not when later writes cause a compaction.
func (r *reclaimer) compact(ctx context.Context, p ring.Partition) error {
	if r.db.enter() != nil {
		return nil
	}
	defer r.db.guard.leave()
	for _, prefix := range partitionPrefixes {
		from, to := partitionBounds(prefix, p)
		if err := r.db.pebble.Compact(ctx, from, to, false); err != nil && ctx.Err() == nil {
			return fmt.Errorf("reclaim partition %d: %w", p, err)
		}
	}
	return nil
}
