package causal

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// logicalBits are the low bits of a [Timestamp], which count within a
// millisecond.
const logicalBits = 16

// Timestamp is the reading of a hybrid logical clock (Kulkarni et al., 2014):
// unix milliseconds << 16, plus a count. It follows the wall clock and never
// goes back; it decides "last write wins", and never what is covered by what.
type Timestamp uint64

// UnixMilli returns the wall time of t in unix milliseconds.
func (t Timestamp) UnixMilli() int64 { return int64(t >> logicalBits) }

// TimestampOf returns the first timestamp of the given unix millisecond.
func TimestampOf(unixMilli int64) Timestamp {
	return Timestamp(max(unixMilli, 0)) << logicalBits
}

// MaxDrift is how far ahead of this node's wall clock another node's stamp may
// be.
const MaxDrift = time.Minute

// ErrDrift is wrapped by errors about a stamp from too far in the future.
var ErrDrift = errors.New("timestamp is too far in the future")

// Clock is a node's hybrid logical clock. It is safe for concurrent use, and
// never blocks.
type Clock struct {
	wallMilli func() int64
	last      atomic.Uint64
}

// NewClock returns a clock on top of wallMilli, the time in unix milliseconds.
func NewClock(wallMilli func() int64) *Clock { return &Clock{wallMilli: wallMilli} }

// Now returns a stamp later than every stamp returned or observed before.
func (c *Clock) Now() Timestamp {
	wall := TimestampOf(c.wallMilli())
	for {
		last := Timestamp(c.last.Load())
		next := max(wall, last+1)
		if c.last.CompareAndSwap(uint64(last), uint64(next)) {
			return next
		}
	}
}

// Observe makes later stamps of this clock come after t, another node's. A stamp
// more than [MaxDrift] ahead of this node's wall clock is refused by an error that
// wraps [ErrDrift], and the clock stays as it is.
func (c *Clock) Observe(t Timestamp) error {
	last := Timestamp(c.last.Load())
	if t <= last {
		return nil // the common case does not read the wall clock
	}
	if limit := TimestampOf(c.wallMilli() + MaxDrift.Milliseconds()); t > limit {
		return fmt.Errorf("observe stamp %d ms ahead: %w", (t-limit).UnixMilli()+MaxDrift.Milliseconds(), ErrDrift)
	}
	for t > last {
		if c.last.CompareAndSwap(uint64(last), uint64(t)) {
			return nil
		}
		last = Timestamp(c.last.Load())
	}
	return nil
}
