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
	"syscall"
	"time"

	"github.com/quorate/quorate/server/resp"
)

// errServerClosing ends a session because the server ends.
var errServerClosing = errors.New("server is closing")

// Server is the client port of one node. Make it with [New]; [Server.Run]
// serves.
type Server struct {
	cfg      Config
	store    Store
	listener net.Listener
	table    *table
	settings *settings
	limits   limits
	budget   budget
	counters counters
	tally    errorTally
	rates    rates
	slowlog  slowlog
	latency  latency
	batches  sync.Pool // of *batch
	born     time.Time
	runID    string // 40 hex digits, new with each start

	strangers, greedy, large seldom // log lines

	pause     pause
	monitors  monitors
	around    sync.Mutex  // see lookAround
	attention atomic.Bool // some client watches, or there is a pause

	closing  atomic.Bool
	stopping chan struct{} // closed once closing is set
	killed   chan struct{}
	kill     sync.Once
	empty    chan struct{} // a signal, now and then, that no session is left

	work     sync.WaitGroup // sessions and their drains
	sessions struct {
		sync.Mutex
		byID map[int64]*session
		next int64
	}
}

// New binds the client port. A port that is taken is told in so many words.
func New(cfg Config, store Store) (*Server, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("client port: %w", err)
	}
	listener, err := net.Listen("tcp", cfg.Addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("client port %s is in use by another process: stop it, or choose another with --client-addr: %w", cfg.Addr, err)
	}
	if err != nil {
		return nil, fmt.Errorf("client port: %w", err)
	}
	s := &Server{
		cfg:      cfg,
		store:    store,
		listener: listener,
		table:    newTable(),
		born:     cfg.Now(),
		runID:    newRunID(),
		killed:   make(chan struct{}),
		stopping: make(chan struct{}),
		empty:    make(chan struct{}, 1),
	}
	s.slowlog.threshold.Store(10_000)
	s.slowlog.most.Store(128)
	s.limits.protocol.BulkBytes.Store(cfg.ProtoMaxBulkLen)
	s.limits.protocol.Arguments.Store(cfg.MaxArguments)
	s.limits.clients.Store(int64(cfg.MaxClients))
	s.limits.idle.Store(int64(cfg.IdleTimeout))
	s.limits.input.Store(cfg.InputLimit)
	s.limits.output.Store(cfg.OutputLimit)
	s.limits.buffered.Store(cfg.BufferedLimit)
	s.batches.New = func() any { return new(batch) }
	s.budget.limits = &s.limits
	s.counters.commands = make([]commandCounters, len(s.table.counted))
	s.tally.counts = make(map[string]int64)
	s.sessions.byID = make(map[int64]*session)
	s.settings = newSettings(s)
	if err := s.settings.preset(cfg.Preset); err != nil {
		return nil, errors.Join(fmt.Errorf("client port: %w", err), listener.Close())
	}
	return s, nil
}

func newRunID() string {
	var id [20]byte
	_, _ = rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}

// Addr is where the server listens.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Kill drops every connection at once, without a goodbye, and makes Run
// return.
func (s *Server) Kill() { s.kill.Do(func() { close(s.killed) }) }

// Run serves until ctx ends or Kill is called. When ctx ends no command is
// taken any more; those under way are given [Config.Grace] to be answered, then
// their connections are dropped. Run returns when every session has ended.
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

// drain wakes idle sessions, which then end, and waits for the others as long as
// the grace allows.
func (s *Server) drain() {
	for _, c := range s.clients() {
		_ = c.conn.SetReadDeadline(past)
	}
	over := time.NewTimer(s.cfg.Grace)
	defer over.Stop()
	for s.connected() > 0 {
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
	for _, c := range s.clients() {
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
		// Out of file descriptors, most likely: it passes, but not by asking
		// again at once.
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

// admit starts a session, or turns the client away.
func (s *Server) admit(ctx context.Context, conn net.Conn) {
	s.counters.connections.Add(1)
	c := s.newSession(conn)
	if c == nil {
		s.counters.rejected.Add(1)
		s.tally.CountError(textMaxClients)
		_ = conn.SetWriteDeadline(time.Now().Add(outputPatience))
		_, _ = conn.Write([]byte("-" + textMaxClients + "\r\n"))
		_ = conn.Close()
		return
	}
	s.work.Go(func() {
		defer s.forget(c)
		c.serve(ctx)
	})
}

// newSession registers a connection, or returns nil if there are too many.
func (s *Server) newSession(conn net.Conn) *session {
	s.sessions.Lock()
	defer s.sessions.Unlock()
	if int64(len(s.sessions.byID)) >= s.limits.clients.Load() || s.closing.Load() {
		return nil
	}
	s.sessions.next++
	now := time.Now()
	c := &session{
		server: s,
		id:     s.sessions.next,
		conn:   conn,
		born:   now,
		in:     input{limits: &s.limits, budget: &s.budget},
		out: output{
			conn:    conn,
			limits:  &s.limits,
			budget:  &s.budget,
			timeout: s.cfg.WriteTimeout,
			start:   s.work.Go,
		},
		framer: resp.Framer{Limits: &s.limits.protocol},
		limit:  batchStart,
	}
	c.out.Writer = resp.NewWriter(&c.out, &s.tally)
	c.active.Store(now.UnixNano())
	c.admit(s.settings.openToAll())
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

// clients lists the connections that nobody killed, oldest first.
func (s *Server) clients() []*session {
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

func (s *Server) connected() int {
	s.sessions.Lock()
	defer s.sessions.Unlock()
	return len(s.sessions.byID)
}
