package introspect

import (
	"sync"
	"time"
)

// rate measures how fast a counter grows, between two calls of value that are at least a
// second apart.
type rate struct {
	mu    sync.Mutex
	since time.Time
	count int64
	last  int64
}

// rates are those that INFO shows.
type rates struct{ commands, received, sent rate }

// value returns the growth per second. count is the counter's value now.
func (r *rate) value(count int64) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	took := now.Sub(r.since)
	switch {
	case r.since.IsZero():
	case took < time.Second:
		return r.last
	default:
		r.last = max(0, int64(float64(count-r.count)/took.Seconds()))
	}
	r.since, r.count = now, count
	return r.last
}
