package object

import (
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
)

// Put adds one event to an object: the value v, written at the time t by a
// client that had seen ctx, and named dot by [NextDot] for the same o and ctx.
//
//  1. Siblings that ctx covers are what the client saw, and are replaced; the
//     others are concurrent with the write, and stay.
//  2. The clock becomes the join of o's, of ctx, and of dot.
//  3. The clock is trimmed.
//
// A context's times come from a client: none may be later than the write that
// they led to, so they are cut to t; a forged one can then neither age the
// key's other entries nor push the clocks that follow it forward.
//
// o and ctx stay as they are; the result shares their values' bytes, not their
// slices. Put panics if dot is not beyond everything that o and ctx know of its
// actor: such a write would be lost in the next merge.
func Put(o Object, ctx causal.Vector, dot causal.Dot, t causal.Timestamp, v Value) (next Object) {
	next.BecomePut(o, ctx, dot, t, v)
	return next
}

// BecomePut makes next what [Put] returns. It uses next's slices again, which
// must not be those of o or ctx.
func (next *Object) BecomePut(o Object, ctx causal.Vector, dot causal.Dot, t causal.Timestamp, v Value) {
	added := Sibling{Dot: dot, Time: t, Value: v.normal()}
	clock, siblings := next.Clock[:0], next.Siblings[:0]
	if sameSlice(o.Clock, ctx) { // the plain write, which replaces all there is
		clock = append(slices.Grow(clock, len(o.Clock)+1), o.Clock...)
		next.Clock, next.Siblings = clock.With(dot, t), append(siblings, added)
		next.trim()
		return
	}
	clock = causal.AppendJoin(slices.Grow(clock, max(len(o.Clock), len(ctx))+1), o.Clock, ctx.Capped(t))
	clock = clock.With(dot, t)
	siblings = slices.Grow(siblings, len(o.Siblings)+1)
	placed := false
	for i := range o.Siblings {
		s := &o.Siblings[i]
		if ctx.Covers(s.Dot) {
			continue
		}
		if !placed && s.Dot.Compare(dot) > 0 {
			siblings, placed = append(siblings, added), true
		}
		siblings = append(siblings, *s)
	}
	if !placed {
		siblings = append(siblings, added)
	}
	next.Clock, next.Siblings = clock, siblings
	next.trim()
}

// sameSlice says whether a and b are one piece of memory: the plain write, whose
// context is the object's own clock.
func sameSlice(a, b causal.Vector) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}
