package object

import (
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
)

// A client that wrote with a context is handed a new one. It must cover what the
// client wrote, so that its next write replaces that, and must not cover values
// that were written meanwhile by others and that it has not been shown, or its
// next write would make them go unseen. A vector alone cannot say that: if the
// client's write is (A, 2), and (A, 1) is another's that is still there, every
// vector that covers the one covers the other. So the context is a vector and,
// where that does not cover it, the one dot: the dotted version vector that this
// package is named for.
//
// SeenBy makes the vector, the token carries both (AppendContext, ParseDotted),
// and Without takes the dot back into account at the next write.

// SeenBy is the vector of the context for the client whose write, with a context,
// made the sibling dot of o: all that o knows up to, for each actor, the first of
// o's other siblings. Those are what the client has not seen, for what it had seen
// its write has replaced.
func (o *Object) SeenBy(dot causal.Dot) causal.Vector {
	if len(o.Siblings) == 1 && o.Siblings[0].Dot == dot {
		return o.Clock
	}
	seen := make(causal.Vector, 0, len(o.Clock))
	at := 0
	for _, e := range o.Clock {
		for at < len(o.Siblings) && o.Siblings[at].Dot.Actor.Compare(e.Actor) < 0 {
			at++
		}
		for i := at; i < len(o.Siblings) && o.Siblings[i].Dot.Actor == e.Actor; i++ {
			if unseen := o.Siblings[i].Dot; unseen != dot {
				e.Counter = unseen.Counter - 1
				break
			}
		}
		if e.Counter > 0 {
			seen = append(seen, e)
		}
	}
	return seen
}

// Without is o as the client knows it whose own last write was own: that sibling,
// if it is still there, is as good as replaced by the write to come. The zero Dot
// takes nothing away.
func (o *Object) Without(own causal.Dot) Object {
	at, found := slices.BinarySearchFunc(o.Siblings, own, func(s Sibling, d causal.Dot) int { return s.Dot.Compare(d) })
	if !found {
		return *o
	}
	rest := make([]Sibling, 0, len(o.Siblings)-1)
	rest = append(rest, o.Siblings[:at]...)
	return Object{Clock: o.Clock, Siblings: append(rest, o.Siblings[at+1:]...)}
}
