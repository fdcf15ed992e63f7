package engine

import (
	"cmp"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine/failstop"
	"github.com/quorate/quorate/engine/objectcache"
)

// Store is a node's storage. All methods are safe for concurrent use.
type Store struct {
	opts     Options
	db       *pebble.DB
	disk     *failstop.FS
	lock     *pebble.Lock
	health   *failstop.Health
	space    *failstop.Space
	guard    *closeGuard
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
	stopping   sync.WaitGroup      // the goroutine of stop
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
		guard:    newCloseGuard(),
		health:   failstop.NewHealth(o.OnFatal),
		accounts: newAccounts(o.Partitions),
		objects:  objectcache.New(o.ObjectCacheBytes, o.Partitions),
		dropped:  make(chan ring.Partition, o.Partitions),
	}
	s.disk = failstop.New(o.FS, s.health)
	s.space = failstop.NewSpace(o.FS, o.Dir, o.ReserveBytes, s.health, o.Logger)
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
		s.disk.Closing()
		return nil, errors.Join(fmt.Errorf("open store in %s: %w", o.Dir, err), s.shutDown())
	}
	s.health.Announce()
	return s, nil
}

// openPebble turns what Pebble can only panic about into an error.
func (s *Store) openPebble() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", ErrFatal, r)
		}
		if err != nil { // a failure of the disk may be what is behind it
			err = errors.Join(s.health.Err(), err)
		}
	}()
	s.db, err = pebble.Open(s.opts.Dir, s.pebbleOptions(s.lock))
	if pebble.IsCorruptionError(err) {
		err = fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	s.disk.Opened()
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
