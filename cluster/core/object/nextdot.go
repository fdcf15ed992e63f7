package object

import "github.com/quorate/quorate/cluster/core/causal"

// NextDot names the next event of node on the object o.
//
// It counts on in the node's newest epoch that o knows, if that epoch is not below
// floor, the first epoch of which the node knows all dots. If the node has no copy
// (o is nil), or one without such an epoch, it calls fresh for an epoch that
// the node has never used: without a full record of its dots, the node could give
// one dot to two values, and a merge would drop one of them. ctx is the context of
// the write; the new counter is above ctx's too, because the new object's clock
// will cover them.
//
// fresh must return another epoch on every call.
func NextDot(o *Object, ctx causal.Vector, node causal.NodeID, floor causal.Epoch, fresh func() causal.Epoch) causal.Dot {
	if o != nil {
		if e, ok := o.Clock.Newest(node); ok && e.Actor.Epoch >= floor {
			if n := max(e.Counter, ctx.Counter(e.Actor)) + 1; n <= causal.MaxCounter {
				return causal.Dot{Actor: e.Actor, Counter: n}
			}
		}
	}
	// A forged context can name any actor, even one of a future epoch, and use up
	// its counters. It has at most MaxEntries entries, which bounds the loop.
	for {
		a := causal.Actor{Node: node, Epoch: fresh()}
		n := ctx.Counter(a)
		if o != nil {
			n = max(n, o.Clock.Counter(a))
		}
		if n++; n <= causal.MaxCounter {
			return causal.Dot{Actor: a, Counter: n}
		}
	}
}
