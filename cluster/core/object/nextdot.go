package object

import "github.com/quorate/quorate/cluster/core/causal"

// EpochSpan says in which epochs a node may go on counting: those of which it knows
// all its dots, and that it has used already. A forged context can name any others.
type EpochSpan struct {
	From, Below causal.Epoch
}

// NextDot names the next event of node on the object o.
//
// It counts on in the node's newest epoch below span.Below that o knows, if it is not
// below span.From. If the node has no copy (o is nil), or one without such an epoch, it
// calls fresh for an epoch that the node has never used: without a full record of its
// dots, the node could give one dot to two values, and a merge would drop one of them.
// ctx is the context of the write; the new counter is above ctx's too, because the new
// object's clock will cover them.
//
// fresh must return another epoch on every call.
func NextDot(o *Object, ctx causal.Vector, node causal.NodeID, span EpochSpan, fresh func() causal.Epoch) causal.Dot {
	if o != nil {
		if e, ok := o.Clock.NewestBelow(node, span.Below); ok && e.Actor.Epoch >= span.From {
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
