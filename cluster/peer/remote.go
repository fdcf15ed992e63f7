package peer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
)

// Back-off between attempts to reach a peer.
const (
	firstBackoff = 50 * time.Millisecond
	mostBackoff  = 3 * time.Second // the longest that a link which has healed goes unused
)

// remote is a peer that this node may talk to, and the streams it dials to it.
type remote struct {
	c        *Channel
	id       causal.NodeID
	addr     atomic.Pointer[string]
	streams  [classes]atomic.Pointer[stream]
	pokes    [classes]chan struct{}
	patience patience
	cancel   context.CancelFunc // guarded by Channel.mu; nil until Run
}

func (c *Channel) newRemote(id causal.NodeID, addr string) *remote {
	r := &remote{c: c, id: id}
	r.addr.Store(&addr)
	for i := range r.pokes {
		r.pokes[i] = make(chan struct{}, 1)
	}
	r.patience.update()
	return r
}

// available reports whether the peer's foreground stream stands and it answers.
func (r *remote) available() bool {
	s := r.streams[Foreground].Load()
	return s != nil && !s.silent.Load()
}

func (r *remote) poke() {
	for _, p := range r.pokes {
		select {
		case p <- struct{}{}:
		default:
		}
	}
}

// keep holds one stream to the peer until ctx ends.
func (r *remote) keep(ctx context.Context, class Class) {
	backoff := firstBackoff
	for ctx.Err() == nil {
		began := r.c.now()
		if s, err := r.connect(ctx, class); err != nil {
			r.report(err)
		} else {
			r.hold(ctx, s)
			if r.c.now()-began > int64(mostBackoff) {
				backoff = firstBackoff // it stood: this is a new trouble
			}
		}
		// Half of it at random, so that a node's return is no stampede.
		pause := time.NewTimer(backoff/2 + rand.N(backoff/2))
		backoff = min(2*backoff, mostBackoff)
		select {
		case <-pause.C:
		case <-r.pokes[class]:
			backoff = firstBackoff
		case <-ctx.Done():
		}
		pause.Stop()
	}
}

// connect dials the peer and shakes hands.
func (r *remote) connect(ctx context.Context, class Class) (*stream, error) {
	conn, h, err := r.c.greet(ctx, *r.addr.Load(), purposePeer, class, r.id)
	if err != nil {
		return nil, err
	}
	return r.c.newStream(conn, r.id, h.peer.name, class, r), nil
}

// hold runs a stream until it breaks or ctx ends.
func (r *remote) hold(ctx context.Context, s *stream) {
	stop := context.AfterFunc(ctx, func() { s.breakOff(errForgotten) })
	defer stop()
	r.streams[s.class].Store(s)
	if s.class == Foreground {
		r.c.notices.forget(r.key())
		r.c.log.Debug("connected to peer", "peer", s.name, "addr", *r.addr.Load())
		r.c.cfg.Connected(r.id)
	}
	err := s.run()
	r.c.count.StreamsBroken.Add(1)
	if s.class == Foreground && ctx.Err() == nil {
		r.c.log.Info("connection to peer lost", "peer", s.name, "addr", *r.addr.Load(), "err", err)
	}
}

// key is the peer in notices, whether or not its name is known yet.
func (r *remote) key() string { return fmt.Sprintf("%016x", uint64(r.id)) }

// lost takes a stream out of use.
func (r *remote) lost(s *stream) { r.streams[s.class].CompareAndSwap(s, nil) }

// answered notes that a peer thought frozen is back.
func (r *remote) answered(s *stream) {
	if s.silent.CompareAndSwap(true, false) {
		r.log(slog.LevelInfo, "peer answers again", "peer", s.name)
	}
}

// log logs a line that a peer may cause again and again: at its level once in a
// while, and else for debugging.
func (r *remote) log(level slog.Level, text string, args ...any) {
	if !r.c.notices.due(notice{who: r.key(), what: text}) {
		level = slog.LevelDebug
	}
	r.c.log.Log(context.Background(), level, text, args...)
}

// report logs why a peer cannot be reached: once for each cause that only a
// human can mend, for the rest is what gossip tells about.
func (r *remote) report(err error) {
	if refused := (*RefusedError)(nil); errors.As(err, &refused) {
		r.c.count.Refused.Add(1)
		if !refused.Reason.passes() && r.c.notices.due(notice{who: r.key(), what: refused.Reason.String()}) {
			r.c.log.Warn("no stream to peer", "peer", r.c.nameOf(r.id), "addr", *r.addr.Load(), "err", err)
		}
		return
	}
	r.c.log.Debug("peer not reached", "peer", r.c.nameOf(r.id), "addr", *r.addr.Load(), "err", err)
}

// greet dials an address and runs the dialler's handshake. It is the only place
// where a stream's connection is made.
func (c *Channel) greet(ctx context.Context, addr string, p purpose, class Class, expect causal.NodeID) (net.Conn, *handshake, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.HandshakeTimeout)
	defer cancel()
	conn, err := c.cfg.Network.DialContext(ctx, addr)
	if err != nil {
		return nil, nil, err // names the address already
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // makes the handshake fail
	h := c.newHandshake(p, class, expect)
	err = shake(conn, c.cfg.HandshakeTimeout, func() error { return h.dial(conn) })
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = conn.Close() // err says what matters
		return nil, nil, err
	}
	return conn, h, nil
}
