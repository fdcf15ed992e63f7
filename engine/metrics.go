package engine

import "github.com/cockroachdb/pebble/v2"

// Metrics is a reading of the store's gauges and of its counters since Open.
type Metrics struct {
	Records, Batches, Reads    int64 // records applied; batches that held them; objects read
	Expired, Reaped            int64 // objects that expired; dead objects that were removed
	Dead, DeadFreed            int64 // dead objects now; bytes of the keys and objects that were removed
	CacheHits, CacheMisses     int64 // lookups in the object cache
	CachedBytes                int64 // bytes that the object cache holds
	ExistenceKeys              int64 // keys that the existence filter holds, about; 0 until it is built
	ExistenceBytes             int64 // memory of the existence filter
	ExistenceFalsePositives    int64 // absent keys that the existence filter did not know to be absent
	HintsRefused, HintsExpired int64 // for lack of room; for their age
	HintsStored                int64 // hints that came, without newer versions of hints
	HintBytes                  int64 // now
	Syncs, Stalls              int64 // periodic fsyncs; times that writes waited for compactions
	UnreadyPartitions          int64 // Merkle trees yet to be rebuilt
	Repaired                   int64 // Merkle trees that a scrub found wrong
	InDoubt                    int64 // 1 while the store may lack what the node has acknowledged
	DiskBytes                  int64 // space that the whole store occupies
	DiskFree                   int64 // space that is free on its disk, as of some seconds ago; 0: not known
	Pebble                     *pebble.Metrics
}

// Metrics reads the gauges and counters. Pebble is nil once the store is closed.
func (s *Store) Metrics() Metrics {
	w := s.writer
	m := Metrics{
		Records: w.records.Load(), Batches: w.batches.Load(), Reads: s.reads.Load(),
		Expired: s.sweeper.expired.Load(), Reaped: s.tombstones.reaped.Load(),
		Dead: s.stats.deadObjects(), DeadFreed: s.tombstones.freed.Load(),
		HintsRefused: w.hints.refused.Load(), HintsExpired: w.hints.expired.Load(),
		HintsStored: w.hints.stored.Load(), HintBytes: w.hints.bytes.Load(),
		Syncs: w.syncs.Load(), Stalls: s.db.stalls.Load(),
		Repaired:          s.scrubber.repaired.Load(),
		UnreadyPartitions: s.stats.unready.Load(), DiskFree: s.db.space.Free(),
	}
	if s.diskLoss.Unrepaired() {
		m.InDoubt = 1
	}
	exists := s.existence.filter.Stats()
	m.ExistenceKeys, m.ExistenceBytes, m.ExistenceFalsePositives = exists.Keys, exists.Bytes, exists.FalsePositives
	m.CacheHits, m.CacheMisses, m.CachedBytes = s.objects.Stats()
	if s.db.guard.enter() {
		defer s.db.guard.leave()
		m.Pebble = s.db.pebble.Metrics()
		m.DiskBytes = diskBytes(m.Pebble)
	}
	return m
}

// diskBytes returns what the store takes up on disk. Pebble knows the size of a log only when
// the log is full; until then it knows what was written to it.
func diskBytes(m *pebble.Metrics) int64 {
	open := max(m.WAL.Size, m.WAL.PhysicalSize) - m.WAL.PhysicalSize
	return int64(m.DiskSpaceUsage() + open)
}
