package server

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/cluster/core/histogram"
)

// counters are what INFO tells of the past.
type counters struct {
	connections atomic.Int64
	rejected    atomic.Int64 // connections, over maxclients
	received    atomic.Int64 // bytes
	sent        atomic.Int64
	hits        atomic.Int64
	misses      atomic.Int64
	commands    []commandCounters // by command.index
}

type commandCounters struct {
	calls, nanos, failed, rejected atomic.Int64
	latency                        histogram.Histogram
}

// record counts calls of a command. Calls that are carried out together share the
// time that all took; each of them took all of it as its client sees it.
func (c *counters) record(of *command, calls, failed int64, share, latency time.Duration) {
	n := &c.commands[of.index]
	n.calls.Add(calls)
	n.nanos.Add(int64(share))
	n.latency.Record(latency, calls)
	if failed > 0 {
		n.failed.Add(failed)
	}
}

// processed is the number of commands executed.
func (c *counters) processed() (calls int64) {
	for i := range c.commands {
		calls += c.commands[i].calls.Load()
	}
	return calls
}

func (c *counters) reset() {
	for _, n := range []*atomic.Int64{&c.connections, &c.rejected, &c.received, &c.sent, &c.hits, &c.misses} {
		n.Store(0)
	}
	for i := range c.commands {
		n := &c.commands[i]
		n.calls.Store(0)
		n.nanos.Store(0)
		n.failed.Store(0)
		n.rejected.Store(0)
		n.latency.Reset()
	}
}

// reject counts a command that was not executed.
func (s *Server) reject(c *command) {
	if c != nil {
		s.counters.commands[c.index].rejected.Add(1)
	}
}

// maxErrorKinds bounds what clients can make the tally remember.
const maxErrorKinds = 128

// errorTally counts error replies by their first word.
type errorTally struct {
	mu     sync.Mutex
	counts map[string]int64
	total  int64
}

// CountError implements [resp.ErrorCounter].
func (t *errorTally) CountError(text string) {
	kind, _, _ := strings.Cut(text, " ")
	t.mu.Lock()
	defer t.mu.Unlock()
	t.total++
	if _, known := t.counts[kind]; known || len(t.counts) < maxErrorKinds {
		t.counts[kind]++
	}
}

func (t *errorTally) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.counts)
	t.total = 0
}

// each calls fn for every kind, in order, and returns the total.
func (t *errorTally) each(fn func(kind string, n int64)) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, kind := range slices.Sorted(maps.Keys(t.counts)) {
		fn(kind, t.counts[kind])
	}
	return t.total
}

// seldom lets one log line through every ten seconds: hostile clients must not
// fill the disk by way of the log.
type seldom struct{ last atomic.Int64 }

func (s *seldom) Do(fn func()) {
	now := time.Now().UnixNano()
	last := s.last.Load()
	if now-last > int64(10*time.Second) && s.last.CompareAndSwap(last, now) {
		fn()
	}
}

// b2b returns 1 for true.
func b2b(yes bool) byte {
	if yes {
		return 1
	}
	return 0
}
