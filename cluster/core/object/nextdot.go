package object

import "github.com/quorate/quorate/cluster/core/causal"

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
func NextDot(o *Object, exists bool, ctx causal.Vector, node causal.NodeID, floor causal.Epoch, fresh func() causal.Epoch) causal.Dot {
	if exists {
		if e, ok := o.Clock.Newest(node); ok && e.Actor.Epoch >= floor {
			if n := max(e.Counter, ctx.Counter(e.Actor)) + 1; n <= causal.MaxCounter {
				return causal.Dot{Actor: e.Actor, Counter: n}
			}
		}
	}
	// A forged context can name any actor, even one yet to come; hence the loop,
	// which such a context of at most MaxEntries entries cannot hold for long.
	for {
		a := causal.Actor{Node: node, Epoch: fresh()}
		n := ctx.Counter(a)
		if exists {
			n = max(n, o.Clock.Counter(a))
		}
		if n++; n <= causal.MaxCounter {
			return causal.Dot{Actor: a, Counter: n}
		}
	}
}
