package engine

import (
	"cmp"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine/objectcache"
)

// Store is a node's storage. All methods are safe for concurrent use.
type Store struct {
	opts     Options
	db       *pebble.DB
	disk     *disk
	lock     *pebble.Lock
	health   health
	gate     *gate
	stripes  stripes
	accounts accounts
	epochs   epochs
	hints    hints
	objects  objectcache.Cache
	expiry   expiry
	rebuild  rebuild
	dropped  chan ring.Partition // partitions whose space waits for a compaction
	counters counters

	freshEpoch func() causal.Epoch // mintEpoch for the store proper, made once
	lacking    atomic.Bool         // see Lacking
	inflight   atomic.Int64        // commits that were not waited for yet
	unsynced   atomic.Bool         // Interval: something was written since the last fsync
	untilCheck atomic.Int64        // bytes to be written before the disk is asked for its space
	txns       sync.Pool
}

// Open opens the store in a directory, which is made if there is none.
//
// It returns [ErrLocked] if the directory is in use, [ErrOtherOwner] or
// [ErrOtherFormat] if it is not this node's, [ErrCorrupt] if it cannot be read.
func Open(o Options) (_ *Store, err error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o.setDefaults()
	s := &Store{
		opts:     o,
		gate:     newGate(),
		accounts: newAccounts(o.Partitions),
		objects:  objectcache.New(o.ObjectCacheBytes, o.Partitions),
		dropped:  make(chan ring.Partition, o.Partitions),
	}
	s.health.onFatal = o.OnFatal
	s.disk = newDisk(o.FS, &s.health)
	s.freshEpoch = func() causal.Epoch { return s.mintEpoch(0) }
	s.txns.New = func() any { return &txn{store: s} }
	if err := o.FS.MkdirAll(o.Dir, 0o750); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	if s.lock, err = pebble.LockDirectory(o.Dir, o.FS); err != nil {
		if isLockHeld(err) {
			return nil, fmt.Errorf("%s: %w by a running node", o.Dir, ErrLocked)
		}
		return nil, fmt.Errorf("lock data directory: %w", err)
	}
	if err := s.openPebble(); err != nil {
		return nil, errors.Join(fmt.Errorf("open store in %s: %w", o.Dir, err), s.lock.Close())
	}
	if err = s.trusted(); err == nil {
		err = cmp.Or(s.begin(), s.trusted())
	}
	if err != nil {
		s.disk.wind()
		return nil, errors.Join(fmt.Errorf("open store in %s: %w", o.Dir, err), s.shutDown())
	}
	s.health.opened.Store(true)
	return s, nil
}

// openPebble turns what Pebble can only panic about into an error.
func (s *Store) openPebble() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", ErrFatal, r)
		}
		if err != nil { // a failure of the disk may be what is behind it
			err = errors.Join(s.health.err(), err)
		}
	}()
	s.db, err = pebble.Open(s.opts.Dir, s.pebbleOptions(s.lock))
	if pebble.IsCorruptionError(err) {
		err = fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	s.disk.opened.Store(true)
	return err
}

// begin brings up what is kept in memory, and marks the directory as in use, in
// one durable batch: a crash before it leaves the last stop's word standing.
func (s *Store) begin() error {
	isNew, err := s.checkIdentity()
	if err != nil {
		return err
	}
	trees, clean, err := s.load(cleanKey)
	if err != nil {
		return err
	}
	if s.opts.LoseData {
		if err := s.loseData(); err != nil {
			return err
		}
		trees, clean = nil, false
	}
	if err := s.loadLacking(); err != nil {
		return err
	}
	b := s.db.NewBatch()
	defer b.Close()
	if isNew {
		if err := s.saveIdentity(b); err != nil {
			return err
		}
	}
	if err := s.loadEpochs(b, clean); err != nil {
		return err
	}
	if err := s.loadAccounts(b, len(trees) > 0 || isNew || s.opts.LoseData); err != nil {
		return err
	}
	if err := s.loadHints(); err != nil {
		return err
	}
	s.expiry.init(s.opts.Partitions, s.now())
	if err := b.Delete(cleanKey, nil); err != nil {
		return err
	}
	if err := s.db.Apply(b, pebble.Sync); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	switch {
	case s.opts.LoseData:
		s.opts.Logger.Warn("the data was given up: starting empty, with a new actor epoch")
	case !isNew && !clean:
		s.opts.Logger.Info("last stop was not clean: starting a new actor epoch, rebuilding merkle trees")
	}
	return nil
}

// closePatience is how long Close waits for operations under way before it gives
// up on a clean stop.
const (
	closePatience = time.Second
	forever       = time.Duration(1<<63 - 1)
)

// Close stops the store for a restart that finds everything in order: it saves
// the Merkle trees and waits until all is on disk. It returns the reason if that
// is not possible. Run must have returned, or be about to. Close must not be
// called from within an iteration.
func (s *Store) Close() error {
	if !s.gate.shut() {
		return nil
	}
	if !s.gate.wait(closePatience) {
		// Writers are stalled behind a disk that takes nothing.
		s.disk.freeze()
		s.disk.drain()
		s.gate.wait(forever)
	}
	s.rebuild.release()
	err := s.health.lastingErr()
	if err == nil {
		err = s.saveLast()
	}
	// All that matters is on disk now: what compactions are about to write is
	// not worth waiting for, and is forgotten as in a crash.
	s.disk.wind()
	return errors.Join(err, s.shutDown())
}

// saveLast ends a clean stop. Behind a flush that waits for space its batch may
// find no room in memory; then the stop is not clean.
func (s *Store) saveLast() error {
	saved := make(chan error, 1)
	go func() { saved <- s.saveAccounts() }()
	tick := time.NewTicker(closePatience)
	defer tick.Stop()
	for {
		select {
		case err := <-saved:
			if err == nil && s.disk.crashed.Load() {
				err = cmp.Or(s.health.err(), ErrClosed)
			}
			return err
		case <-tick.C:
			if s.health.err() != nil {
				s.disk.freeze()
				s.disk.drain()
			}
		}
	}
}

// Crash stops abruptly, as kill -9 would: nothing more is written, nothing is
// marked clean, what was not synced may be lost. The directory is free for
// another Open when it returns.
func (s *Store) Crash() {
	s.disk.freeze()
	if !s.gate.shut() {
		return
	}
	s.disk.drain()
	s.gate.wait(forever)
	s.rebuild.release()
	s.disk.wind()
	_ = s.shutDown() // Pebble may complain about what was cut off
}

// shutDown gives back what the process holds.
func (s *Store) shutDown() error {
	err := s.db.Close()
	if s.disk.crashed.Load() {
		err = nil
	}
	return errors.Join(err, s.lock.Close())
}

// trusted is nil if what was synced up to now really was.
func (s *Store) trusted() error {
	if !s.disk.crashed.Load() {
		return nil
	}
	if err := s.health.lastingErr(); err != nil {
		return err
	}
	return ErrClosed
}
