package engine

import (
	"cmp"
	"errors"
	"fmt"
	"time"
)

// operationsTimeout is how long Close waits for operations under way before it gives up a
// clean stop.
const operationsTimeout = time.Second

// Close stops the store for a restart that finds everything in order: it saves
// the Merkle trees and waits until all is on disk. It returns the reason if that
// is not possible. Run must have returned, or be about to. Close must not be
// called from within an iteration.
//
// If the disk neither succeeds nor fails, Close returns [ErrFatal] after
// Options.CloseTimeout. The directory then stays locked until the disk answers or the
// process ends, because the operation under way may still change it.
func (s *Store) Close() error {
	if !s.db.guard.close() {
		return nil
	}
	return s.stop(s.closeCleanly)
}

// Crash stops abruptly, as kill -9 would: nothing more is written, nothing is
// marked clean, what was not synced may be lost. The directory is free for
// another Open when it returns, unless the disk hangs as described at Close.
func (s *Store) Crash() {
	s.db.disk.Freeze()
	if !s.db.guard.close() {
		return
	}
	if err := s.stop(s.abandon); err != nil {
		s.db.opts.Logger.Error("store did not stop", "err", err)
	}
}

// stop runs the steps of a stop and waits for them, at most for Options.CloseTimeout. It
// frees steps that are stalled behind a disk that takes nothing.
//
// The goroutine that runs the steps belongs to the store. Nothing can end it while an
// operation of the disk hangs, so that stop leaves it behind after the timeout.
func (s *Store) stop(steps func() error) error {
	stopped := make(chan error, 1)
	s.stopping.Go(func() { stopped <- steps() })
	deadline := time.NewTimer(s.db.opts.CloseTimeout)
	defer deadline.Stop()
	tick := time.NewTicker(operationsTimeout)
	defer tick.Stop()
	for {
		select {
		case err := <-stopped:
			s.stopping.Wait()
			return err
		case <-tick.C:
			if s.db.health.Err() != nil {
				s.db.disk.Freeze()
				s.db.disk.Release()
			}
		case <-deadline.C:
			s.db.disk.Freeze()
			s.db.disk.Release()
			err := fmt.Errorf("%w: the disk has not answered for %v; %s stays locked until it does", ErrFatal, s.db.opts.CloseTimeout, s.db.opts.Dir)
			return errors.Join(s.db.health.LastingErr(), err)
		}
	}
}

// closeCleanly carries out the steps of Close.
func (s *Store) closeCleanly() error {
	if !s.db.guard.waitFor(operationsTimeout) {
		// Writers are stalled behind a disk that takes nothing.
		s.db.disk.Freeze()
		s.db.disk.Release()
		s.db.guard.wait()
	}
	s.releaseSnapshots()
	err := s.db.health.LastingErr()
	if err == nil {
		err = s.saveLast()
	}
	// All that matters is on disk now: what compactions are about to write is
	// not worth waiting for, and is forgotten as in a crash.
	s.db.disk.Closing()
	return errors.Join(err, s.db.shutDown())
}

// releaseSnapshots closes what background work has left open. No operation is inside the
// guard.
func (s *Store) releaseSnapshots() {
	s.rebuild.snapshot.release()
	s.existence.snapshot.release()
}

// saveLast writes what a clean stop saves. Behind a flush that waits for space its batch
// may find no room in memory until stop frees it; then the stop is not clean.
func (s *Store) saveLast() error {
	err := s.stats.save()
	if err == nil && s.db.disk.Frozen() {
		err = cmp.Or(s.db.health.Err(), ErrClosed)
	}
	return err
}

// abandon carries out the steps of Crash.
func (s *Store) abandon() error {
	s.db.disk.Release()
	s.db.guard.wait()
	s.releaseSnapshots()
	s.db.disk.Closing()
	_ = s.db.shutDown()
	return nil
}
