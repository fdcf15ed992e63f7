package main

import (
	"fmt"
	"os"
	"sync/atomic"
	"time"
)

// clockOffsetFrom names an environment variable from which a node takes how far to set its
// wall clock off. It is empty but in builds for tests, which show what wrong clocks lead to:
// go build -ldflags "-X main.clockOffsetFrom=NAME".
var clockOffsetFrom string

// wallClock returns the wall clock of a node.
func wallClock() (now func() time.Time, err error) {
	text := ""
	if clockOffsetFrom != "" {
		text = os.Getenv(clockOffsetFrom)
	}
	if text == "" {
		return time.Now, nil
	}
	offset, err := time.ParseDuration(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", clockOffsetFrom, err)
	}
	return func() time.Time { return time.Now().Add(offset) }, nil
}

// settableClock is a wall clock that can be set off on purpose, to show what wrong clocks
// lead to. It is safe for concurrent use.
type settableClock struct {
	right  func() time.Time
	offset atomic.Int64 // nanoseconds
}

// newSettableClock returns a clock that is right; nil: [time.Now].
func newSettableClock(right func() time.Time) *settableClock {
	if right == nil {
		right = time.Now
	}
	return &settableClock{right: right}
}

// Now returns the time that the clock shows.
func (c *settableClock) Now() time.Time { return c.right().Add(time.Duration(c.offset.Load())) }

// set makes the clock show a time that is this much ahead.
func (c *settableClock) set(offset time.Duration) { c.offset.Store(int64(offset)) }
