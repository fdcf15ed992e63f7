package sim

import (
	"slices"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine"
)

// loss says that a node may have lost what it acknowledged in a span of time.
type loss struct {
	node        ring.NodeID
	first, last time.Duration
}

// syncedWithin is longer than a node with --durability interval takes to sync what it has
// acknowledged, a step of the simulator included.
const syncedWithin = 1100 * time.Millisecond

// chooseDurability decides when the nodes of a run sync what they write.
func (c *cluster) chooseDurability() {
	if c.opts.Faults&FaultInterval != 0 && c.rng.IntN(2) == 0 {
		c.durability, c.forgets = engine.Interval, true
		c.note("nodes sync once a second")
	}
	if c.opts.defect == defectUnsynced { // and nobody expects it
		c.durability = engine.Interval
	}
}

// losesLatest notes that a process has died that may not have synced its latest writes. A
// process that was frozen has synced nothing since.
func (c *cluster) losesLatest(l *life) {
	if c.forgets {
		c.losses = append(c.losses, loss{node: l.node.id, first: l.bubble.at - syncedWithin, last: c.now})
	}
}

// losesAll notes that a node has lost what it had, or the latest of it.
func (c *cluster) losesAll(n *node) {
	c.losses = append(c.losses, loss{node: n.id, last: c.now})
}

// mayBeLost reports whether an acknowledged update may be gone, although nothing has
// replaced it: two nodes may have lost it, which are as many as W may be. With
// --durability always one node of a run loses anything, see unreliable.
func (ch *checker) mayBeLost(o *op) bool { return ch.losers(o) >= fewestCopies }

// losesAny reports whether a node has lost anything that it had synced.
func (ch *checker) losesAny(n *node) bool {
	return ch.unreliableNode != nil && ch.unreliableNode.id == n.id
}

// losers counts the nodes that may have lost an acknowledged update.
func (ch *checker) losers(o *op) int {
	var nodes []ring.NodeID
	for _, l := range ch.losses {
		if l.first <= o.end && o.start <= l.last && !slices.Contains(nodes, l.node) {
			nodes = append(nodes, l.node)
		}
	}
	return len(nodes)
}
