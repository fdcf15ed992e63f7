package object

import (
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
)

// A client that wrote with a context gets a new context. It must cover what the
// client wrote, so that the client's next write replaces it. It must not cover
// values that others wrote meanwhile and that the client has not read, or the next
// write would remove them unread. A vector alone cannot do both: if the client's
// write is (A, 2), and another client's (A, 1) is still a sibling, every vector
// that covers (A, 2) covers (A, 1). So a context is a vector plus, where the vector
// does not cover it, the one dot: a dotted version vector.
//
// SeenBy makes the vector, the token carries both (causal.ContextTokens), and Without
// applies the dot at the next write.

// SeenBy returns the context vector to give the client that wrote dot with a
// context. It is o.Clock, lowered so that it covers none of o's other siblings:
// the client has not seen those, because its write replaced every sibling that it
// had seen.
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

// Without returns o less the sibling own, the client's previous write, which its
// next write replaces. It returns o as it is if own is zero or not in o.
func (o *Object) Without(own causal.Dot) Object {
	at, found := slices.BinarySearchFunc(o.Siblings, own, func(s Sibling, d causal.Dot) int { return s.Dot.Compare(d) })
	if !found {
		return *o
	}
	rest := make([]Sibling, 0, len(o.Siblings)-1)
	rest = append(rest, o.Siblings[:at]...)
	less := Object{Clock: o.Clock, Siblings: append(rest, o.Siblings[at+1:]...), Replaced: o.Replaced}
	less.replace(&o.Siblings[at])
	return less
}
