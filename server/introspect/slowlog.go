package introspect

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/limits"
)

// What an entry of the slow log shows of a command, as in Redis.
const (
	slowArguments = 32
	slowArgument  = 128 // bytes
)

// Slowlog keeps the newest commands that took long. The commands of a pipeline are
// carried out together, so no single one has a duration. A pipeline is one entry: its
// first command, and the number of the others.
type Slowlog struct {
	Threshold atomic.Int64 // microseconds; below 0: nothing is logged
	Entries   atomic.Int64 // the most that are kept
	mu        struct {
		sync.Mutex
		entries []slowEntry // in a ring: each takes the place of the oldest once there are enough
		oldest  int         // where the ring begins
		next    int64
	}
}

type slowEntry struct {
	id         int64
	at         time.Time
	took       time.Duration
	args       [][]byte
	addr, name string
}

// Slow reports whether a command took long enough for the log.
func (l *Slowlog) Slow(took time.Duration) bool {
	threshold := l.Threshold.Load()
	return threshold >= 0 && took.Microseconds() >= threshold
}

// SlowCall is a command for the slow log.
type SlowCall struct {
	Call      *command.Call
	Followers int // commands of its pipeline behind it
	At        time.Time
	Took      time.Duration
}

// Add adds a command to the log. It copies the arguments.
func (l *Slowlog) Add(slow SlowCall) {
	c := slow.Call
	args := c.Args
	if c.Row != nil && c.Row.Secret != nil && c.Row.Secret(args) {
		args = append(slices.Clone(args[:1]), []byte("(redacted)"))
	}
	e := slowEntry{at: slow.At, took: slow.Took, args: shorten(args), addr: c.Session.Address(), name: c.Session.Identity().Name}
	if more := slow.Followers; more > 0 {
		e.args = append(e.args, fmt.Appendf(nil, "... (%d more commands of the pipeline)", more))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	e.id = l.mu.next
	l.mu.next++
	most := int(l.Entries.Load())
	if len(l.mu.entries) > most || l.mu.oldest > 0 && len(l.mu.entries) < most {
		l.resizeLocked(most)
	}
	switch {
	case len(l.mu.entries) < most:
		l.mu.entries = append(l.mu.entries, e)
	case most > 0:
		l.mu.entries[l.mu.oldest] = e
		l.mu.oldest = (l.mu.oldest + 1) % most
	}
}

// resizeLocked makes a ring for another number of entries, of the newest ones.
func (l *Slowlog) resizeLocked(most int) {
	entries := slices.Concat(l.mu.entries[l.mu.oldest:], l.mu.entries[:l.mu.oldest])
	l.mu.entries, l.mu.oldest = slices.Clone(entries[max(0, len(entries)-most):]), 0
}

// shorten returns a copy of the arguments as the log keeps them.
func shorten(args [][]byte) [][]byte {
	keep := len(args)
	if keep > slowArguments {
		keep = slowArguments - 1
	}
	out := make([][]byte, 0, keep+2)
	for _, arg := range args[:keep] {
		if more := len(arg) - slowArgument; more > 0 {
			out = append(out, fmt.Appendf(bytes.Clone(arg[:slowArgument]), "... (%d more bytes)", more))
			continue
		}
		out = append(out, bytes.Clone(arg))
	}
	if more := len(args) - keep; more > 0 {
		out = append(out, fmt.Appendf(nil, "... (%d more arguments)", more))
	}
	return out
}

// newest returns up to n entries, the newest first.
func (l *Slowlog) newest(n int) []slowEntry {
	l.mu.Lock()
	defer l.mu.Unlock()
	n = min(n, len(l.mu.entries))
	out := make([]slowEntry, n)
	for i := range out {
		out[i] = l.mu.entries[(l.mu.oldest+len(l.mu.entries)-1-i)%len(l.mu.entries)]
	}
	return out
}

func (l *Slowlog) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.entries, l.mu.oldest = nil, 0
}

// runSlowlogGet serves SLOWLOG GET [count]. It shows 10 entries by default, and all for
// -1.
func (f *Family) runSlowlogGet(_ context.Context, c *command.Call) {
	count := int64(10)
	if len(c.Args) > 3 {
		c.Out.Error(command.WrongSubcommand(c.Row, c.Args[1]))
		return
	}
	if len(c.Args) == 3 {
		n, ok := number.ParseInt(c.Args[2])
		if !ok || n < -1 {
			c.Out.Error("ERR count should be greater than or equal to -1")
			return
		}
		if count = n; n == -1 {
			count = limits.SlowlogEntries.Most
		}
	}
	entries := f.Slowlog.newest(int(min(count, limits.SlowlogEntries.Most)))
	c.Out.Array(len(entries))
	for i := range entries {
		e := &entries[i]
		c.Out.Array(6)
		c.Out.Int(e.id)
		c.Out.Int(e.at.Unix())
		c.Out.Int(e.took.Microseconds())
		c.Out.Array(len(e.args))
		for _, arg := range e.args {
			c.Out.Bulk(arg)
		}
		c.Out.Text(e.addr)
		c.Out.Text(e.name)
	}
}

func (f *Family) runSlowlogLen(_ context.Context, c *command.Call) {
	c.Out.Int(int64(len(f.Slowlog.newest(int(limits.SlowlogEntries.Most)))))
}

func (f *Family) runSlowlogReset(_ context.Context, c *command.Call) {
	f.Slowlog.reset()
	c.Out.OK()
}
