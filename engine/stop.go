package engine

import (
	"cmp"
	"errors"
	"fmt"
	"time"
)

// closePatience is how long a stop waits for operations under way before it gives up
// that it will be clean.
const closePatience = time.Second

// Close stops the store for a restart that finds everything in order: it saves
// the Merkle trees and waits until all is on disk. It returns the reason if that
// is not possible. Run must have returned, or be about to. Close must not be
// called from within an iteration.
//
// If the disk neither succeeds nor fails, Close returns [ErrFatal] after
// Options.CloseTimeout. The directory then stays locked until the disk answers or the
// process ends, because the operation under way may still change it.
func (s *Store) Close() error {
	if !s.guard.close() {
		return nil
	}
	return s.stop(s.closeCleanly)
}

// Crash stops abruptly, as kill -9 would: nothing more is written, nothing is
// marked clean, what was not synced may be lost. The directory is free for
// another Open when it returns, unless the disk hangs as described at Close.
func (s *Store) Crash() {
	s.disk.Freeze()
	if !s.guard.close() {
		return
	}
	if err := s.stop(s.abandon); err != nil {
		s.opts.Logger.Error("store did not stop", "err", err)
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
	deadline := time.NewTimer(s.opts.CloseTimeout)
	defer deadline.Stop()
	tick := time.NewTicker(closePatience)
	defer tick.Stop()
	for {
		select {
		case err := <-stopped:
			s.stopping.Wait()
			return err
		case <-tick.C:
			if s.health.Err() != nil {
				s.disk.Freeze()
				s.disk.Release()
			}
		case <-deadline.C:
			s.disk.Freeze()
			s.disk.Release()
			err := fmt.Errorf("%w: the disk has not answered for %v; %s stays locked until it does", ErrFatal, s.opts.CloseTimeout, s.opts.Dir)
			return errors.Join(s.health.LastingErr(), err)
		}
	}
}

// closeCleanly is the steps of Close.
func (s *Store) closeCleanly() error {
	if !s.guard.waitFor(closePatience) {
		// Writers are stalled behind a disk that takes nothing.
		s.disk.Freeze()
		s.disk.Release()
		s.guard.wait()
	}
	s.rebuild.release()
	err := s.health.LastingErr()
	if err == nil {
		err = s.saveLast()
	}
	// All that matters is on disk now: what compactions are about to write is
	// not worth waiting for, and is forgotten as in a crash.
	s.disk.Closing()
	return errors.Join(err, s.shutDown())
}

// saveLast writes what a clean stop saves. Behind a flush that waits for space its batch
// may find no room in memory until stop frees it; then the stop is not clean.
func (s *Store) saveLast() error {
	err := s.saveAccounts()
	if err == nil && s.disk.Frozen() {
		err = cmp.Or(s.health.Err(), ErrClosed)
	}
	return err
}

// abandon is the steps of Crash.
func (s *Store) abandon() error {
	s.disk.Release()
	s.guard.wait()
	s.rebuild.release()
	s.disk.Closing()
	_ = s.shutDown() // Pebble may complain about what was cut off
	return nil
}

// shutDown gives back what the process holds.
func (s *Store) shutDown() error {
	err := s.db.Close()
	if s.disk.Frozen() {
		err = nil
	}
	return errors.Join(err, s.lock.Close())
}

// trusted returns nil if what was synced up to now really was.
func (s *Store) trusted() error {
	if !s.disk.Frozen() {
		return nil
	}
	if err := s.health.LastingErr(); err != nil {
		return err
	}
	return ErrClosed
}
