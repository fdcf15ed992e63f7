package peer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/quorate/quorate/cluster/causal"
)

// Channel is this node's end of the peer channel. It is safe for concurrent use.
type Channel struct {
	cfg     Config
	tcp     net.Listener
	udp     net.PacketConn
	gossip  *gossip
	count   Counters
	notices notices
	began   time.Time
	handler Handler
	inbound *semaphore.Weighted // bytes of big frames
	serving atomic.Int64        // requests that peers wait for

	ctx    context.Context // ends when the channel closes; see Close
	cancel context.CancelFunc
	tasks  sync.WaitGroup

	remotes atomic.Pointer[map[causal.NodeID]*remote] // replaced, never changed

	mu struct {
		sync.Mutex
		running  bool
		closed   bool
		accepted map[*stream]struct{}
		raw      map[net.Conn]struct{} // not identified yet
	}
}

// Listen binds the port. Run must be called; Close gives the port back too.
// Errors: [ErrInUse], or what is wrong with the configuration.
func Listen(cfg Config) (*Channel, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.setDefaults()
	tcp, udp, err := bind(cfg.Network, cfg.Addr)
	if err != nil {
		return nil, err
	}
	if cfg.Advertise == "" {
		cfg.Advertise = advertised(tcp.Addr())
	}
	c := &Channel{cfg: cfg, tcp: tcp, udp: udp, began: time.Now(), inbound: semaphore.NewWeighted(cfg.InboundBytes)}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.gossip = newGossip(c)
	c.remotes.Store(&map[causal.NodeID]*remote{})
	c.mu.accepted = make(map[*stream]struct{})
	c.mu.raw = make(map[net.Conn]struct{})
	return c, nil
}

// Addr is the address that others are told.
func (c *Channel) Addr() string { return c.cfg.Advertise }

// now is the time since the channel began, in nanoseconds, never 0.
func (c *Channel) now() int64 { return int64(time.Since(c.began)) + 1 }

// Run serves until ctx ends; then nothing new is taken in, what peers wait for
// gets DrainTimeout to be answered, and the sockets are closed.
func (c *Channel) Run(ctx context.Context, h Handler) error {
	c.mu.Lock()
	c.handler, c.mu.running = h, true
	for _, r := range *c.remotes.Load() {
		c.keepLocked(r)
	}
	c.mu.Unlock()
	c.tasks.Go(c.accept)
	c.tasks.Go(c.gossip.receive)
	c.tasks.Go(c.sweep)
	select {
	case <-ctx.Done():
		_ = c.tcp.Close() // no more peers; the rest goes with Close
		c.drain()
	case <-c.ctx.Done():
	}
	c.Close()
	c.tasks.Wait()
	return nil
}

// drain waits until peers have their answers, for so long.
func (c *Channel) drain() {
	const step = 5 * time.Millisecond
	for waited := time.Duration(0); waited < c.cfg.DrainTimeout && c.serving.Load() > 0; waited += step {
		select {
		case <-c.ctx.Done():
			return
		case <-time.After(step):
		}
	}
}

// Close drops every socket at once, with no goodbye. What waits for an answer
// completes with [ErrUnavailable].
func (c *Channel) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.closed {
		return
	}
	c.mu.closed = true
	c.cancel()
	_ = errors.Join(c.tcp.Close(), c.udp.Close()) // best effort, and nobody to tell
	for conn := range c.mu.raw {
		_ = conn.Close()
	}
	for s := range c.mu.accepted {
		s.fail(ErrClosed)
	}
}

// SetPeers says who may be talked to, this node left out, and where. Streams to
// them are dialled at once and kept; those to others are dropped.
func (c *Channel) SetPeers(addresses map[causal.NodeID]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := *c.remotes.Load()
	next := maps.Clone(old)
	for id, r := range old {
		if _, ok := addresses[id]; !ok {
			r.forget(errForgotten)
			delete(next, id)
		}
	}
	for id, addr := range addresses {
		if id == c.cfg.Self {
			continue
		}
		if r := next[id]; r != nil {
			r.move(addr)
			continue
		}
		r := newRemote(c, id, addr)
		next[id] = r
		if c.mu.running {
			c.keepLocked(r)
		}
	}
	c.remotes.Store(&next)
}

// keepLocked starts the goroutines that keep the streams to a peer.
func (c *Channel) keepLocked(r *remote) {
	if c.mu.closed {
		return
	}
	for class := range classes {
		c.tasks.Go(func() { r.keep(Class(class)) })
	}
}

func (c *Channel) remote(id causal.NodeID) *remote { return (*c.remotes.Load())[id] }

// Send asks a peer, and returns at once; done is completed exactly once. body
// must stay as it is until then.
func (c *Channel) Send(to causal.NodeID, class Class, kind Kind, body []byte, done Completion) {
	if r := c.remote(to); r != nil {
		if s := r.streams[class].Load(); s != nil {
			s.request(kind, body, done)
			return
		}
	}
	done.Complete(to, nil, fmt.Errorf("%w: no stream", ErrUnavailable))
}

// Call asks a peer and waits, for ctx or the request's time-out.
func (c *Channel) Call(ctx context.Context, to causal.NodeID, class Class, kind Kind, body []byte) ([]byte, error) {
	w := make(waiter, 1)
	c.Send(to, class, kind, body, w)
	select {
	case a := <-w:
		return a.body, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// waiter is the completion of a Call.
type waiter chan waited

type waited struct {
	body []byte
	err  error
}

// Complete hands the answer to the caller, who may have gone.
func (w waiter) Complete(_ causal.NodeID, body []byte, err error) {
	w <- waited{append([]byte(nil), body...), err}
}

// Available reports whether a peer is worth asking: there is a stream to it, and
// it is not overdue with an answer.
func (c *Channel) Available(id causal.NodeID) bool {
	r := c.remote(id)
	return r != nil && r.streams[Foreground].Load() != nil && !r.silent.Load()
}

// Patience is how long to wait for a peer's answer before another is asked.
func (c *Channel) Patience(id causal.NodeID) time.Duration {
	if r := c.remote(id); r != nil {
		return r.patience.get()
	}
	return defaultPatience
}

// Poke makes the next attempt to reach a peer due now, for one who has reason to
// believe that it is back.
func (c *Channel) Poke(id causal.NodeID) {
	if r := c.remote(id); r != nil {
		r.poke()
	}
}

const (
	sweepEvery    = 20 * time.Millisecond
	estimateEvery = 50 // sweeps
)

// sweep looks at what waits too long, at who stays silent, and tries the idle.
func (c *Channel) sweep() {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-c.ctx.Done():
			return
		case <-tick.C:
		}
		for _, r := range *c.remotes.Load() {
			r.sweep(c.now())
			if n%estimateEvery == 0 {
				r.patience.update()
			}
		}
	}
}
