package introspect

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/cluster/core/histogram"
	"github.com/quorate/quorate/server/command"
)

// Counters count what clients did since the start, for INFO.
type Counters struct {
	Connections atomic.Int64
	Rejected    atomic.Int64 // connections, over maxclients
	Received    atomic.Int64 // bytes
	Sent        atomic.Int64
	Hits        atomic.Int64
	Misses      atomic.Int64
	commands    []commandCounters // by the index of the row
}

type commandCounters struct {
	calls, nanos, failed, rejected atomic.Int64
	latency                        histogram.Histogram
}

// NewCounters returns counters, to which Size must give their commands.
func NewCounters() *Counters { return new(Counters) }

// Size makes room for the commands of a table. It is called once, before any other
// method: the table's handlers have the counters already.
func (c *Counters) Size(table *command.Table) { c.commands = make([]commandCounters, len(table.All())) }

// Record counts calls of a command, of which some failed. share is the part of the
// batch's time that the calls get. latency is the time of the whole batch, which is how
// long the client waited for each of them.
func (c *Counters) Record(r *command.Row, calls, failed int64, share, latency time.Duration) {
	n := &c.commands[r.Index()]
	n.calls.Add(calls)
	n.nanos.Add(int64(share))
	n.latency.Record(latency, calls)
	if failed > 0 {
		n.failed.Add(failed)
	}
}

// Reject counts a command that was refused before it ran.
func (c *Counters) Reject(r *command.Row) { c.commands[r.Index()].rejected.Add(1) }

// processed returns the number of commands executed.
func (c *Counters) processed() (calls int64) {
	for i := range c.commands {
		calls += c.commands[i].calls.Load()
	}
	return calls
}

// reset sets everything to zero.
func (c *Counters) reset() {
	for _, n := range []*atomic.Int64{&c.Connections, &c.Rejected, &c.Received, &c.Sent, &c.Hits, &c.Misses} {
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

// maxErrorKinds bounds what clients can make the tally remember.
const maxErrorKinds = 128

// ErrorTally counts error replies by their first word. Make it with
// [NewErrorTally].
type ErrorTally struct {
	mu     sync.Mutex
	counts map[string]int64
	total  int64
}

// NewErrorTally returns an empty tally.
func NewErrorTally() *ErrorTally { return &ErrorTally{counts: make(map[string]int64)} }

// CountError implements [resp.ErrorCounter].
func (t *ErrorTally) CountError(text string) {
	kind, _, _ := strings.Cut(text, " ")
	t.mu.Lock()
	defer t.mu.Unlock()
	t.total++
	if _, known := t.counts[kind]; known || len(t.counts) < maxErrorKinds {
		t.counts[kind]++
	}
}

// reset sets everything to zero.
func (t *ErrorTally) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.counts)
	t.total = 0
}

// each calls fn for every kind, in order, and returns the total.
func (t *ErrorTally) each(fn func(kind string, n int64)) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, kind := range slices.Sorted(maps.Keys(t.counts)) {
		fn(kind, t.counts[kind])
	}
	return t.total
}
