package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

// Every partition is read once in scrubPeriod, whoever uses it or not, one at a
// time: bad blocks are found while other replicas are good, and an account that
// is not what is stored is put right before anti-entropy trusts it. Which
// partition is due follows from the clock alone, so that restarts do not start
// over.
//
// A MiB in scrubPause leaves the disk to those who wait for it.
const (
	scrubPeriod = 7 * 24 * time.Hour
	scrubPause  = 20 * time.Millisecond
)

// scrubDue is the partition whose turn it is.
func (s *Store) scrubDue() ring.Partition {
	slot := scrubPeriod.Milliseconds() / int64(s.opts.Partitions)
	return ring.Partition(s.now() / slot % int64(s.opts.Partitions))
}

// runScrub scrubs partitions as their turn comes. The one whose turn it is at
// the start was most likely scrubbed then.
func (s *Store) runScrub(ctx context.Context) {
	last := s.scrubDue()
	s.every(ctx, time.Minute, func() {
		due := s.scrubDue()
		if due == last || !s.Ready() {
			return
		}
		last = due
		repaired, err := s.scrub(ctx, due)
		switch {
		case err != nil && !errors.Is(err, ErrClosed):
			s.opts.Logger.Error("scrub met an error", "partition", due, "err", err)
		case repaired:
			s.opts.Logger.Error("merkle tree was not what is stored; put right", "partition", due)
		}
	})
}

// scrub reads a partition and compares it with its account. As in a rebuild, a
// second account begins at zero with a snapshot, and takes all changes from then
// on; with what the snapshot holds it must come to the same as the first.
func (s *Store) scrub(ctx context.Context, p ring.Partition) (repaired bool, err error) {
	if !s.guard.enter() {
		return false, ErrClosed
	}
	defer s.guard.leave()
	acc := s.accounts.of[p].Load()
	if acc == nil {
		return false, nil
	}
	s.stripes.lockAll()
	acc.shadow.Store(new(account))
	snapshot := s.db.NewSnapshot()
	s.stripes.unlockAll()
	defer acc.shadow.Store(nil)
	defer snapshot.Close() //nolint:errcheck // gives back memory

	r := rebuilding{store: s, snapshot: snapshot, next: int(p), recent: s.now() + expirySlack.Milliseconds()}
	lower, upper := partitionBounds(prefixObject, p)
	pause := time.NewTicker(scrubPause)
	defer pause.Stop()
	var rested int64
	for e, err := range s.chunks(snapshot, lower, upper) {
		if err == nil {
			err = r.add(e)
		}
		if err != nil {
			return false, fmt.Errorf("scrub: %w", err)
		}
		if r.bytes-rested < chunkBytes {
			continue
		}
		rested = r.bytes
		select {
		case <-ctx.Done():
			return false, nil
		case <-pause.C:
		}
	}
	s.stripes.lockAll()
	defer s.stripes.unlockAll()
	if s.accounts.of[p].Load() != acc {
		return false, nil // dropped meanwhile
	}
	right := acc.shadow.Load()
	r.addTo(right)
	if acc.equal(right) {
		return false, nil
	}
	s.accounts.of[p].Store(right)
	s.counters.repaired.Add(1)
	return true, nil
}
