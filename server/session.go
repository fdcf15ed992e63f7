package server

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/server/resp"
)

// A client that dribbles an unfinished command is given this long, and a second
// more for every slowestRate bytes it managed to send.
const (
	unfinishedGrace = 30 * time.Second
	slowestRate     = 1 << 10
)

// Closing with a protocol error, the rest of what the client is sending is read
// away for a moment: otherwise the kernel resets the connection, and the client
// may never see why.
const (
	lingerTime  = 200 * time.Millisecond
	lingerBytes = 1 << 20
)

// session serves one connection, in one goroutine.
type session struct {
	server *Server
	id     int64
	conn   net.Conn
	born   time.Time
	in     input
	out    output
	framer resp.Framer
	batch  *batch // while a turn lasts
	limit  int    // requests after which a batch runs

	feed    *feed // of MONITOR; nil: it does not watch
	choices       // what the client chose, undone by RESET
	ending  bool  // close when the replies are sent
	begun   int64 // when the unfinished command began, unix ns; 0: there is none
	timed   bool  // a read deadline is set
	now     int64 // unix ms, at the replies of a batch
	policy  register.Policy
	token   []byte   // scratch of a context being written
	values  [][]byte // scratch of MGET
	hits    int64
	misses  int64
	drained int64 // bytes received and not yet counted
	counted int64 // bytes of out.sent that are

	held   atomic.Uint64           // bytes that wait in the input, and in the upper half its room, for CLIENT LIST
	active atomic.Int64            // unix ns of the last batch, for CLIENT LIST
	last   atomic.Pointer[command] // the last command
	killed atomic.Bool             // by CLIENT KILL: on its way out, and no longer listed
	public struct {                // what other sessions see in CLIENT LIST
		sync.Mutex
		identity
	}
}

// choices are a connection's own settings.
type choices struct {
	authenticated bool
	contexts      bool // CLIENT CONTEXTS ON
	r, w          int  // CLIENT QUORUM; 0: the cluster's
	mute          bool // CLIENT REPLY OFF
	skip          bool // CLIENT REPLY SKIP: the next command is silent
}

// serve runs until the client leaves, is sent away, or the server ends.
func (s *session) serve(ctx context.Context) {
	err := s.loop(ctx)
	s.unwatch()
	s.out.finish()
	s.farewell(err)
	_ = s.conn.Close()
	s.in.release()
}

func (s *session) loop(ctx context.Context) error {
	for {
		missing := s.framer.Missing(s.in.end - s.in.start)
		if err := s.awaitTurn(); err != nil {
			return err
		}
		n, err := s.in.fill(s.conn, missing)
		s.drained += int64(n)
		if s.feed != nil && errors.Is(err, os.ErrDeadlineExceeded) && s.deliver() {
			continue
		}
		if errors.Is(err, errQueryTooBig) || errors.Is(err, errNodeFull) {
			return s.sendAway(err)
		}
		if err != nil {
			return err
		}
		s.borrow()
		err = s.turn(ctx)
		if err == nil {
			err = s.out.Flush()
		}
		s.giveBack()
		s.held.Store(uint64(len(s.in.buf))<<32 | uint64(s.in.end-s.in.start))
		if err != nil || s.ending {
			return err
		}
	}
}

// awaitTurn sets the deadline for the next read.
func (s *session) awaitTurn() error {
	var deadline time.Time
	if have := s.in.end - s.in.start; have > 0 {
		now := time.Now()
		if s.begun == 0 {
			s.begun = now.UnixNano()
		}
		patience := unfinishedGrace + time.Duration(have/slowestRate)*time.Second
		deadline = time.Unix(0, s.begun).Add(patience)
	} else {
		s.begun = 0
		if idle := s.server.limits.idle.Load(); idle > 0 {
			deadline = time.Now().Add(time.Duration(idle))
		}
	}
	if s.timed || !deadline.IsZero() || s.feed != nil {
		s.timed = !deadline.IsZero()
		if err := s.conn.SetReadDeadline(deadline); err != nil {
			return err
		}
	}
	if s.feed != nil && s.feed.waiting() { // it came while nobody read
		if err := s.conn.SetReadDeadline(past); err != nil {
			return err
		}
	}
	// The server raises this flag before it moves every deadline to the past.
	if s.server.closing.Load() {
		return errServerClosing
	}
	return nil
}

// turn executes every whole command that has arrived.
func (s *session) turn(ctx context.Context) error {
	for !s.ending {
		n, kind, err := s.framer.Next(s.in.pending())
		if err != nil {
			s.flushBatch(ctx)
			return s.sendAway(err)
		}
		if n == 0 {
			break
		}
		s.begun = 0
		raw := s.in.pending()[:n]
		s.in.discard(n)
		if kind == resp.ShapeBlank {
			continue
		}
		if err := s.dispatch(ctx, raw, kind); err != nil {
			s.flushBatch(ctx)
			return s.sendAway(err)
		}
	}
	s.flushBatch(ctx)
	return nil
}

// sendAway tells the client why its connection ends, unless it may be no client
// of ours at all.
func (s *session) sendAway(cause error) error {
	if !errors.Is(cause, resp.ErrCrossProtocol) && !s.mute {
		s.out.Error(cause.Error())
	}
	_ = s.out.Flush()
	s.out.finish()
	if half, ok := s.conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		_ = s.conn.SetReadDeadline(time.Now().Add(lingerTime))
		_, _ = io.CopyN(io.Discard, s.conn, lingerBytes)
	}
	return cause
}

// farewell logs an end that an operator may ask about.
func (s *session) farewell(err error) {
	log := s.server.cfg.Logger.With("client", s.conn.RemoteAddr().String())
	var broken resp.ProtocolError
	switch {
	case err == nil, errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed), errors.Is(err, errServerClosing):
	case errors.As(err, &broken), errors.Is(err, resp.ErrCrossProtocol):
		s.server.strangers.Do(func() { log.Warn("closed a client that broke the protocol", "err", err) })
	case errors.Is(err, os.ErrDeadlineExceeded):
		log.Debug("closed an idle client")
	case errors.Is(err, errSlowReader), errors.Is(err, errQueryTooBig), errors.Is(err, errNodeFull):
		s.server.greedy.Do(func() { log.Warn("closed a client over its limits", "err", err) })
	default:
		log.Debug("connection lost", "err", err)
	}
}
