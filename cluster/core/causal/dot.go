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

// Actor is who mints versions: a node in one of its epochs.
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

// NextDot names the next event of node on the object o.
//
// It goes on counting in the node's newest epoch that o knows, if the node can
// still vouch for that epoch (it is not below floor). Where the node holds no
// copy (exists is false), or holds one that does not tell what it minted
// before, it asks fresh for an epoch that it has never used: counting on from a
// lost memory would give one dot to two values, and a merge would drop one of
// them. ctx is the context of the write: its counters are passed by as well,
// for the new object's clock will cover them.
//
// fresh must return another epoch on every call. o is not looked at unless
// exists.
func NextDot(o *Object, exists bool, ctx Vector, node NodeID, floor Epoch, fresh func() Epoch) Dot {
	if exists {
		if e, ok := o.Clock.Newest(node); ok && e.Actor.Epoch >= floor {
			if n := max(e.Counter, ctx.Counter(e.Actor)) + 1; n <= MaxCounter {
				return Dot{Actor: e.Actor, Counter: n}
			}
		}
	}
	// A forged context can name any actor, even one yet to come; hence the loop,
	// which such a context of at most MaxEntries entries cannot hold for long.
	for {
		a := Actor{Node: node, Epoch: fresh()}
		n := ctx.Counter(a)
		if exists {
			n = max(n, o.Clock.Counter(a))
		}
		if n++; n <= MaxCounter {
			return Dot{Actor: a, Counter: n}
		}
	}
}
