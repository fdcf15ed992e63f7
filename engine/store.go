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
	"github.com/quorate/quorate/engine/existence"
	"github.com/quorate/quorate/engine/objectcache"
)

// Store is a node's storage. It reads and writes objects itself, and hands out its parts
// for everything else. All methods are safe for concurrent use.
type Store struct {
	db      *database
	writer  *writer
	stats   *statistics
	epochs  *epochs
	objects objectcache.Cache
	reads   atomic.Int64 // since Open

	merkle     Merkle
	partitions Partitions
	hints      Hints
	tombstones Tombstones
	state      State
	diskLoss   DiskLoss
	clears     Clears

	sweeper    sweeper
	rebuild    rebuild
	existence  existenceBuilder
	scrubber   scrubber
	partsSweep partsSweep
	reclaimer  reclaimer
	background sync.WaitGroup // the goroutine of Run
	stopping   sync.WaitGroup // the goroutine of stop
}

// Merkle returns the Merkle trees of the partitions.
func (s *Store) Merkle() *Merkle { return &s.merkle }

// Partitions returns the counts of each partition, and drops partitions.
func (s *Store) Partitions() *Partitions { return &s.partitions }

// Hints returns the hints for other nodes.
func (s *Store) Hints() *Hints { return &s.hints }

// Tombstones returns the dead objects, and removes them.
func (s *Store) Tombstones() *Tombstones { return &s.tombstones }

// State returns the node's own small state.
func (s *Store) State() *State { return &s.state }

// DiskLoss tells whether the store may lack what the node has acknowledged.
func (s *Store) DiskLoss() *DiskLoss { return &s.diskLoss }

// Clears returns what removes everything at once.
func (s *Store) Clears() *Clears { return &s.clears }

// Incarnation names this start of the node: the first epoch that may be used in it.
// Starts of one directory have growing ones.
func (s *Store) Incarnation() causal.Epoch { return s.epochs.first }

// Outgrow makes all epochs from now on higher than those that a start of this node can
// have used which this directory does not know, and continues none from before. start
// is that start's [Store.Incarnation].
func (s *Store) Outgrow(start causal.Epoch) { s.epochs.outgrow(start) }

// Health returns nil, or the reason why writes are refused: [ErrReadOnly] for a full
// disk, [ErrCorrupt] (which is also ErrReadOnly) for bad blocks, [ErrFatal] for a failed
// write, [ErrClosed].
func (s *Store) Health() error {
	if s.db.guard.closed() {
		return ErrClosed
	}
	return s.db.health.Err()
}

// FillDisk makes the disk count as full until UnfillDisk or Close: writes are refused, and reads
// go on. It is for showing what a full disk leads to.
func (s *Store) FillDisk() { s.db.space.Fill() }

// UnfillDisk makes the disk count as it is.
func (s *Store) UnfillDisk() { s.db.space.Unfill() }

// Open opens the store in a directory, which is made if there is none.
//
// It returns [ErrLocked] if the directory is in use, [ErrOtherOwner] or
// [ErrOtherFormat] if it is not this node's, [ErrCorrupt] if it cannot be read.
func Open(o Options) (_ *Store, err error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o.setDefaults()
	s := newStore(o)
	if err := s.db.open(); err != nil {
		return nil, err
	}
	if err = s.db.checkSynced(); err == nil {
		err = cmp.Or(s.begin(), s.db.checkSynced())
	}
	if err != nil {
		s.db.disk.Closing()
		return nil, errors.Join(fmt.Errorf("open store in %s: %w", o.Dir, err), s.db.shutDown())
	}
	s.db.health.Announce()
	return s, nil
}

// newStore puts the parts of a store together, before Pebble is open.
func newStore(o Options) *Store {
	db := newDatabase(o)
	s := &Store{db: db, stats: newStatistics(db), epochs: newEpochs(db), objects: objectcache.New(o.ObjectCacheBytes, o.Partitions)}
	stripes := new(stripes)
	s.existence = existenceBuilder{db: db, filter: existence.New(existenceBytes), stats: s.stats, stripes: stripes}
	s.writer = &writer{
		db: db, stripes: stripes, stats: s.stats, objects: &s.objects, existence: s.existence.filter, epochs: s.epochs,
		hints: newHintCounts(), expiry: newExpiryTimes(o.Partitions), expired: newExpiryTimes(o.Partitions),
	}
	pacer := &pacer{db: db, operations: func() int64 { return s.reads.Load() + s.writer.records.Load() }}
	s.existence.pacer, s.rebuild.pacer, s.sweeper.pacer = pacer, pacer, pacer
	s.merkle.stats = s.stats
	s.partitions = Partitions{
		db: db, stats: s.stats, stripes: stripes, epochs: s.epochs, objects: &s.objects,
		reclaim: &s.reclaimer,
	}
	s.hints = Hints{db: db, writer: s.writer, counts: s.writer.hints}
	s.reclaimer = reclaimer{db: db, stats: s.stats, dropped: make(chan ring.Partition, o.Partitions)}
	s.clears.db, s.clears.writer, s.clears.stats, s.clears.stripes = db, s.writer, s.stats, stripes
	s.clears.epochs, s.clears.objects, s.clears.reclaim = s.epochs, &s.objects, &s.reclaimer
	s.state.db = db
	s.diskLoss.db = db
	s.tombstones.db, s.tombstones.writer = db, s.writer
	s.sweeper.db, s.sweeper.writer = db, s.writer
	s.rebuild.db, s.rebuild.stats, s.rebuild.stripes = db, s.stats, stripes
	s.scrubber.db, s.scrubber.stats, s.scrubber.stripes = db, s.stats, stripes
	s.partsSweep = partsSweep{db: db, stripes: stripes, pacer: pacer, start: func() uint64 { return uint64(s.epochs.first) }}
	return s
}

// begin loads what is kept in memory, and marks the directory as in use, in one durable
// batch. A crash before that batch leaves the mark of the last stop.
func (s *Store) begin() error {
	id, isNew, err := s.db.checkIdentity()
	if err != nil {
		return err
	}
	saved, clean, err := s.db.load(cleanStopKey)
	if err != nil {
		return err
	}
	if s.db.opts.LoseData {
		if err := s.diskLoss.discard(); err != nil {
			return err
		}
		saved, clean = nil, false
	}
	if id.outdated() {
		if err := s.db.upgrade(id); err != nil {
			return err
		}
	}
	if err := s.diskLoss.load(); err != nil {
		return err
	}
	b := s.db.pebble.NewBatch()
	defer b.Close()
	if isNew {
		if err := s.db.saveIdentity(b, upgraded); err != nil {
			return err
		}
	}
	if err := s.epochs.load(b); err != nil {
		return err
	}
	if err := s.clears.load(); err != nil {
		return err
	}
	complete := len(saved) > 0 || isNew || s.db.opts.LoseData
	if complete {
		if complete, err = s.stats.load(b, id.outdated()); err != nil {
			return err
		}
	}
	if !complete {
		s.rebuild.begin()
	} else if err := s.existence.begin(); err != nil {
		return err
	}
	if err := s.hints.load(); err != nil {
		return err
	}
	if err := s.sweeper.load(); err != nil {
		return err
	}
	s.writer.expiry.begin(s.db.now())
	if err := b.Delete(cleanStopKey, nil); err != nil {
		return err
	}
	if err := s.db.pebble.Apply(b, pebble.Sync); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	s.epochs.passBound(s.clears.Current().Below(s.db.opts.Self))
	switch {
	case s.db.opts.LoseData:
		s.db.opts.Logger.Warn("the data is discarded, as was asked: starting empty")
	case !isNew && !clean:
		s.db.opts.Logger.Info("last stop was not clean: rebuilding merkle trees")
	}
	return nil
}
