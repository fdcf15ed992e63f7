package engine

import (
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
)

type counters struct {
	records, batches, reads    atomic.Int64
	expired, reaped, repaired  atomic.Int64
	hintsRefused, hintsExpired atomic.Int64
	syncs, stalls              atomic.Int64
}

// Metrics is a reading of the store's gauges and of its counters since Open.
type Metrics struct {
	Records, Batches, Reads    int64 // records applied, in so many batches; objects read
	Expired, Reaped            int64 // objects that expired; that were removed
	CacheHits, CacheMisses     int64 // lookups in the object cache
	CachedBytes                int64 // that the object cache holds
	HintsRefused, HintsExpired int64 // for lack of room; for their age
	HintsStored                int64 // that came; a newer version of one is none
	HintBytes                  int64 // now
	Syncs, Stalls              int64 // periodic fsyncs; times that writes waited for compactions
	UnreadyPartitions          int64 // Merkle trees yet to be rebuilt
	Repaired                   int64 // Merkle trees that a scrub found wrong
	DiskBytes                  int64 // all that the store occupies
	Pebble                     *pebble.Metrics
}

// Metrics reads them. Pebble is nil once the store is closed.
func (s *Store) Metrics() Metrics {
	c := &s.counters
	m := Metrics{
		Records: c.records.Load(), Batches: c.batches.Load(), Reads: c.reads.Load(),
		Expired: c.expired.Load(), Reaped: c.reaped.Load(),
		HintsRefused: c.hintsRefused.Load(), HintsExpired: c.hintsExpired.Load(),
		HintsStored: s.hints.stored.Load(), HintBytes: s.hints.bytes.Load(),
		Syncs: c.syncs.Load(), Stalls: c.stalls.Load(),
		Repaired:          c.repaired.Load(),
		UnreadyPartitions: s.accounts.unready.Load(),
	}
	m.CacheHits, m.CacheMisses, m.CachedBytes = s.objects.Stats()
	if s.guard.enter() {
		defer s.guard.leave()
		m.Pebble = s.db.Metrics()
		m.DiskBytes = int64(m.Pebble.DiskSpaceUsage())
	}
	return m
}
