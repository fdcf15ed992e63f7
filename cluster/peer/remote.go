package peer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/cluster/causal"
)

const (
	firstRedial = 50 * time.Millisecond
	lastRedial  = 5 * time.Second
)

// remote is a peer that this node keeps streams to.
type remote struct {
	c        *Channel
	id       causal.NodeID
	streams  [classes]atomic.Pointer[stream]
	silent   atomic.Bool // overdue with an answer
	patience patience
	pokes    [classes]chan struct{}
	gone     chan struct{} // closed when it is no longer a member

	mu struct {
		sync.Mutex
		addr   string
		forgot bool
	}
}

func newRemote(c *Channel, id causal.NodeID, addr string) *remote {
	r := &remote{c: c, id: id, gone: make(chan struct{})}
	for i := range r.pokes {
		r.pokes[i] = make(chan struct{}, 1)
	}
	r.mu.addr = addr
	r.patience.update()
	return r
}

func (r *remote) addr() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.mu.addr
}

// move makes the streams lead to another address.
func (r *remote) move(addr string) {
	r.mu.Lock()
	moved := r.mu.addr != addr
	r.mu.addr = addr
	r.mu.Unlock()
	if moved {
		r.drop(errReplaced)
		r.poke()
	}
}

// forget ends the streams for good.
func (r *remote) forget(cause error) {
	r.mu.Lock()
	if !r.mu.forgot {
		r.mu.forgot = true
		close(r.gone)
	}
	r.mu.Unlock()
	r.drop(cause)
}

func (r *remote) drop(cause error) {
	for i := range r.streams {
		if s := r.streams[i].Load(); s != nil {
			s.fail(cause)
		}
	}
}

func (r *remote) poke() {
	for _, p := range r.pokes {
		select {
		case p <- struct{}{}:
		default:
		}
	}
}

// keep dials the stream of a class, runs it, and dials again when it breaks,
// with growing, jittered pauses, until the peer or the channel is no more.
func (r *remote) keep(class Class) {
	ctx, cancel := context.WithCancel(r.c.ctx)
	defer cancel()
	stop := make(chan struct{})
	defer close(stop)
	r.c.tasks.Go(func() {
		select {
		case <-r.gone:
			cancel()
		case <-stop:
		}
	})
	pause := firstRedial
	for ctx.Err() == nil {
		lived, err := r.once(ctx, class)
		if lived {
			pause = firstRedial
		}
		if ctx.Err() != nil {
			return
		}
		r.tell(class, err)
		select {
		case <-ctx.Done():
		case <-r.pokes[class]:
			pause = firstRedial
		case <-time.After(pause/2 + rand.N(pause/2)):
			pause = min(2*pause, lastRedial)
		}
	}
}

// once dials and runs one stream; lived says that it stood.
func (r *remote) once(ctx context.Context, class Class) (lived bool, err error) {
	c := r.c
	dialling, cancel := context.WithTimeout(ctx, c.cfg.HandshakeTimeout)
	conn, err := c.cfg.Network.DialContext(dialling, r.addr())
	cancel()
	if err != nil {
		return false, fmt.Errorf("dial: %w", err)
	}
	h := c.newHandshake(purposePeer, class, r.id)
	if err := shake(conn, c.cfg.HandshakeTimeout, func() error { return h.dial(conn) }); err != nil {
		return false, errors.Join(err, conn.Close())
	}
	s := c.newStream(conn, r.id, class)
	s.remote = r
	r.silent.Store(false)
	r.streams[class].Store(s)
	if class == Foreground {
		c.notices.forget(h.peer.name)
		c.cfg.Logger.Debug("stream to peer stands", "peer", h.peer.name, "addr", r.addr())
	}
	err = s.run(ctx, s.takeReplies)
	r.streams[class].Store(nil)
	return true, err
}

// tell logs why there is no stream: once for each cause, and as a warning only
// where somebody must do something about it.
func (r *remote) tell(class Class, err error) {
	if errors.Is(err, ErrRefused) {
		r.c.count.Refused.Add(1)
		if r.c.notices.due(r.addr(), err.Error()) {
			r.c.cfg.Logger.Warn("peer and this node refuse each other", "addr", r.addr(), "err", err)
		}
		return
	}
	r.c.cfg.Logger.Debug("no stream to peer", "addr", r.addr(), "class", class.String(), "err", err)
}

// sweep times out what waits too long, notices silence, and tries idle streams.
func (r *remote) sweep(now int64) {
	cfg := &r.c.cfg
	for class, timeout := range [classes]time.Duration{cfg.RequestTimeout, cfg.BackgroundTimeout} {
		s := r.streams[class].Load()
		if s == nil {
			continue
		}
		oldest := s.sweep(now, timeout)
		quiet := time.Duration(now - s.heard.Load())
		if oldest != 0 && quiet > cfg.SilenceTimeout {
			s.fail(errSilent)
			continue
		}
		if Class(class) != Foreground {
			continue
		}
		switch {
		case oldest != 0 && time.Duration(now-oldest) > r.patience.get() && quiet > r.patience.get():
			r.silent.Store(true)
		case oldest == 0 && quiet > cfg.PingInterval:
			s.request(kindPing, nil, pong{})
		}
	}
}

// pong is the completion of a ping: that it came is all that counts.
type pong struct{}

// Complete does nothing.
func (pong) Complete(causal.NodeID, []byte, error) {}
