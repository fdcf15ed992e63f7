package engine

import (
	"sync/atomic"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// partitionStats is what is known of a partition's objects without reading them: their
// counts and the leaves of their Merkle tree. All are sums (XOR, addition) over the
// objects. So a write adjusts them by what it takes away and what it adds, and a rebuild
// can add what lies on disk while writes go on.
//
// Only the holder of a key's stripe adds the key's object to the sums, or takes it out.
// Anybody may read them.
type partitionStats struct {
	live, total, bytes atomic.Int64
	valued             atomic.Int64 // objects with a value: live keys, and values that a newer deletion hides
	expiring           atomic.Int64 // live keys that expire
	expirySum          atomic.Int64 // of their expiries, in unix seconds
	dead               atomic.Int64 // objects without a value, which lie apart
	leaves             [Leaves]atomic.Uint64
	shadow             atomic.Pointer[partitionStats] // during a scrub: takes all changes as well
}

// statistics holds the statistics of every partition that has objects.
type statistics struct {
	db      *database
	of      []atomic.Pointer[partitionStats] // nil: the partition is empty
	ready   []atomic.Bool                    // the partition's statistics are complete
	newest  []newestEpochs                   // of all that was stored in a partition
	unready atomic.Int64                     // partitions yet to be rebuilt
	freed   atomic.Int64                     // bytes that writes took away since the reclaimer last did something
}

func newStatistics(db *database) *statistics {
	n := db.opts.Partitions
	s := &statistics{db: db, of: make([]atomic.Pointer[partitionStats], n), ready: make([]atomic.Bool, n), newest: make([]newestEpochs, n)}
	s.unready.Store(int64(n))
	return s
}

// at returns a partition's statistics, or nil if the partition is empty or does not exist.
func (s *statistics) at(p ring.Partition) *partitionStats {
	if int(p) >= len(s.of) {
		return nil
	}
	return s.of[p].Load()
}

// get returns a partition's statistics, and begins them if there are none.
func (s *statistics) get(p ring.Partition) *partitionStats {
	for {
		if stats := s.of[p].Load(); stats != nil {
			return stats
		}
		s.of[p].CompareAndSwap(nil, new(partitionStats))
	}
}

// objects counts the objects of all partitions.
func (s *statistics) objects() (n int64) {
	for p := range s.of {
		if stats := s.of[p].Load(); stats != nil {
			n += max(stats.total.Load(), 0)
		}
	}
	return n
}

// deadObjects counts the dead objects of all partitions.
func (s *statistics) deadObjects() (n int64) {
	for p := range s.of {
		if stats := s.of[p].Load(); stats != nil {
			n += max(stats.dead.Load(), 0)
		}
	}
	return n
}

// setReady marks a partition's statistics as complete.
func (s *statistics) setReady(p ring.Partition) {
	if s.ready[p].CompareAndSwap(false, true) {
		s.unready.Add(-1)
	}
}

// allReady reports whether the statistics of every partition are complete.
func (s *statistics) allReady() bool { return s.unready.Load() == 0 }

// bytes returns the size of all keys and objects.
func (s *statistics) bytes() (n int64) {
	for p := range s.of {
		if stats := s.of[p].Load(); stats != nil {
			n += max(stats.bytes.Load(), 0)
		}
	}
	return n
}

// mayBeDead reports whether a partition may hold a dead object of a key whose stripe the
// caller has locked. Under the lock the count includes the key's object.
func (s *statistics) mayBeDead(p ring.Partition) bool {
	if !s.isReady(p) {
		return true
	}
	stats := s.at(p)
	return stats != nil && stats.dead.Load() > 0
}

// isReady reports whether a partition's statistics are complete.
func (s *statistics) isReady(p ring.Partition) bool {
	return int(p) < len(s.ready) && s.ready[p].Load()
}

// changeOf returns what the change of an object's state from one to another does to the
// statistics of a partition.
func changeOf(p ring.Partition, hash uint64, from, to indexState) statsChange {
	return statsChange{
		partition: p, leaf: uint16(leafOf(hash)),
		live: to.live() - from.live(), total: to.total() - from.total(),
		valued:   to.valued() - from.valued(),
		expiring: to.expiring() - from.expiring(), expirySum: to.expirySum() - from.expirySum(),
		dead: to.dead() - from.dead(),
	}
}

// statsChange is what a write does to the statistics of its partition.
type statsChange struct {
	partition   ring.Partition
	leaf        uint16
	live, total int8
	valued      int8
	expiring    int8
	expirySum   int64
	dead        int8
	bytes       int64
	digest      object.Digest // old XOR new
}

// apply adds a change. The caller holds the stripe of the key.
func (s *statistics) apply(c statsChange) {
	stats := s.get(c.partition)
	stats.apply(c)
	if c.bytes < 0 {
		s.freed.Add(-c.bytes)
	}
	if shadow := stats.shadow.Load(); shadow != nil {
		shadow.apply(c)
	}
}

func (s *partitionStats) apply(c statsChange) {
	s.toggle(int(c.leaf), uint64(c.digest))
	if c.live != 0 {
		s.live.Add(int64(c.live))
	}
	if c.total != 0 {
		s.total.Add(int64(c.total))
	}
	if c.valued != 0 {
		s.valued.Add(int64(c.valued))
	}
	if c.expiring != 0 || c.expirySum != 0 {
		s.expiring.Add(int64(c.expiring))
		s.expirySum.Add(c.expirySum)
	}
	if c.dead != 0 {
		s.dead.Add(int64(c.dead))
	}
	if c.bytes != 0 {
		s.bytes.Add(c.bytes)
	}
}

// toggle adds the digest of an object to a leaf, or takes it out, or does both at once. The
// holders of other stripes of the leaf may do so at the same time.
func (s *partitionStats) toggle(leaf int, digests uint64) {
	for l := &s.leaves[leaf]; ; {
		if old := l.Load(); l.CompareAndSwap(old, old^digests) {
			return
		}
	}
}

// equal compares two statistics that nobody changes.
func (s *partitionStats) equal(other *partitionStats) bool {
	for i := range s.leaves {
		if s.leaves[i].Load() != other.leaves[i].Load() {
			return false
		}
	}
	return s.live.Load() == other.live.Load() && s.total.Load() == other.total.Load() &&
		s.valued.Load() == other.valued.Load() && s.bytes.Load() == other.bytes.Load() &&
		s.expiring.Load() == other.expiring.Load() && s.expirySum.Load() == other.expirySum.Load() &&
		s.dead.Load() == other.dead.Load()
}
