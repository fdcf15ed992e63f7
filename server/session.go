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

	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

// A client that sends an unfinished command slowly is given this long, and a second
// more for every slowestRate bytes it managed to send.
const (
	unfinishedGrace = 30 * time.Second
	slowestRate     = 1 << 10
)

// After a protocol error the session reads what the client is still sending for a moment
// before it closes the connection. Otherwise the kernel would reset the connection, and
// the client might not see the error.
const (
	lingerTime  = 200 * time.Millisecond
	lingerBytes = 1 << 20
)

// past is a deadline that wakes a reader at once.
var past = time.Unix(1, 0)

// session serves one connection, in one goroutine.
type session struct {
	server *Server
	id     int64
	conn   net.Conn
	born   time.Time
	client command.Client // what handlers see; its Batch is set while executeArrived runs

	input      input
	framer     resp.Framer
	output     output
	watcher    watcher
	batchLimit int // requests after which a batch runs

	authenticated bool
	mode          replyMode
	ending        bool      // close when the replies are sent
	unfinished    time.Time // when the unfinished command began; zero: there is none
	hasDeadline   bool      // of reading

	received    int64 // bytes that noteActivity has not counted
	sentCounted int64 // bytes of output.sent that it has

	inputBytes atomic.Int64                // that wait in the input, for CLIENT LIST
	inputRoom  atomic.Int64                // bytes of the input's buffer, for CLIENT LIST
	active     atomic.Int64                // unix ns of the last batch
	last       atomic.Pointer[command.Row] // command
	killed     atomic.Bool                 // by CLIENT KILL, and no longer listed

	mu struct { // what other sessions see in CLIENT LIST
		sync.Mutex
		identity command.Identity
	}
}

// replyMode is what CLIENT REPLY chose.
type replyMode struct {
	off  bool // until CLIENT REPLY ON
	skip bool // the next command is not answered
}

// silent reports whether the next command is not answered.
func (m *replyMode) silent() bool {
	silent := m.off || m.skip
	m.skip = false
	return silent
}

// serve runs until the client closes the connection, the session refuses it, or the
// server ends.
func (s *session) serve(ctx context.Context) {
	err := s.loop(ctx)
	s.holdPushes()
	s.unwatch()
	s.output.finish()
	s.logEnd(err)
	_ = s.conn.Close()
	s.input.release()
}

func (s *session) loop(ctx context.Context) error {
	for {
		missing := s.framer.Missing(s.input.end - s.input.start)
		if err := s.setReadDeadline(); err != nil {
			return err
		}
		n, err := s.input.fill(s.conn, missing)
		s.received += int64(n)
		s.holdPushes()
		switch {
		case errors.Is(err, errQueryTooBig), errors.Is(err, errNodeFull):
			err = s.refuse(err)
		case err == nil:
			s.borrow()
			if err = s.executeArrived(ctx); err == nil {
				err = s.output.Flush()
			}
			s.giveBack()
		}
		s.allowPushes()
		s.inputBytes.Store(int64(s.input.end - s.input.start))
		s.inputRoom.Store(int64(len(s.input.buf)))
		if err != nil || s.ending {
			return err
		}
	}
}

// borrow takes a batch from the pool, with memory for replies.
func (s *session) borrow() {
	b := s.server.batches.Get().(*command.Batch)
	s.client.Batch = b
	s.client.Out.Buf, b.Rendered = b.Rendered, nil
}

// giveBack returns the batch, when the replies have been sent.
func (s *session) giveBack() {
	b := s.client.Batch
	b.Shrink()
	b.Rendered, s.client.Out.Buf = s.client.Out.Buf[:0], nil
	s.server.batches.Put(b)
	s.client.Batch = nil
}

// setReadDeadline sets the deadline of the next read: when the client will have been
// silent for longer than the idle timeout, or has taken too long over an unfinished
// command. A client that watches by MONITOR is never idle.
func (s *session) setReadDeadline() error {
	var deadline time.Time
	if have := s.input.end - s.input.start; have > 0 {
		if s.unfinished.IsZero() {
			s.unfinished = time.Now()
		}
		deadline = s.unfinished.Add(unfinishedGrace + time.Duration(have/slowestRate)*time.Second)
	} else {
		s.unfinished = time.Time{}
	}
	if idle := s.server.limits.Idle.Load(); idle > 0 && s.watcher.mailbox == nil {
		silent := time.Now().Add(time.Duration(idle) + time.Millisecond)
		if deadline.IsZero() || silent.Before(deadline) {
			deadline = silent
		}
	}
	if s.hasDeadline || !deadline.IsZero() {
		s.hasDeadline = !deadline.IsZero()
		if err := s.conn.SetReadDeadline(deadline); err != nil {
			return err
		}
	}
	// The server raises this flag before it moves every deadline to the past.
	if s.server.closing.Load() {
		return errServerClosing
	}
	return nil
}

// executeArrived executes every whole command that has arrived.
func (s *session) executeArrived(ctx context.Context) error {
	for !s.ending {
		n, shape, err := s.framer.Next(s.input.pending())
		if err != nil {
			s.flushBatch(ctx)
			return s.refuse(err)
		}
		if n == 0 {
			break
		}
		s.unfinished = time.Time{}
		raw := s.input.pending()[:n]
		s.input.discard(n)
		if shape == resp.ShapeBlank {
			continue
		}
		if err := s.dispatch(ctx, raw, shape); err != nil {
			s.flushBatch(ctx)
			return s.refuse(err)
		}
	}
	s.flushBatch(ctx)
	return nil
}

// refuse answers with the reason why the connection is closed, unless the client speaks
// another protocol.
func (s *session) refuse(cause error) error {
	if !errors.Is(cause, resp.ErrCrossProtocol) && !s.mode.off {
		s.client.Out.Error(cause.Error())
	}
	_ = s.output.Flush()
	s.output.finish()
	if half, ok := s.conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		_ = s.conn.SetReadDeadline(time.Now().Add(lingerTime))
		_, _ = io.CopyN(io.Discard, s.conn, lingerBytes)
	}
	return cause
}

// logEnd logs an end that an operator may ask about.
func (s *session) logEnd(err error) {
	log := s.server.cfg.Logger.With("client", s.Address())
	var broken resp.ProtocolError
	switch {
	case err == nil, errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed), errors.Is(err, errServerClosing):
	case errors.As(err, &broken), errors.Is(err, resp.ErrCrossProtocol):
		s.server.logged.protocol.Do(func() { log.Warn("closed a client that broke the protocol", "err", err) })
	case errors.Is(err, os.ErrDeadlineExceeded):
		log.Debug("closed an idle client")
	case errors.Is(err, errSlowReader), errors.Is(err, errQueryTooBig), errors.Is(err, errNodeFull):
		s.server.logged.limits.Do(func() { log.Warn("closed a client over its limits", "err", err) })
	default:
		log.Debug("connection lost", "err", err)
	}
}
