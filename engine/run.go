package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// upkeepEvery is how often the sweep, the lease and the disk's space are seen to.
const upkeepEvery = time.Second

// Run does the store's background work until ctx ends or the store is closed. It
// is to be called once. Without it nothing is synced under Interval, nothing
// expires from the counts, and trees are not rebuilt.
func (s *Store) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	var rebuilt error
	wg.Go(func() { rebuilt = s.runRebuild(ctx) })
	wg.Go(func() { s.runReclaim(ctx) })
	wg.Go(func() { s.runScrub(ctx) })
	if s.opts.Durability == Interval {
		wg.Go(func() { s.every(ctx, s.opts.SyncEvery, s.syncNow) })
	}
	s.every(ctx, upkeepEvery, func() { s.upkeep(ctx) })
	cancel()
	wg.Wait()
	return rebuilt
}

// every calls f at intervals until ctx ends or the store is closed.
func (s *Store) every(ctx context.Context, interval time.Duration, f func()) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.guard.closing:
			return
		case <-tick.C:
			f()
		}
	}
}

// syncNow makes everything written so far safe.
func (s *Store) syncNow() {
	if !s.guard.enter() {
		return
	}
	defer s.guard.leave()
	if !s.unsynced.Swap(false) || s.health.LastingErr() != nil {
		return
	}
	s.counters.syncs.Add(1)
	if err := s.db.LogData(nil, pebble.Sync); err != nil {
		s.health.Fail(fmt.Errorf("%w: sync: %w", ErrFatal, err))
		s.disk.Freeze()
	}
}

func (s *Store) upkeep(ctx context.Context) {
	if !s.guard.enter() {
		return
	}
	defer s.guard.leave()
	if s.health.LastingErr() != nil {
		return
	}
	s.space.Check()
	s.renewLease()
	if _, err := s.sweep(ctx, s.now()); err != nil && !errors.Is(err, ErrClosed) {
		s.opts.Logger.Warn("expiry sweep stopped, will go on", "err", err)
	}
}

func (s *Store) runReclaim(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.guard.closing:
			return
		case p := <-s.dropped:
			if err := s.reclaim(ctx, p); err != nil {
				s.opts.Logger.Warn("space of a dropped partition will come back later", "partition", p, "err", err)
			}
		}
	}
}

func (s *Store) now() int64 { return s.opts.Now().UnixMilli() }
