package server

import (
	"net"
	"syscall"
	"time"

	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/connection"
)

// What the session is to the handlers of its own commands (command.Session), and
// to those of other connections (connection.Client).
var (
	_ command.Session   = (*session)(nil)
	_ connection.Client = (*session)(nil)
)

// ID implements [command.Session].
func (s *session) ID() int64 { return s.id }

// Address implements [command.Session].
func (s *session) Address() string { return s.conn.RemoteAddr().String() }

// LocalAddress implements [connection.Client].
func (s *session) LocalAddress() string { return s.conn.LocalAddr().String() }

// EndAfterReplies implements [command.Session].
func (s *session) EndAfterReplies() { s.ending = true }

// Authenticated implements [command.Session].
func (s *session) Authenticated() bool { return s.authenticated }

// SetAuthenticated implements [command.Session].
func (s *session) SetAuthenticated(yes bool) { s.authenticated, s.framer.Authenticated = yes, yes }

// SetReplies implements [command.Session].
func (s *session) SetReplies(mode command.ReplyMode) {
	switch mode {
	case command.ReplyOn:
		s.mode.off = false
	case command.ReplyOff:
		s.mode.off = true
	case command.ReplySkip:
		s.mode.skip = !s.mode.off
	}
}

// Reset implements [command.Session].
func (s *session) Reset() {
	s.mode = replyMode{}
	s.unwatch()
}

// Describe implements [command.Session].
func (s *session) Describe(change func(*command.Identity)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.mu.identity)
}

// Identity implements [command.Session].
func (s *session) Identity() command.Identity {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mu.identity
}

// Kill implements [connection.Client].
func (s *session) Kill() {
	s.killed.Store(true)
	_ = s.conn.Close()
}

// Status implements [connection.Client].
func (s *session) Status() connection.Status {
	return connection.Status{
		Identity: s.Identity(), Descriptor: descriptor(s.conn), Since: s.born, LastActive: time.Unix(0, s.active.Load()), Last: s.last.Load(),
		InputBytes: s.inputBytes.Load(), InputRoom: s.inputRoom.Load(), OutputBytes: s.output.backlog(),
	}
}

// descriptor returns the number of a connection's file, 0 where it has none.
func descriptor(conn net.Conn) (number int) {
	if c, ok := conn.(syscall.Conn); ok {
		if raw, err := c.SyscallConn(); err == nil {
			_ = raw.Control(func(fd uintptr) { number = int(fd) })
		}
	}
	return number
}
