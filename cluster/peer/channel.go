package peer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/quorate/quorate/cluster/core/causal"
)

// Channel is a node's end of the peer channel. All methods are safe for
// concurrent use.
type Channel struct {
	cfg          Config
	log          *slog.Logger
	sockets      Sockets
	started      time.Time // channel time counts from here
	handler      Handler   // set by Run before anything is accepted
	gossip       *gossip
	inbound      *semaphore.Weighted // bodies in one frame that are larger than a read buffer
	arriving     *semaphore.Weighted // bodies in pieces
	unidentified unidentified
	throttle     logThrottle
	count        Counters

	accepted     *acceptedStreams
	remotes      atomic.Pointer[remotes] // replaced whole, under mu
	parked       atomic.Bool             // the watchdog sleeps
	watchdogWake chan struct{}           // wakes it
	closing      chan struct{}
	tasks        sync.WaitGroup

	mu struct {
		sync.Mutex
		running bool
		closed  bool
	}
}

// New makes a channel of sockets, which are the channel's from now on: an error closes
// them, and Run and Close do. The caller must call one of the two.
func New(cfg Config, sockets Sockets) (*Channel, error) {
	if err := cfg.Validate(); err != nil {
		return nil, errors.Join(err, sockets.Close())
	}
	cfg.setDefaults()
	if cfg.Advertise == "" {
		cfg.Advertise = advertised(sockets.Listener.Addr())
	}
	if cfg.Links != nil {
		sockets = sockets.withFaults(cfg.Links, cfg.Advertise)
	}
	c := &Channel{
		cfg: cfg, log: cfg.Logger, sockets: sockets, started: time.Now(),
		inbound: semaphore.NewWeighted(cfg.InboundBytes), arriving: semaphore.NewWeighted(cfg.InboundBytes),
		watchdogWake: make(chan struct{}, 1), closing: make(chan struct{}),
	}
	c.gossip = newGossip(c)
	c.remotes.Store(new(remotes))
	c.accepted = newAcceptedStreams(cfg.MaxStreams)
	return c, nil
}

// Addr returns the address that this node advertises: Config.Advertise or its default.
func (c *Channel) Addr() string { return c.cfg.Advertise }

// now returns channel time: monotonic nanoseconds since the channel was made.
func (c *Channel) now() int64 { return int64(time.Since(c.started)) }

// Run serves until ctx ends. Then it waits, for a bounded time, until open requests are
// answered and gossip has announced the node's leave, and releases the port. It
// returns when all its goroutines have ended. After Close it returns at once.
func (c *Channel) Run(ctx context.Context, h Handler) error {
	c.mu.Lock()
	if c.mu.closed || c.mu.running {
		c.mu.Unlock()
		return fmt.Errorf("run peer channel: %w", ErrClosed)
	}
	c.handler = h
	c.mu.running = true
	for _, r := range *c.remotes.Load() {
		c.startLocked(r)
	}
	c.spawnLocked(c.acceptAll)
	c.spawnLocked(c.gossip.readPackets)
	c.spawnLocked(c.watchAll)
	c.mu.Unlock()

	select {
	case <-ctx.Done():
		c.drain()
	case <-c.closing:
	}
	c.shut(errDraining)
	c.tasks.Wait()
	return nil
}

// Close closes every socket abruptly, as the death of the process would. Run then
// returns. A second Close does nothing.
func (c *Channel) Close() { c.shut(ErrClosed) }

// spawnLocked starts a goroutine that Run waits for. mu must be held.
func (c *Channel) spawnLocked(f func()) { c.tasks.Go(f) }

// spawn starts a goroutine that Run waits for. It returns false if the channel has
// closed.
func (c *Channel) spawn(f func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.closed {
		return false
	}
	c.spawnLocked(f)
	return true
}

// startLocked starts the goroutines that keep streams to a peer.
func (c *Channel) startLocked(r *remote) {
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	for class := range Class(classes) {
		c.spawnLocked(func() { r.maintain(ctx, class, 0) })
	}
	for lane := Lane(1); int(lane) < c.cfg.Lanes; lane++ {
		c.spawnLocked(func() { r.maintain(ctx, Foreground, lane) })
	}
}

// SetPeers replaces the peers and their addresses; this node itself is ignored.
// Streams to new peers are dialled at once and kept. Streams to peers that are no
// longer named are closed. A peer whose address has changed keeps its streams until
// they break.
func (c *Channel) SetPeers(addrs map[causal.NodeID]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.closed {
		return
	}
	old := *c.remotes.Load()
	next := make(remotes, len(addrs))
	for id, addr := range addrs {
		if id == c.cfg.Self || id == 0 {
			continue
		}
		r := old[id]
		if r == nil {
			r = c.newRemote(id, addr)
			if c.mu.running {
				c.startLocked(r)
			}
		} else if *r.addr.Load() != addr {
			r.addr.Store(&addr)
			r.trigger()
		}
		next[id] = r
	}
	c.remotes.Store(&next)
	for id, r := range old {
		if next[id] == nil && r.cancel != nil {
			r.cancel()
		}
	}
}

// remote returns a peer, or nil if it is not a member. It takes no lock.
func (c *Channel) remote(id causal.NodeID) *remote { return (*c.remotes.Load())[id] }

// peerName returns a peer's name for the log; its id until a stream has told the name.
func (c *Channel) peerName(id causal.NodeID) string {
	if r := c.remote(id); r != nil {
		for i := range r.streams {
			if s := r.streams[i].Load(); s != nil {
				return s.name
			}
		}
	}
	return fmt.Sprintf("%016x", uint64(id))
}

// Available reports whether a peer can be asked now: there is a stream to it, and its
// answers are not overdue. It takes no lock.
func (c *Channel) Available(id causal.NodeID) bool {
	r := c.remote(id)
	return r != nil && r.available()
}

// Connected reports whether there is a foreground stream to a peer, also if it does not answer
// just now.
func (c *Channel) Connected(id causal.NodeID) bool {
	r := c.remote(id)
	return r != nil && r.stream(int(Foreground)) != nil
}

// Knows reports whether a peer is known to be of a version with a feature. It is not known before
// the first stream to the peer.
func (c *Channel) Knows(id causal.NodeID, what Feature) bool {
	r := c.remote(id)
	return r != nil && r.version.Load() >= uint32(what)
}

// Speaks reports whether the version of a peer has a feature, and whether that version is known:
// it is not before the first stream to the peer.
func (c *Channel) Speaks(id causal.NodeID, what Feature) (does, known bool) {
	r := c.remote(id)
	if r == nil || r.version.Load() == 0 {
		return false, false
	}
	return c.Knows(id, what), true
}

// WaitTime returns how long an answer of a peer may take before another node should be
// asked: three times its recent 99th percentile, 20 to 500 ms; 100 ms until known.
func (c *Channel) WaitTime(id causal.NodeID) time.Duration {
	if r := c.remote(id); r != nil {
		return r.wait.get()
	}
	return defaultWait
}

// Trigger dials a peer now instead of after its back-off, because there is news that
// it is alive.
func (c *Channel) Trigger(id causal.NodeID) {
	if r := c.remote(id); r != nil {
		r.trigger()
	}
}
