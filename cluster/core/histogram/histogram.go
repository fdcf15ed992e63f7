package histogram

import (
	"math/bits"
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/cluster/core/number"
)

const (
	finest   = 3 // 2^3 buckets for each doubling
	doubling = 1 << finest
	longest  = 27 // durations of 2^27 us (134 s) or more are in the last bucket

	// Buckets is the number of buckets of a histogram.
	Buckets = (longest - finest + 1) * doubling
)

// Histogram counts durations. The zero value is ready; it is safe for concurrent
// use.
type Histogram struct {
	buckets [Buckets]atomic.Uint64
	sum     atomic.Int64 // nanoseconds
}

// Record counts n events that took this long each.
func (h *Histogram) Record(took time.Duration, n int64) {
	h.buckets[bucketOf(took)].Add(uint64(n))
	h.sum.Add(int64(took) * n)
}

// Reset sets all counts to zero. Durations recorded at the same time may be kept
// in part.
func (h *Histogram) Reset() {
	for i := range h.buckets {
		h.buckets[i].Store(0)
	}
	h.sum.Store(0)
}

// Add adds the counts of h to c.
func (h *Histogram) Add(c *Counts) {
	for i := range h.buckets {
		c.Of[i] += h.buckets[i].Load()
	}
	c.Sum += time.Duration(h.sum.Load())
}

func bucketOf(took time.Duration) int {
	us := uint64(max(took, 0) / time.Microsecond)
	if us < doubling {
		return int(us)
	}
	top := bits.Len64(us) - 1
	return min((top-finest+1)*doubling+int(us>>(top-finest))&(doubling-1), Buckets-1)
}

// Bound returns the exclusive upper bound of a bucket.
func Bound(bucket int) time.Duration {
	if bucket < doubling {
		return time.Duration(bucket+1) * time.Microsecond
	}
	return time.Duration(doubling+bucket%doubling+1) << (bucket/doubling - 1) * time.Microsecond
}

// Counts is a reading of one histogram, or the sum of several.
type Counts struct {
	Of  [Buckets]uint64
	Sum time.Duration
}

// Add adds o to c.
func (c *Counts) Add(o *Counts) {
	for i := range o.Of {
		c.Of[i] += o.Of[i]
	}
	c.Sum += o.Sum
}

// Since returns c minus before, an earlier reading of the same histogram. If a
// bucket went down, the process restarted, and c is returned.
func (c *Counts) Since(before *Counts) (d Counts) {
	for i := range c.Of {
		if c.Of[i] < before.Of[i] {
			return *c
		}
		d.Of[i] = c.Of[i] - before.Of[i]
	}
	d.Sum = c.Sum - before.Sum
	return d
}

// Total returns the number of recorded durations.
func (c *Counts) Total() (n uint64) {
	for _, of := range c.Of {
		n += of
	}
	return n
}

// Quantile estimates the q-quantile (0 <= q <= 1) of the recorded durations, to
// within an eighth. It returns 0 if none were recorded.
func (c *Counts) Quantile(q float64) time.Duration {
	total := c.Total()
	if total == 0 {
		return 0
	}
	left := max(uint64(q*float64(total)+0.5), 1)
	for i, n := range c.Of {
		if n < left {
			left -= n
			continue
		}
		lower := time.Duration(0)
		if i > 0 {
			lower = Bound(i - 1)
		}
		return (lower + Bound(i)) / 2
	}
	return Bound(Buckets - 1)
}

// Powers calls fn with the number of durations below 2^k microseconds, for each k
// in exponents. These are the bounds that buckets share with any power of
// two, so the numbers are exact.
func (c *Counts) Powers(exponents number.Range[int], fn func(below time.Duration, n uint64)) {
	var n uint64
	at := 0
	for k := exponents.Least; k <= exponents.Most; k++ {
		for below := time.Microsecond << k; at < Buckets && Bound(at) <= below; at++ {
			n += c.Of[at]
		}
		fn(time.Microsecond<<k, n)
	}
}
