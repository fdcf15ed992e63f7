package server

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/server/resp"
)

// What an entry of the slow log shows of a command, as in Redis.
const (
	slowArguments = 32
	slowArgument  = 128 // bytes
	slowLogMost   = 10_000
)

// slowlog remembers the commands that took long. Commands that arrived together
// are carried out together, so that none has a time of its own: such a pipeline is
// one entry, of its first command, that tells how many it had.
type slowlog struct {
	threshold atomic.Int64 // microseconds; below 0: nothing is logged
	most      atomic.Int64 // entries
	mu        struct {
		sync.Mutex
		entries []slowEntry // oldest first
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

// slow tells whether something that took so long belongs into the log.
func (l *slowlog) slow(took time.Duration) bool {
	threshold := l.threshold.Load()
	return threshold >= 0 && took.Microseconds() >= threshold
}

// add remembers a command. more is how many of its pipeline followed it.
func (l *slowlog) add(s *session, c *command, args [][]byte, more int, at time.Time, took time.Duration) {
	if c != nil && c.secret && (c.full != "config|set" || slices.ContainsFunc(args, func(arg []byte) bool { return resp.Is(arg, "REQUIREPASS") })) {
		args = append(slices.Clone(args[:1]), []byte("(redacted)"))
	}
	e := slowEntry{at: at, took: took, args: shorten(args), addr: s.conn.RemoteAddr().String(), name: s.identity().name}
	if more > 0 {
		e.args = append(e.args, fmt.Appendf(nil, "... (%d more commands of the pipeline)", more))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	e.id = l.mu.next
	l.mu.next++
	l.mu.entries = append(l.mu.entries, e)
	if extra := len(l.mu.entries) - int(l.most.Load()); extra > 0 {
		l.mu.entries = append([]slowEntry(nil), l.mu.entries[extra:]...)
	}
}

// shorten copies what the log keeps of a command.
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
func (l *slowlog) newest(n int) []slowEntry {
	l.mu.Lock()
	defer l.mu.Unlock()
	n = min(n, len(l.mu.entries))
	out := make([]slowEntry, n)
	for i := range out {
		out[i] = l.mu.entries[len(l.mu.entries)-1-i]
	}
	return out
}

func (l *slowlog) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.entries = nil
}

// runSlowlogGet serves SLOWLOG GET [count]: 10 of them by default, all for -1.
func runSlowlogGet(_ context.Context, s *session, _ *command, args [][]byte) {
	count := int64(10)
	if len(args) > 3 {
		s.out.Error("ERR unknown subcommand or wrong number of arguments for '" + cut(args[1]) + "'. Try SLOWLOG HELP.")
		return
	}
	if len(args) == 3 {
		n, ok := resp.ParseInt(args[2])
		if !ok || n < -1 {
			s.out.Error("ERR count should be greater than or equal to -1")
			return
		}
		if count = n; n == -1 {
			count = slowLogMost
		}
	}
	entries := s.server.slowlog.newest(int(min(count, slowLogMost)))
	s.out.Array(len(entries))
	for i := range entries {
		e := &entries[i]
		s.out.Array(6)
		s.out.Int(e.id)
		s.out.Int(e.at.Unix())
		s.out.Int(e.took.Microseconds())
		s.out.Array(len(e.args))
		for _, arg := range e.args {
			s.out.Bulk(arg)
		}
		s.out.Text(e.addr)
		s.out.Text(e.name)
	}
}

func runSlowlogLen(_ context.Context, s *session, _ *command, _ [][]byte) {
	s.out.Int(int64(len(s.server.slowlog.newest(slowLogMost))))
}

func runSlowlogReset(_ context.Context, s *session, _ *command, _ [][]byte) {
	s.server.slowlog.reset()
	s.out.OK()
}
