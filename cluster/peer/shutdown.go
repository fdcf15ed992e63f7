package peer

import (
	"errors"
	"time"
)

var errDraining = errors.New("this node is stopping")

// gossipLeave bounds how long Run waits for gossip to say goodbye: memberlist is
// given a second for it.
const gossipLeave = 1500 * time.Millisecond

// drain is the gentle half of stopping: no new connections, no new requests, and
// a moment for what is under way.
func (c *Channel) drain() {
	_ = c.listener.Close() // a second close is in shut; neither can be acted upon
	for _, s := range c.acceptedStreams() {
		s.finish()
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

// idle reports whether nobody waits for an answer, here or at a peer.
func (c *Channel) idle() bool {
	if len(c.acceptedStreams()) > 0 {
		return false
	}
	for _, r := range *c.remotes.Load() {
		for i := range r.streams {
			if s := r.streams[i].Load(); s != nil && s.outstanding() > 0 {
				return false
			}
		}
	}
	return true
}

// shut drops everything, whatever it is at.
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
	// The sockets are given up in any case; an error of closing changes nothing.
	_ = c.listener.Close()
	_ = c.packets.Close()
	c.lobby.closeAll()
	c.gossip.closeAll()
	for _, s := range c.acceptedStreams() {
		s.abort(cause)
	}
	for _, r := range remotes {
		for i := range r.streams {
			if s := r.streams[i].Load(); s != nil {
				s.abort(cause)
			}
		}
	}
}

func (c *Channel) acceptedStreams() []*stream {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]*stream, 0, len(c.mu.accepted))
	for s := range c.mu.accepted {
		all = append(all, s)
	}
	return all
}
