package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// Each MiB that a scrub reads is followed by a pause of scrubPause, which leaves the disk
// to requests.
const (
	scrubPeriod = 7 * 24 * time.Hour
	scrubPause  = 20 * time.Millisecond
)

// scrubber reads every partition once in scrubPeriod, one at a time. So bad blocks are
// found while other replicas are good, and wrong statistics are corrected before
// anti-entropy relies on them. Which partition is due follows from the clock alone, so
// that a restart does not begin from the first again.
type scrubber struct {
	db       *database
	stats    *statistics
	stripes  *stripes
	repaired atomic.Int64 // partitions whose statistics were wrong
}

// due returns the partition whose turn it is.
func (s *scrubber) due() ring.Partition {
	turn := scrubPeriod.Milliseconds() / int64(s.db.opts.Partitions)
	return ring.Partition(s.db.now() / turn % int64(s.db.opts.Partitions))
}

// run scrubs partitions as their turn comes. It skips the one whose turn it is at the
// start, which most likely was scrubbed before.
func (s *scrubber) run(ctx context.Context) {
	last := s.due()
	s.db.every(ctx, time.Minute, func() {
		due := s.due()
		if due == last || !s.stats.allReady() {
			return
		}
		last = due
		repaired, err := s.scrub(ctx, due)
		switch {
		case err != nil && !errors.Is(err, ErrClosed):
			s.db.opts.Logger.Error("a partition could not be checked", "partition", due, "err", err)
		case repaired:
			s.db.opts.Logger.Error("the merkle tree of a partition did not match its objects: it is corrected", "partition", due)
		}
	})
}

// scrub reads a partition and compares it with its statistics. As in a rebuild, second
// statistics begin at zero with a snapshot, and take all changes from then on; together
// with what the snapshot holds they must equal the first.
func (s *scrubber) scrub(ctx context.Context, p ring.Partition) (repaired bool, err error) {
	if !s.db.guard.enter() {
		return false, ErrClosed
	}
	defer s.db.guard.leave()
	stats := s.stats.at(p)
	if stats == nil {
		return false, nil
	}
	s.stripes.lockAll()
	stats.shadow.Store(new(partitionStats))
	snapshot := s.db.pebble.NewSnapshot()
	s.stripes.unlockAll()
	defer stats.shadow.Store(nil)
	defer snapshot.Close() //nolint:errcheck // gives back memory

	sum := newRecount(s.db, snapshot)
	if done, err := s.read(ctx, p, sum); err != nil || !done {
		return false, err
	}
	s.stripes.lockAll()
	defer s.stripes.unlockAll()
	if s.stats.at(p) != stats {
		return false, nil // dropped meanwhile
	}
	right := stats.shadow.Load()
	sum.addTo(right)
	if stats.equal(right) {
		return false, nil
	}
	s.stats.of[p].Store(right)
	s.repaired.Add(1)
	return true, nil
}

// read sums up a partition at a limited rate. It reports whether it came to the end
// before ctx did.
func (s *scrubber) read(ctx context.Context, p ring.Partition, sum *recount) (done bool, err error) {
	lower, upper := partitionBounds(prefixObject, p)
	pause := time.NewTicker(scrubPause)
	defer pause.Stop()
	var pausedAt int64
	for e, err := range s.db.objectChunks(sum.snapshot, lower, upper) {
		if err == nil {
			err = sum.add(e)
		}
		if err == nil && isSplit(e.value) {
			err = s.readParts(ctx, pause, sum.snapshot, e)
		}
		if err == nil && isSpread(e.value) {
			err = s.readCells(sum.snapshot, e)
		}
		if err != nil {
			return false, fmt.Errorf("scrub: %w", err)
		}
		if sum.bytes-pausedAt < chunkBytes {
			continue
		}
		pausedAt = sum.bytes
		select {
		case <-ctx.Done():
			return false, nil
		case <-pause.C:
		}
	}
	return true, nil
}

// readParts reads the parts of an object, and compares them with its digest.
func (s *scrubber) readParts(ctx context.Context, pause *time.Ticker, from pebble.Reader, e chunkEntry) error {
	p, hash32, key, _ := splitObjectKey(e.key)
	r, err := s.db.parseSplit(partsPlace{partition: p, hash: uint64(hash32) << 32}, e.value)
	if err != nil {
		return err
	}
	var d xxhash.Digest
	d.ResetWithSeed(uint64(object.SeedOf(key)))
	var at []byte
	for i := range r.parts() {
		at = r.appendPart(at[:0], i)
		v, c, err := from.Get(at)
		if err != nil {
			return s.db.corrupt("part of an object", err)
		}
		_, _ = d.Write(v) // it never fails
		if err := c.Close(); err != nil {
			return s.db.readError("read a part of an object", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-pause.C:
		}
	}
	if object.Digest(d.Sum64()) == r.digest {
		return nil
	}
	whole, err := s.db.readWhole(from, &r, nil) // with elements it has another digest
	if err == nil && object.SeedOf(key).Digest(whole) != r.digest {
		err = s.db.corrupt("split object", errors.New("its parts do not match its digest"))
	}
	return err
}

// readCells reads the cells of a spread object, and compares them with its totals and its digest.
func (s *scrubber) readCells(from pebble.Reader, e chunkEntry) error {
	p, _, key, _ := splitObjectKey(e.key)
	r, err := s.db.parseSpread(e.value)
	if err != nil {
		return err
	}
	if _, err := (cellsPlace{partition: p, hash: hashOf(key), key: key}).collect(s.db, from, &r); err != nil {
		return err
	}
	if object.SeedOf(key).DigestOfHead(bytes.Clone(r.head), r.total.Sum) != r.digest {
		return s.db.corrupt("spread object", errors.New("its elements do not match its digest"))
	}
	return nil
}
