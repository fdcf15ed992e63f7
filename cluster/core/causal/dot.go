package causal

import "cmp"

// NodeID names a node: a 64-bit hash of the node's name. 0 names none.
type NodeID uint64

// Epoch numbers one span of a node's unbroken memory: unix milliseconds << 20
// plus a sequence. A node never uses the same epoch for two memories.
type Epoch uint64

// Counter counts the events of one actor on one key, from 1 to [MaxCounter].
type Counter uint64

// MaxCounter bounds counters, so that no client can bring a key's clock to
// overflow by handing in a context: past it the node goes on in a new epoch.
const MaxCounter Counter = 1 << 48

// Actor mints versions: it is a node in one of its epochs.
type Actor struct {
	Node  NodeID
	Epoch Epoch
}

// Compare orders actors by node, then by epoch.
func (a Actor) Compare(b Actor) int {
	if c := cmp.Compare(a.Node, b.Node); c != 0 {
		return c
	}
	return cmp.Compare(a.Epoch, b.Epoch)
}

// Dot is the one event that made one value. No dot is ever used twice.
type Dot struct {
	Actor   Actor
	Counter Counter
}

// Compare orders dots by actor, then by counter.
func (d Dot) Compare(e Dot) int {
	if c := d.Actor.Compare(e.Actor); c != 0 {
		return c
	}
	return cmp.Compare(d.Counter, e.Counter)
}
