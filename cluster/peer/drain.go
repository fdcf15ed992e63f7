package peer

import (
	"errors"
	"time"
)

var errDraining = errors.New("this node is stopping")

// gossipLeave bounds how long Run waits until gossip has announced that the node
// leaves. memberlist gets a second for it.
const gossipLeave = 1500 * time.Millisecond

// drain stops accepting connections and requests, and waits for a bounded time until
// open requests are answered.
func (c *Channel) drain() {
	_ = c.sockets.Listener.Close() // shut closes it again; neither error matters
	for _, s := range c.accepted.all() {
		s.closeGently()
	}
	const step = 5 * time.Millisecond
	tick := time.NewTicker(step)
	defer tick.Stop()
	for waited := time.Duration(0); ; waited += step {
		served := waited >= c.cfg.DrainTimeout || c.idle()
		if served && (waited >= gossipLeave || !c.gossip.inUse()) {
			return
		}
		select {
		case <-tick.C:
		case <-c.closing:
			return
		}
	}
}

// idle reports whether no request is open, neither here nor at a peer.
func (c *Channel) idle() bool {
	return len(c.accepted.all()) == 0 && c.remotes.Load().outstanding() == 0
}

// shut closes everything at once.
func (c *Channel) shut(cause error) {
	c.mu.Lock()
	if c.mu.closed {
		c.mu.Unlock()
		return
	}
	c.mu.closed = true
	close(c.closing)
	remotes := *c.remotes.Load()
	for _, r := range remotes {
		if r.cancel != nil {
			r.cancel()
		}
	}
	c.mu.Unlock()
	// An error of closing a socket changes nothing.
	_ = c.sockets.Close()
	c.unidentified.closeAll()
	c.gossip.closeAll()
	c.accepted.close()
	for _, s := range c.accepted.all() {
		s.abort(cause)
	}
	for s := range remotes.streams() {
		s.abort(cause)
	}
}
