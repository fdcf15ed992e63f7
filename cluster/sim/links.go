package sim

import (
	"time"

	"github.com/quorate/quorate/cluster/peer"
)

// link is one direction between two nodes.
type link struct {
	cut   bool
	lossy int                      // per cent of frames that get lost
	slow  time.Duration            // added to each delay
	last  map[stream]time.Duration // when the newest frame arrives
}

// stream is one of those between two nodes. Frames of one stream stay in their order.
type stream struct {
	class peer.Class
	lane  peer.Lane
}

func (c *cluster) link(from, to *node) *link { return &c.links[from.index][to.index] }

// delay is how long a packet travels.
func (c *cluster) delay(l *link) time.Duration {
	d := 100*time.Microsecond + time.Duration(c.rng.Int64N(int64(time.Millisecond)))
	if c.chance(FaultDelay, 10, 100) {
		d += time.Duration(c.rng.Int64N(int64(10 * time.Millisecond)))
	}
	if c.chance(FaultSlow, 2, 100) {
		d += time.Duration(c.rng.Int64N(int64(300 * time.Millisecond)))
	}
	if l.slow > 0 {
		d += time.Duration(c.rng.Int64N(int64(l.slow)))
	}
	return d
}

// lag is how much longer than the others of its stream a packet takes that is to be written to
// a slow disk: a ring state, or a copy of a key.
func (p *packet) lag(c *cluster) time.Duration {
	switch {
	case p.kind == peer.RingPush && p.answers == nil, p.kind == peer.RingPull && p.answers != nil:
		if c.chance(FaultLag, 1, 2) {
			return time.Duration(c.rng.Int64N(int64(600 * time.Millisecond)))
		}
	case p.kind == peer.Write && p.answers == nil:
		if c.chance(FaultLag, 1, 10) {
			return time.Duration(c.rng.Int64N(int64(mostLag)))
		}
	}
	return 0
}

// mostLag is how late copies are, at most, where disks are slow.
const mostLag = 60 * time.Millisecond

// reachable is the truth about whether a node can talk to another one.
func (c *cluster) reachable(from, to *node) bool {
	return to.life != nil && !to.life.frozen && !c.link(from, to).cut && !c.link(to, from).cut
}

// knows reports whether a node's peer channel has another one's present address. At an
// older one nobody listens, or a node that is not the one that is meant.
func (l *life) knows(about *node) bool { return l.peerAddr(about.id) == about.addr }

// detectSoon has a node learn in a while how another one is. A broken connection
// is noticed sooner than silence.
func (c *cluster) detectSoon(at, about *node, broken bool) {
	if at.id == about.id {
		return
	}
	delay := 20*time.Millisecond + time.Duration(c.rng.Int64N(int64(400*time.Millisecond)))
	if broken {
		delay = time.Duration(c.rng.Int64N(int64(60 * time.Millisecond)))
		if c.rng.IntN(4) == 0 { // the machine is gone, not the process alone
			delay = time.Second + time.Duration(c.rng.Int64N(int64(2*time.Second)))
		}
	} else if !c.reachable(at, about) {
		delay = 500*time.Millisecond + time.Duration(c.rng.Int64N(int64(2*time.Second)))
	}
	if at.life == nil {
		return
	}
	l := at.life
	c.after(delay, func() { c.give(l, func() { c.detect(l, about) }) })
}

// detect makes a node believe the truth about another one.
func (c *cluster) detect(l *life, about *node) {
	for _, id := range sortedKeys(l.pending) {
		if p := l.pending[id]; p != nil && p.to != nil && p.to.node == about && p.to.over {
			c.complete(p, nil, peer.ErrUnavailable)
		}
	}
	was, is := l.connection(about.id), (*life)(nil)
	if l.knows(about) && c.reachable(l.node, about) {
		is = about.life
	}
	if !l.over && is == nil && c.reachable(l.node, about) {
		// It is reached once this node knows that it is a member, and where.
		c.after(100*time.Millisecond, func() { c.give(l, func() { c.detect(l, about) }) })
	}
	if was == is || l.over || is == nil && was.node != about {
		return
	}
	c.note("%s sees %s %v", l.node.name, about.name, is != nil)
	l.connect(about.id, is)
	if is != nil {
		c.step(l, func() { l.connected(about.id) })
	}
}

// suspect makes a node believe for a while that another one is down.
func (c *cluster) suspect(l *life, about *node) {
	if !l.Available(about.id) {
		return
	}
	c.note("%s suspects %s", l.node.name, about.name)
	l.connect(about.id, nil)
	c.detectSoon(l.node, about, false)
}
