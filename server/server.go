package server

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/quorate/quorate/cluster/core/histogram"
	"github.com/quorate/quorate/cluster/socket"
	"github.com/quorate/quorate/server/auth"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/connection"
	"github.com/quorate/quorate/server/introspect"
	"github.com/quorate/quorate/server/limits"
	"github.com/quorate/quorate/server/resp"
)

// errServerClosing ends a session because the server ends.
var errServerClosing = errors.New("server is closing")

// Server is the client port of one node. Make it with [New]; [Server.Run]
// serves.
type Server struct {
	cfg      Config
	listener net.Listener
	node     *command.Node
	table    *command.Table
	limits   *limits.Limits
	budget   *limits.Budget
	users    *auth.Users
	counters *introspect.Counters
	errors   *introspect.ErrorTally
	slowlog  *introspect.Slowlog
	latency  *introspect.Latency
	batches  sync.Pool // of *command.Batch
	hooks    hooks
	logged   throttles

	closing  atomic.Bool
	refusing atomic.Bool   // new clients
	stopping chan struct{} // closed once closing is set
	killed   chan struct{}
	kill     sync.Once
	empty    chan struct{} // a signal: there may be no session left

	work     sync.WaitGroup // sessions, their drains and deliveries
	sessions struct {
		sync.Mutex
		byID map[int64]*session
		next int64
	}
}

// throttles limit log lines to one of each kind every ten seconds, so that hostile
// clients cannot fill the disk.
type throttles struct{ protocol, limits, large rate.Sometimes }

const logInterval = 10 * time.Second

// New makes the client port on a listener. It takes the listener over, and closes it if
// it fails.
func New(cfg Config, listener net.Listener, store Store) (*Server, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, errors.Join(fmt.Errorf("client port: %w", err), listener.Close())
	}
	s := &Server{
		cfg:      cfg,
		listener: listener,
		limits:   new(limits.Limits),
		users:    cfg.Users,
		errors:   introspect.NewErrorTally(),
		slowlog:  new(introspect.Slowlog),
		latency:  new(introspect.Latency),
		logged: throttles{
			protocol: rate.Sometimes{Interval: logInterval},
			limits:   rate.Sometimes{Interval: logInterval},
			large:    rate.Sometimes{Interval: logInterval},
		},
		killed:   make(chan struct{}),
		stopping: make(chan struct{}),
		empty:    make(chan struct{}, 1),
	}
	s.limits.Protocol.Arguments.Store(cfg.MaxArguments)
	s.budget = limits.NewBudget(s.limits)
	s.hooks.pause.Changed = s.hooks.arm
	s.batches.New = func() any { return new(command.Batch) }
	s.sessions.byID = make(map[int64]*session)
	s.node = &command.Node{
		Store: store, Now: cfg.Now, Limits: s.limits, Budget: s.budget,
		Standalone: cfg.Standalone, Version: cfg.Version, Logger: cfg.Logger, Tracer: cfg.Tracer,
		LargeValueBytes: cfg.WarnValueSize, LargeValue: s.logLargeValue,
	}
	s.table = s.families(store).table()
	s.node.Table = s.table
	s.counters.Size(s.table)
	return s, nil
}

// families returns the parts of the server that the commands of each family work with.
func (s *Server) families(store Store) *families {
	s.counters = introspect.NewCounters()
	return &families{
		users:      s.users,
		connection: &connection.Family{Users: s.users, Clients: s, Pause: &s.hooks.pause},
		introspect: &introspect.Family{
			Counters: s.counters, Errors: s.errors, Slowlog: s.slowlog, Latency: s.latency,
			Settings: introspect.NewSettings(introspect.SettingsConfig{
				Store: store, Users: s.users, Numbers: s.numbers(),
				Standalone: s.cfg.Standalone, Addr: s.listener.Addr(), Fixed: s.cfg.Settings,
			}),
			Born: s.cfg.Now(), RunID: newRunID(), Connected: s.Connected,
			Facts: s.cfg.Facts, Rewrite: s.cfg.Rewrite, Shutdown: s.cfg.Shutdown, Chaos: s.cfg.Chaos, Sleep: s.sleep,
		},
	}
}

func (s *Server) logLargeValue(size int, client string) {
	s.logged.large.Do(func() { s.cfg.Logger.Warn("large value stored", "bytes", size, "client", client) })
}

// EachCommand calls fn for each command that was called since the start, or since
// CONFIG RESETSTAT. What fn is given is valid until it returns.
func (s *Server) EachCommand(fn func(histogram.CommandTimes)) { s.counters.Each(s.table, fn) }

func newRunID() string {
	var id [20]byte
	_, _ = rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}

// Addr returns the address on which the server listens.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Kill drops every connection at once, without a reply, and makes Run return.
func (s *Server) Kill() { s.kill.Do(func() { close(s.killed) }) }

// Run serves until ctx ends or Kill is called. When ctx ends, no new command is begun.
// Commands under way have [Config.Grace] to finish, and then their connections are closed.
// Run returns when every session has ended.
func (s *Server) Run(ctx context.Context) error {
	// Commands outlive ctx by the grace.
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	accepted := make(chan error, 1)
	s.work.Go(func() { accepted <- s.accept(work) })
	var err error
	select {
	case <-ctx.Done():
	case <-s.killed:
	case err = <-accepted:
	}
	s.closing.Store(true)
	close(s.stopping)
	_ = s.listener.Close()
	s.drain()
	cancel()
	s.drop()
	s.work.Wait()
	return err
}

// drain wakes idle sessions, which then end, and waits for the others for up to the grace.
func (s *Server) drain() {
	for _, c := range s.open() {
		_ = c.conn.SetReadDeadline(past)
	}
	over := time.NewTimer(s.cfg.Grace)
	defer over.Stop()
	for s.Connected() > 0 {
		select {
		case <-s.empty:
		case <-over.C:
			return
		case <-s.killed:
			return
		}
	}
}

// drop closes every connection, and with it ends every session.
func (s *Server) drop() {
	for _, c := range s.open() {
		_ = c.conn.Close()
	}
}

// accept takes connections until the listener closes.
func (s *Server) accept(ctx context.Context) error {
	pause := time.Duration(0)
	for {
		conn, err := s.listener.Accept()
		switch {
		case err == nil:
			pause = 0
			s.admit(ctx, conn)
			continue
		case s.closing.Load() || errors.Is(err, net.ErrClosed):
			return nil
		}
		// Most likely there are no file descriptors left. That takes a while to pass.
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		s.cfg.Logger.Warn("cannot accept clients for now", "err", err, "retry_in", pause)
		select {
		case <-time.After(pause):
		case <-s.killed:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

// admit starts a session, or refuses the connection.
func (s *Server) admit(ctx context.Context, conn net.Conn) {
	s.counters.Connections.Add(1)
	if s.refusing.Load() {
		s.refuse(conn, command.TextDraining)
		return
	}
	c := s.newSession(conn)
	if c == nil {
		s.refuse(conn, command.TextMaxClients)
		return
	}
	s.work.Go(func() {
		defer s.forget(c)
		c.serve(ctx)
	})
}

// refuse closes a new connection after an error reply.
func (s *Server) refuse(conn net.Conn, text string) {
	s.counters.Rejected.Add(1)
	s.errors.CountError(text)
	_ = conn.SetWriteDeadline(time.Now().Add(sendTime))
	_, _ = conn.Write([]byte("-" + text + "\r\n"))
	_ = conn.Close()
}

// RefuseClients makes the server refuse new connections, until TakeClients is called. Those
// that are open stay.
func (s *Server) RefuseClients() { s.refusing.Store(true) }

// TakeClients makes the server take new connections again.
func (s *Server) TakeClients() { s.refusing.Store(false) }

// newSession registers a connection, or returns nil if there are too many.
func (s *Server) newSession(conn net.Conn) *session {
	s.sessions.Lock()
	defer s.sessions.Unlock()
	if int64(len(s.sessions.byID)) >= s.limits.Clients.Load() || s.closing.Load() {
		return nil
	}
	s.sessions.next++
	conn = socket.Direct(conn)
	now := time.Now()
	c := &session{
		server: s,
		id:     s.sessions.next,
		conn:   conn,
		born:   now,
		input:  input{limits: s.limits, budget: s.budget},
		output: output{
			conn:    conn,
			limits:  s.limits,
			budget:  s.budget,
			timeout: s.cfg.WriteTimeout,
			start:   s.work.Go,
		},
		framer:     resp.Framer{Limits: &s.limits.Protocol},
		batchLimit: batchStart,
	}
	c.client = command.Client{Node: s.node, Session: c, Out: resp.NewWriter(&c.output, s.errors)}
	c.output.writer = &c.client.Out
	c.active.Store(now.UnixNano())
	c.SetAuthenticated(s.users.Open())
	s.sessions.byID[c.id] = c
	return c
}

func (s *Server) forget(c *session) {
	s.sessions.Lock()
	defer s.sessions.Unlock()
	delete(s.sessions.byID, c.id)
	if len(s.sessions.byID) == 0 {
		select {
		case s.empty <- struct{}{}:
		default:
		}
	}
}

// Clients implements [connection.Clients].
func (s *Server) Clients() []connection.Client {
	open := s.open()
	list := make([]connection.Client, len(open))
	for i, c := range open {
		list[i] = c
	}
	return list
}

// open lists the connections that no client killed, the oldest first.
func (s *Server) open() []*session {
	s.sessions.Lock()
	list := make([]*session, 0, len(s.sessions.byID))
	for _, c := range s.sessions.byID {
		if !c.killed.Load() {
			list = append(list, c)
		}
	}
	s.sessions.Unlock()
	slices.SortFunc(list, func(a, b *session) int { return int(a.id - b.id) })
	return list
}

// Connected returns how many clients are connected.
func (s *Server) Connected() int {
	s.sessions.Lock()
	defer s.sessions.Unlock()
	return len(s.sessions.byID)
}
