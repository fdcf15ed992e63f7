package peer

import (
	"context"
	"errors"
	"fmt"
	"iter"
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

// remote is another member of the cluster, and the streams that this node dials to it.
type remote struct {
	c        *Channel
	id       causal.NodeID
	addr     atomic.Pointer[string]
	streams  []atomic.Pointer[stream] // see streamIndex
	triggers []chan struct{}          // of the same streams
	wait     waitTime
	trip     roundTrip
	failed   atomic.Pointer[failure] // the newest one; nil: none
	version  atomic.Uint32           // the newest that the peer spoke at its last handshake; 0: not known
	cancel   context.CancelFunc      // guarded by Channel.mu; nil until Run
}

// remotes has the other members by their id. It is not changed once it is shared.
type remotes map[causal.NodeID]*remote

// streams goes through the streams that this node has dialled.
func (m remotes) streams() iter.Seq[*stream] {
	return func(yield func(*stream) bool) {
		for _, r := range m {
			for i := range r.streams {
				if s := r.streams[i].Load(); s != nil && !yield(s) {
					return
				}
			}
		}
	}
}

// outstanding counts the requests that wait for a reply.
func (m remotes) outstanding() (n int) {
	for s := range m.streams() {
		n += s.outstanding()
	}
	return n
}

func (c *Channel) newRemote(id causal.NodeID, addr string) *remote {
	n := StreamsPerPeer(c.cfg.Lanes)
	r := &remote{c: c, id: id, streams: make([]atomic.Pointer[stream], n), triggers: make([]chan struct{}, n)}
	r.addr.Store(&addr)
	for i := range r.triggers {
		r.triggers[i] = make(chan struct{}, 1)
	}
	r.wait.update()
	return r
}

// streamIndex returns the place of a stream among those to a peer: the first lane has that
// of its class, and the others follow behind the classes.
func streamIndex(class Class, lane Lane) int {
	if lane == 0 {
		return int(class)
	}
	return classes - 1 + int(lane)
}

// stream returns a stream by its place, or the first lane in place of another one that does
// not stand; nil if there is none.
func (r *remote) stream(at int) *stream {
	s := r.streams[at].Load()
	if s == nil && at >= classes {
		s = r.streams[Foreground].Load()
	}
	return s
}

// available reports whether there is a foreground stream to the peer and it answers, on
// every lane.
func (r *remote) available() bool {
	s := r.streams[Foreground].Load()
	if s == nil || s.silent.Load() {
		return false
	}
	for i := classes; i < len(r.streams); i++ {
		if s := r.streams[i].Load(); s != nil && s.silent.Load() {
			return false
		}
	}
	return true
}

// hasLanes reports whether the peer is known to tell lanes apart.
func (r *remote) hasLanes() bool { return r.version.Load() >= versionLanes }

func (r *remote) trigger() { r.triggerAll(r.triggers) }

func (r *remote) triggerAll(some []chan struct{}) {
	for _, p := range some {
		select {
		case p <- struct{}{}:
		default:
		}
	}
}

// maintain holds one stream to the peer until ctx ends. A lane other than the first is
// dialled once the peer is known to tell them apart.
func (r *remote) maintain(ctx context.Context, class Class, lane Lane) {
	at := streamIndex(class, lane)
	backoff := firstBackoff
	for ctx.Err() == nil {
		began := r.c.now()
		if lane > 0 && !r.hasLanes() {
			// A stream to the peer will tell, and triggers this one.
		} else if s, err := r.connect(ctx, class, lane); err != nil {
			r.note(err)
			r.report(err)
		} else {
			r.serve(ctx, s)
			if r.c.now()-began > int64(mostBackoff) {
				backoff = firstBackoff // the stream had worked: start over
			}
		}
		// Half of the pause is random, so that not all peers dial a returning node at once.
		pause := time.NewTimer(backoff/2 + rand.N(backoff/2))
		backoff = min(2*backoff, mostBackoff)
		select {
		case <-pause.C:
		case <-r.triggers[at]:
			backoff = firstBackoff
		case <-ctx.Done():
		}
		pause.Stop()
	}
}

// connect dials the peer and does the handshake.
func (r *remote) connect(ctx context.Context, class Class, lane Lane) (*stream, error) {
	conn, h, err := r.c.dial(ctx, *r.addr.Load(), purposePeer, class, lane, r.id)
	if err != nil {
		return nil, err
	}
	if old := r.version.Swap(uint32(h.peer.version)); old < versionLanes && r.hasLanes() {
		r.triggerAll(r.triggers[classes:])
	}
	s := r.c.newStream(conn, r.id, h.peer.name, class, r)
	s.lane, s.pieces = lane, h.peer.version >= versionPieces
	return s, nil
}

// serve runs a stream until it breaks or ctx ends.
func (r *remote) serve(ctx context.Context, s *stream) {
	stop := context.AfterFunc(ctx, func() { s.fail(errForgotten) })
	defer stop()
	r.streams[streamIndex(s.class, s.lane)].Store(s)
	first := s.class == Foreground && s.lane == 0 // the peer is up and down with it
	if first {
		r.c.throttle.forget(r.key())
		r.c.log.Debug("connected to peer", "peer", s.name, "addr", *r.addr.Load())
		r.c.cfg.Connected(r.id)
	}
	err := s.run()
	r.note(err)
	r.c.count.StreamsBroken.Add(1)
	if first && ctx.Err() == nil {
		r.c.log.Info("connection to peer lost", "peer", s.name, "addr", *r.addr.Load(), "err", err)
	}
}

// note stores err for [Channel.Status].
func (r *remote) note(err error) { r.failed.Store(&failure{err: err, at: time.Now()}) }

// key identifies the peer to the log throttle, whether or not its name is known yet.
func (r *remote) key() string { return fmt.Sprintf("%016x", uint64(r.id)) }

// lost stops using a stream.
func (r *remote) lost(s *stream) { r.streams[streamIndex(s.class, s.lane)].CompareAndSwap(s, nil) }

// answered records that a peer which was silent answers again.
func (r *remote) answered(s *stream) {
	if s.silent.CompareAndSwap(true, false) {
		r.log(slog.LevelInfo, "peer answers again", "peer", s.name)
	}
}

// log logs a line that a peer may cause again and again. It uses the given level once
// every ten minutes, and debug otherwise.
func (r *remote) log(level slog.Level, text string, args ...any) {
	if !r.c.throttle.allow(logLine{who: r.key(), what: text}) {
		level = slog.LevelDebug
	}
	r.c.log.Log(context.Background(), level, text, args...)
}

// report logs why a peer cannot be reached. A cause that only a person can mend is a
// warning, throttled; the others show in gossip and are logged for debugging only.
func (r *remote) report(err error) {
	if refused := (*RefusedError)(nil); errors.As(err, &refused) {
		r.c.count.Refused.Add(1)
		if !refused.Reason.temporary() && r.c.throttle.allow(logLine{who: r.key(), what: refused.Reason.String()}) {
			r.c.log.Warn("no stream to peer", "peer", r.c.peerName(r.id), "addr", *r.addr.Load(), "err", err)
		}
		return
	}
	r.c.log.Debug("peer not reached", "peer", r.c.peerName(r.id), "addr", *r.addr.Load(), "err", err)
}

// dial opens a connection and does the dialler's part of the handshake. Every stream
// that this node dials is made here.
func (c *Channel) dial(ctx context.Context, addr string, p purpose, class Class, lane Lane, expect causal.NodeID) (net.Conn, *handshake, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.HandshakeTimeout)
	defer cancel()
	conn, err := c.sockets.Dialer.DialContext(ctx, addr)
	if err != nil {
		return nil, nil, err // err names the address already
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // which ends the handshake
	h := c.newHandshake(p, class, lane, expect)
	err = withDeadline(conn, c.cfg.HandshakeTimeout, func() error { return h.dial(conn) })
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = conn.Close() // err is the cause
		return nil, nil, err
	}
	return conn, h, nil
}
