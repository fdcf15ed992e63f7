package peer

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// Bounds of Patience, and what it is until enough is known.
const (
	leastPatience   = 20 * time.Millisecond
	mostPatience    = 500 * time.Millisecond
	defaultPatience = 100 * time.Millisecond
	patienceFactor  = 3  // times the recent p99
	knownAfter      = 20 // samples
)

// latencies is a decaying histogram of how long a peer takes: two buckets for
// each doubling from 32 us up. Counts are halved at each estimate, so that what
// is half a minute old hardly counts.
type latencies struct {
	buckets [latencyBuckets]atomic.Uint32
}

const (
	latencyBuckets = 36
	latencyShift   = 15 // 2^15 ns
)

func latencyBucket(d time.Duration) int {
	units := uint64(max(d, 0)) >> (latencyShift - 1) // at least 2 for 32 us
	if units < 2 {
		return 0
	}
	top := bits.Len64(units) - 1
	return min(2*top-1+int(units>>(top-1)&1), latencyBuckets-1)
}

// latencyBound is the upper end of a bucket.
func latencyBound(i int) time.Duration {
	if i == 0 {
		return 1 << latencyShift
	}
	top, half := (i+1)/2, (i+1)%2
	return time.Duration(2+half+1) << (top - 1) << (latencyShift - 1)
}

func (l *latencies) record(d time.Duration) { l.buckets[latencyBucket(d)].Add(1) }

// p99 estimates the 99th percentile, and halves the counts.
func (l *latencies) p99() (time.Duration, bool) {
	var counts [latencyBuckets]uint32
	var total uint64
	for i := range counts {
		counts[i] = l.buckets[i].Load()
		total += uint64(counts[i])
	}
	if total < knownAfter {
		return 0, false
	}
	left := total / 100 // may lie above
	at := latencyBuckets - 1
	for ; at > 0 && uint64(counts[at]) <= left; at-- {
		left -= uint64(counts[at])
	}
	for i, n := range counts {
		l.buckets[i].Add(-(n / 2)) // wraps to a subtraction; keeps what came meanwhile
	}
	return latencyBound(at), true
}

// patience is how long to wait for an answer before asking another: three times
// the recent p99 of the slower of reads and writes, each taken apart so that a
// flood of quick reads does not make a write that syncs look overdue.
type patience struct {
	reads, writes latencies
	now           atomic.Int64
	known         [2]time.Duration // the sweeper's
}

func (p *patience) record(kind Kind, d time.Duration) {
	switch kind {
	case Read:
		p.reads.record(d)
	case Write:
		p.writes.record(d)
	}
}

func (p *patience) get() time.Duration { return time.Duration(p.now.Load()) }

// update is called by the sweeper every so often.
func (p *patience) update() {
	for i, l := range []*latencies{&p.reads, &p.writes} {
		if d, ok := l.p99(); ok {
			p.known[i] = d
		}
	}
	slowest := max(p.known[0], p.known[1])
	if slowest == 0 {
		p.now.Store(int64(defaultPatience))
		return
	}
	p.now.Store(int64(min(max(patienceFactor*slowest, leastPatience), mostPatience)))
}
