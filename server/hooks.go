package server

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/connection"
	"github.com/quorate/quorate/server/push"
	"github.com/quorate/quorate/server/resp"
)

// hooks run before a command: a pause holds it, and MONITOR shows it. While there is
// neither, a command costs one atomic load more.
type hooks struct {
	armed    atomic.Bool // there is a pause, or some client watches
	pause    connection.Pause
	monitors push.Group
	arming   sync.Mutex // see arm
}

// arm decides whether sessions must run the hooks.
func (h *hooks) arm() {
	h.arming.Lock()
	defer h.arming.Unlock()
	h.armed.Store(!h.monitors.Empty() || h.pause.InForce())
}

// unparsed is one whole command, for parsing it again after a batch was reset.
type unparsed struct {
	raw   []byte
	shape resp.Shape
}

// runHooks runs before a command while hooks are armed. It returns the arguments,
// parsed anew if the batch ran meanwhile.
func (s *session) runHooks(ctx context.Context, r *command.Row, args [][]byte, from unparsed) ([][]byte, error) {
	if !r.Urgent && s.awaitPause(ctx, r) {
		again, err := s.client.Batch.Parse(from.raw, from.shape)
		if err != nil {
			return nil, err
		}
		args = again
	}
	if r.Shown() {
		s.server.hooks.monitors.Publish(push.MonitorLine(time.Now(), s.Address(), args))
	}
	return args, nil
}

// awaitPause holds the session until a command may begin, and reports whether it
// had to wait. Commands before this one are carried out and answered first: the
// batch is then empty.
func (s *session) awaitPause(ctx context.Context, r *command.Row) (waited bool) {
	for !s.server.closing.Load() && ctx.Err() == nil {
		left, ended := s.server.hooks.pause.Left(r.Writes())
		if left <= 0 {
			break
		}
		waited = true
		s.flushBatch(ctx)
		_ = s.output.Flush() // a lost connection is found at the next flush
		over := time.NewTimer(left)
		select {
		case <-over.C:
		case <-ended:
		case <-s.server.stopping:
		case <-ctx.Done():
		}
		over.Stop()
	}
	if waited {
		s.server.hooks.arm()
	}
	return waited
}

// sleep serves DEBUG SLEEP: it holds the commands of all connections.
func (s *Server) sleep(ctx context.Context, d time.Duration) {
	s.hooks.pause.Begin(time.Now().Add(d), connection.AllCommands)
	over := time.NewTimer(d)
	defer over.Stop()
	select {
	case <-over.C:
	case <-s.stopping:
	case <-ctx.Done():
	}
	s.hooks.arm()
}

// watcher is the session's side of MONITOR.
type watcher struct {
	mailbox *push.Mailbox // nil: this connection does not watch
	sending sync.Mutex    // held by the session while it works, if it has a mailbox
}

// Watch begins MONITOR. Messages are held back until the session's replies are sent.
func (s *session) Watch() {
	if s.watcher.mailbox != nil {
		return
	}
	m := push.NewMonitor()
	s.watcher.mailbox = m
	s.watcher.sending.Lock()
	s.Describe(func(i *command.Identity) { i.Monitor = true })
	s.server.work.Go(func() { m.Deliver(&s.watcher.sending, s.output.Send) })
	s.server.hooks.monitors.Add(m)
	s.server.hooks.arm()
}

// unwatch ends MONITOR. The session holds pushes back.
func (s *session) unwatch() {
	if s.watcher.mailbox == nil {
		return
	}
	s.server.hooks.monitors.Remove(s.watcher.mailbox)
	s.server.hooks.arm()
	s.watcher.mailbox.Close()
	s.watcher.mailbox = nil
	s.watcher.sending.Unlock()
}

// holdPushes keeps pushed messages back while the session works.
func (s *session) holdPushes() {
	if s.watcher.mailbox != nil {
		s.watcher.sending.Lock()
	}
}

// allowPushes lets pushed messages through.
func (s *session) allowPushes() {
	if s.watcher.mailbox != nil {
		s.watcher.sending.Unlock()
	}
}
