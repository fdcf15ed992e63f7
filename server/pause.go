package server

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/quorate/quorate/server/resp"
)

// pause is what CLIENT PAUSE asks for: no command, or no write, is begun until
// it is over. Those under way are finished.
type pause struct {
	mu struct {
		sync.Mutex
		until  time.Time
		writes bool          // only writes wait
		lifted chan struct{} // closed when it ends early, or changes; nil: there is none
	}
}

// set begins a pause, or prolongs the one there is: of two ends the later, of
// two modes the stricter.
func (p *pause) set(until time.Time, writesOnly bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.lifted != nil {
		close(p.mu.lifted)
		writesOnly = writesOnly && p.mu.writes
		if p.mu.until.After(until) {
			until = p.mu.until
		}
	}
	p.mu.until, p.mu.writes, p.mu.lifted = until, writesOnly, make(chan struct{})
}

func (p *pause) lift() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.lifted != nil {
		close(p.mu.lifted)
		p.mu.lifted = nil
	}
}

// left is how long a command still has to wait, and what ends the wait early.
func (p *pause) left(write bool) (time.Duration, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.lifted == nil || p.mu.writes && !write {
		return 0, nil
	}
	left := time.Until(p.mu.until)
	if left <= 0 {
		close(p.mu.lifted)
		p.mu.lifted = nil
	}
	return left, p.mu.lifted
}

// paused tells whether there is a pause at all.
func (p *pause) paused() bool {
	left, _ := p.left(true)
	return left > 0
}

// wait holds the session until a command may begin. What came before it is
// carried out and answered first: then the batch is new, and true is returned.
func (s *session) wait(ctx context.Context, c *command) (waited bool) {
	for !s.server.closing.Load() && ctx.Err() == nil {
		left, lifted := s.server.pause.left(c.writes)
		if left <= 0 {
			break
		}
		waited = true
		s.flushBatch(ctx)
		_ = s.out.Flush() // a lost connection is found at the end of the turn
		over := time.NewTimer(left)
		select {
		case <-over.C:
		case <-lifted:
		case <-s.server.stopping:
		case <-ctx.Done():
		}
		over.Stop()
	}
	if waited {
		s.server.lookAround()
	}
	return waited
}

// runClientPause serves CLIENT PAUSE milliseconds [WRITE|ALL].
func runClientPause(_ context.Context, s *session, _ *command, args [][]byte) {
	writes := false
	if len(args) > 3 {
		switch {
		case resp.Is(args[3], "WRITE"):
			writes = true
		case !resp.Is(args[3], "ALL"):
			s.out.Error("ERR CLIENT PAUSE mode must be WRITE or ALL")
			return
		}
	}
	switch ms, ok := resp.ParseInt(args[2]); {
	case !ok || ms > math.MaxInt64/int64(time.Millisecond):
		s.out.Error("ERR timeout is not an integer or out of range")
	case ms < 0:
		s.out.Error("ERR timeout is negative")
	case len(args) > 4:
		s.out.Error(textSyntax)
	default:
		s.server.pause.set(time.Now().Add(time.Duration(ms)*time.Millisecond), writes)
		s.server.lookAround()
		s.out.OK()
	}
}

func runClientUnpause(_ context.Context, s *session, _ *command, _ [][]byte) {
	s.server.pause.lift()
	s.server.lookAround()
	s.out.OK()
}
