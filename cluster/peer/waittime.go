package peer

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// Bounds of WaitTime, and its value until enough is known.
const (
	minWait     = 20 * time.Millisecond
	maxWait     = 500 * time.Millisecond
	defaultWait = 100 * time.Millisecond
	waitFactor  = 3  // times the recent p99
	knownAfter  = 20 // samples
)

// slowestTransfer is the rate, in bytes per second, at which a large value travels at
// least: over the network, and from there to the disk.
const slowestTransfer = 2 << 20

// TransferTime returns how much longer than others a request may take that carries a
// number of bytes, or is answered with them. It is 0 for what travels in one frame.
func TransferTime(bytes int) time.Duration {
	if bytes <= wholeBody {
		return 0
	}
	return time.Duration(bytes) * time.Second / slowestTransfer
}

// latencies is a decaying histogram of a peer's response times: two buckets for each
// doubling from 32 us up. Counts are halved at each estimate, so that samples older
// than half a minute hardly count. (cluster/core/histogram never forgets, and is
// five times as large, which this is once for each peer and kind.)
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

// latencyBound returns the upper end of a bucket.
func latencyBound(i int) time.Duration {
	if i == 0 {
		return 1 << latencyShift
	}
	top, half := (i+1)/2, (i+1)%2
	return time.Duration(2+half+1) << (top - 1) << (latencyShift - 1)
}

func (l *latencies) record(d time.Duration) { l.buckets[latencyBucket(d)].Add(1) }

// p99 estimates the 99th percentile and halves the counts. It returns false if there
// are too few samples.
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
	left := total / 100 // samples that may lie above the estimate
	at := latencyBuckets - 1
	for ; at > 0 && uint64(counts[at]) <= left; at-- {
		left -= uint64(counts[at])
	}
	for i, n := range counts {
		l.buckets[i].Add(-(n / 2)) // wraps to a subtraction, and keeps samples that arrive meanwhile
	}
	return latencyBound(at), true
}

// waitTime is how long to wait for a peer's answer before another node is asked:
// three times the recent p99 of reads or of writes, whichever is slower. They are
// counted apart, so that many quick reads do not make a write that syncs look
// overdue.
type waitTime struct {
	reads, writes latencies
	now           atomic.Int64
	known         [2]time.Duration // p99 of reads and of writes; used by the watchdog only
}

func (w *waitTime) record(kind Kind, d time.Duration) {
	switch kind {
	case Read:
		w.reads.record(d)
	case Write:
		w.writes.record(d)
	}
}

func (w *waitTime) get() time.Duration { return time.Duration(w.now.Load()) }

// update computes the wait time anew. The watchdog calls it every updateEvery.
func (w *waitTime) update() {
	for i, l := range []*latencies{&w.reads, &w.writes} {
		if d, ok := l.p99(); ok {
			w.known[i] = d
		}
	}
	slowest := max(w.known[0], w.known[1])
	if slowest == 0 {
		w.now.Store(int64(defaultWait))
		return
	}
	w.now.Store(int64(min(max(waitFactor*slowest, minWait), maxWait)))
}
