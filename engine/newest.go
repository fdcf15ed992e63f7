package engine

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
)

// maxNewest bounds the nodes whose epochs are known for a partition. A forged context can name
// any nodes.
const maxNewest = 64

// newestEpochs tells which nodes have made versions of the objects of a partition, and below
// which epoch all of those are. So a clear knows without reading them whether it covers the
// whole partition. What was removed since counts as well.
type newestEpochs struct {
	list atomic.Pointer[[]*nodeEpochs] // not changed; another one takes its place
	mu   sync.Mutex                    // held to add a node
	more atomic.Bool                   // some nodes are not in the list
}

// nodeEpochs is the bound of one node.
type nodeEpochs struct {
	node  causal.NodeID
	below atomic.Uint64
}

// see takes the actors of a clock in. It costs a search of a short list for each entry.
func (n *newestEpochs) see(clock causal.Vector) {
	for i := range clock {
		a := clock[i].Actor
		n.include(object.Bound{Node: a.Node, Below: a.Epoch + 1})
	}
}

// include takes in that a node's epochs are below a bound.
func (n *newestEpochs) include(b object.Bound) {
	if list := n.list.Load(); list != nil {
		for _, known := range *list {
			if known.node == b.Node {
				lift(&known.below, uint64(b.Below))
				return
			}
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	var list []*nodeEpochs
	if old := n.list.Load(); old != nil {
		list = slices.Clone(*old)
	}
	for _, known := range list { // since the first look
		if known.node == b.Node {
			lift(&known.below, uint64(b.Below))
			return
		}
	}
	if len(list) == maxNewest {
		n.more.Store(true)
		return
	}
	added := &nodeEpochs{node: b.Node}
	added.below.Store(uint64(b.Below))
	list = append(list, added)
	n.list.Store(&list)
}

// coveredBy reports whether a clear covers all that was seen.
func (n *newestEpochs) coveredBy(c object.Clear) bool { return !n.more.Load() && c.Includes(n.clear()) }

// clear returns the least clear that covers all that was seen of the nodes in the list.
func (n *newestEpochs) clear() (c object.Clear) {
	if list := n.list.Load(); list != nil {
		for _, known := range *list {
			c = c.With(object.Bound{Node: known.node, Below: causal.Epoch(known.below.Load())})
		}
	}
	return c
}

// join takes in that all epochs are below the bounds of a clear.
func (n *newestEpochs) join(c object.Clear) {
	for _, b := range c {
		n.include(b)
	}
}
