package sim

import (
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine"
)

// cluster is the nodes of a run and the links between them. It carries frames, lets
// time pass on every node, and starts and ends processes. It decides about no fault
// that lasts.
type cluster struct {
	*schedule
	users          users
	founders       []ring.Member
	nodes          []*node
	byID           map[ring.NodeID]*node
	links          [][]link
	frames         frameCount
	twin           *node                    // the second process of a node's identity, once there was one
	durability     engine.Durability        // of every node
	forgets        bool                     // a node that dies may forget what it had not synced
	losses         []loss                   // what nodes may have lost
	unreliableNode *node                    // the one whose disk may lose what it had; see unreliable
	listening      atomic.Pointer[[]string] // the addresses at which there is a process
}

// What the cluster is founded with.
const clusterID = "cluster"

var firstQuorums = ring.Quorums{N: 3, R: 2, W: 2}

// users are whoever asks the nodes.
type users interface {
	waiting() bool       // for an answer
	answered(op *op)     // by its node
	delivered(p *packet) // a background write, which its node has acknowledged
}

// frameCount says what a run cost.
type frameCount struct {
	requests uint64
	sent     int // requests and answers
	arrived  int // of those
	waiting  int // the most requests that one node had without an answer
}

const (
	step     = 2 * time.Millisecond   // the most that a node's clock runs ahead while requests are under way
	idleStep = 100 * time.Millisecond // and while there are none
)

// found makes the nodes and starts them.
func (c *cluster) found() {
	c.chooseDurability()
	for i := range c.opts.Nodes + maxJoins {
		name := string(rune('A' + i))
		n := &node{in: c, index: i, id: ring.IDOf(name), name: name, addr: name + "/0", disk: vfs.NewCrashableMem(), out: i >= c.opts.Nodes, joins: i >= c.opts.Nodes}
		c.nodes = append(c.nodes, n)
		c.byID[n.id] = n
		if !n.out {
			c.founders = append(c.founders, n.member())
		}
	}
	most := len(c.nodes) + 1 // one may get a twin
	c.links = make([][]link, most)
	for i := range c.links {
		c.links[i] = make([]link, most)
		for j := range c.links[i] {
			c.links[i][j].last = make(map[stream]time.Duration)
		}
	}
	for _, n := range c.nodes {
		if !n.out {
			c.start(n)
		}
	}
	c.runUntil(time.Second)
}

// end kills every process.
func (c *cluster) end() {
	for _, n := range c.nodes {
		if n.life != nil {
			c.bury(n.life)
		}
	}
}

// ring is the newest that any member has.
func (c *cluster) ring() *ring.Ring {
	var newest *ring.Ring
	for _, n := range c.nodes {
		if n.life == nil || n.life.ring() == nil {
			continue
		}
		if newest == nil || n.life.ring().Version() > newest.Version() {
			newest = n.life.ring()
		}
	}
	if newest == nil {
		return ring.NewRing(ring.NewState(clusterID, c.opts.Partitions, firstQuorums, c.founders...))
	}
	return newest
}

// listen notes at which addresses there is a process now.
func (c *cluster) listen() {
	var all []string
	for _, n := range c.nodes {
		if n.life != nil {
			all = append(all, n.addr)
		}
	}
	c.listening.Store(&all)
}

// listener is the process that listens at an address, or nil.
func (c *cluster) listener(addr string) *life {
	for _, n := range c.nodes {
		if n.life != nil && n.addr == addr {
			return n.life
		}
	}
	return nil
}

// runUntil runs what happens until a time.
func (c *cluster) runUntil(end time.Duration) {
	for {
		next, ok := c.todo.next()
		if !ok || next > end {
			if c.now >= end {
				return
			}
			next = end
		}
		if next > c.now {
			c.advance(next)
			continue // nodes may have sent something that comes first
		}
		c.todo.take().run()
	}
}

// advance lets time pass on all nodes, no further than to a time, and no more than
// a step.
func (c *cluster) advance(to time.Duration) {
	most := idleStep
	if c.busy() {
		most = step
	}
	c.now = min(to, c.now+most)
	for _, n := range c.nodes {
		if l := n.life; l != nil && !l.frozen {
			l.bubble.advance(c.now)
			c.collect(l)
		}
	}
}

// busy says that something is under way for which a step of time matters.
func (c *cluster) busy() bool {
	for _, n := range c.nodes {
		if l := n.life; l != nil && len(l.pending) > 0 {
			return true
		}
	}
	return c.users.waiting()
}

func sortedKeys[V any](m map[uint64]V) []uint64 { return slices.Sorted(maps.Keys(m)) }
