package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// maintainEvery is how often the lease of epochs and the disk's space are looked after, and
// expired objects.
const maintainEvery = time.Second

// Run does the store's background work until ctx ends or the store is closed. It
// is to be called once. Without it nothing is synced under Interval, nothing
// expires from the counts, and neither trees nor the existence filter are built.
//
// If the disk neither succeeds nor fails, Run returns [ErrFatal] after
// Options.CloseTimeout. Nothing can end the goroutine whose operation hangs, so that Run
// leaves it behind; Close or Crash must follow.
func (s *Store) Run(ctx context.Context) error {
	done := make(chan error, 1)
	s.background.Go(func() { done <- s.work(ctx) })
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	case <-s.db.guard.closing:
	}
	deadline := time.NewTimer(s.db.opts.CloseTimeout)
	defer deadline.Stop()
	select {
	case err := <-done:
		return err
	case <-deadline.C:
		return fmt.Errorf("%w: the disk has not answered the store's background work for %v", ErrFatal, s.db.opts.CloseTimeout)
	}
}

// work does the background work of Run.
func (s *Store) work(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	var rebuilt error
	wg.Go(func() {
		if rebuilt = s.rebuild.run(ctx); rebuilt == nil {
			s.clears.finish(ctx)
			s.existence.run(ctx)
		}
	})
	wg.Go(func() { s.partsSweep.run(ctx) })
	wg.Go(func() { s.reclaimer.run(ctx) })
	wg.Go(func() { s.scrubber.run(ctx) })
	wg.Go(func() { s.db.every(ctx, maintainEvery, func() { s.expire(ctx) }) })
	if s.db.opts.Durability == Interval {
		wg.Go(func() { s.db.every(ctx, s.db.opts.SyncEvery, s.writer.syncNow) })
	}
	s.db.every(ctx, maintainEvery, s.maintain)
	cancel()
	wg.Wait()
	return rebuilt
}

// every calls f at intervals until ctx ends or the store is closed.
func (d *database) every(ctx context.Context, interval time.Duration, f func()) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.guard.closing:
			return
		case <-tick.C:
			f()
		}
	}
}

// syncNow makes everything written so far safe.
func (w *writer) syncNow() {
	if !w.db.guard.enter() {
		return
	}
	defer w.db.guard.leave()
	if !w.unsynced.Swap(false) || w.db.health.LastingErr() != nil {
		return
	}
	w.syncs.Add(1)
	if err := w.db.pebble.LogData(nil, pebble.Sync); err != nil {
		w.db.health.Fail(fmt.Errorf("%w: sync: %w", ErrFatal, err))
		w.db.disk.Freeze()
	}
}

// maintain checks the disk's space and renews the lease of epochs.
func (s *Store) maintain() {
	if s.db.enter() != nil {
		return
	}
	defer s.db.guard.leave()
	s.db.space.Check()
	s.epochs.renewLease()
}

// expire sweeps what has expired. It is no part of maintain, which must not wait until a long
// sweep ends.
func (s *Store) expire(ctx context.Context) {
	if s.db.health.LastingErr() != nil {
		return
	}
	if _, err := s.sweeper.sweep(ctx, s.db.now()); err != nil && !errors.Is(err, ErrClosed) {
		s.db.opts.Logger.Warn("expired objects were not all found, will be tried again", "err", err)
	}
}
