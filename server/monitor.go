package server

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/quorate/quorate/server/resp"
)

// Bounds of MONITOR: how much of a long argument is shown, and how far behind a
// client that watches may be before lines are left out.
const (
	monitorArgument  = 1 << 10 // bytes
	monitorArguments = 128
	monitorBehind    = 1 << 20 // bytes
)

// monitors are the sessions that watch what the others do.
type monitors struct {
	mu struct {
		sync.Mutex
		sessions []*session
	}
}

// feed is what a watching session still has to write. Others append to it and
// wake the session out of its read by a deadline in the past.
type feed struct {
	mu struct {
		sync.Mutex
		lines   []byte
		dropped int
	}
}

// runMonitor serves MONITOR.
func runMonitor(_ context.Context, s *session, _ *command, _ [][]byte) {
	s.out.OK()
	if s.feed == nil {
		s.feed = new(feed)
		s.describe(func(i *identity) { i.monitor = true })
		s.server.monitors.add(s)
		s.server.lookAround()
	}
}

// unwatch ends MONITOR.
func (s *session) unwatch() {
	if s.feed != nil {
		s.server.monitors.remove(s)
		s.server.lookAround()
		s.feed = nil
		s.timed = true // the read's deadline may be in the past
	}
}

// deliver writes what the session watches, and tells whether there was any.
func (s *session) deliver() bool {
	lines := s.feed.take()
	if len(lines) == 0 {
		return false
	}
	s.borrow()
	s.out.Buf = append(s.out.Buf, lines...)
	err := s.out.Flush()
	s.giveBack()
	return err == nil
}

func (m *monitors) add(s *session) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mu.sessions = append(m.mu.sessions, s)
}

func (m *monitors) remove(s *session) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mu.sessions = slices.DeleteFunc(m.mu.sessions, func(other *session) bool { return other == s })
}

func (m *monitors) any() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.mu.sessions) > 0
}

// show tells a command to all who watch.
func (m *monitors) show(s *session, args [][]byte) {
	line := monitorLine(time.Now(), s.conn.RemoteAddr().String(), args)
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, watcher := range m.mu.sessions {
		watcher.feed.add(line, watcher)
	}
}

func (f *feed) add(line []byte, watcher *session) {
	f.mu.Lock()
	first := len(f.mu.lines) == 0
	if len(f.mu.lines)+len(line) > monitorBehind {
		f.mu.dropped++
	} else {
		f.mu.lines = append(f.mu.lines, line...)
	}
	f.mu.Unlock()
	if first {
		_ = watcher.conn.SetReadDeadline(past)
	}
}

// past is a deadline that wakes a reader at once.
var past = time.Unix(1, 0)

// waiting tells whether there is something to write.
func (f *feed) waiting() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.mu.lines) > 0
}

// take returns the lines, and that some were left out where they were.
func (f *feed) take() []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	lines := f.mu.lines
	if f.mu.dropped > 0 {
		lines = fmt.Appendf(lines, "+%d commands are not shown: this client reads too slowly\r\n", f.mu.dropped)
	}
	f.mu.lines, f.mu.dropped = nil, 0
	return lines
}

// monitorLine is a command as MONITOR shows it:
// +1700000000.123456 [0 127.0.0.1:5000] "set" "k" "v"
func monitorLine(at time.Time, addr string, args [][]byte) []byte {
	line := fmt.Appendf(nil, "+%d.%06d [0 %s]", at.Unix(), at.Nanosecond()/1000, addr)
	for i, arg := range args {
		if i == monitorArguments {
			line = fmt.Appendf(line, " ... (%d more arguments)", len(args)-i)
			break
		}
		line = append(line, ' ')
		line = resp.AppendQuoted(line, arg[:min(len(arg), monitorArgument)])
		if more := len(arg) - monitorArgument; more > 0 {
			line = fmt.Appendf(line, "... (%d more bytes)", more)
		}
	}
	return append(line, '\r', '\n')
}
