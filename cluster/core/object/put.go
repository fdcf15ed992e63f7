package object

import (
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
)

// Put adds one event to an object: the value v, written at the time t by a
// client that had seen ctx, and named dot by [NextDot] for the same o and ctx.
//
//  1. Siblings and elements that ctx covers were seen by the client and are replaced; the
//     others are concurrent with the write and stay. So does a sibling to which something was
//     added that ctx does not cover. The sums of o become the base of the new sibling; if o
//     has no sibling, only those that ctx covers.
//  2. The clock becomes the join of o's, of ctx, and of dot. Events of ctx that o has
//     not heard of need not follow one another: those between are gaps.
//  3. Twins of a sibling that was replaced are replaced too, and the object remembers
//     the origins of those.
//  4. The clock is trimmed.
//
// The times of a context come from a client. None may be later than the write, so
// they are capped at t: a forged time can then neither age the key's other entries
// nor push clocks forward.
//
// Put does not change o or ctx; the result shares the bytes of their values, not
// their slices. Put panics if o or ctx already covers dot: such a write would be
// lost in the next merge.
func Put(o Object, ctx causal.Context, dot causal.Dot, t causal.Timestamp, v Value) (next Object) {
	next.BecomePut(o, ctx, dot, t, v)
	return next
}

// BecomePut sets next to what [Put] returns. It reuses next's slices, which must
// not be those of o or ctx.
func (next *Object) BecomePut(o Object, ctx causal.Context, dot causal.Dot, t causal.Timestamp, v Value) {
	added := Sibling{Dot: dot, Time: t, Value: v.normal()}
	if len(o.Sums) > 0 {
		added.Base = baseOf(&o, ctx)
	}
	clock, siblings := next.Clock[:0], next.Siblings[:0]
	next.Rest = Rest{}
	next.Replaced = append(next.Replaced[:0], o.Replaced...)
	next.Gaps = append(next.Gaps[:0], o.Gaps...)
	if sameSlice(o.Clock, ctx.Vector) && slices.Equal(o.Gaps, ctx.Gaps) { // a plain write, which replaces every sibling
		clock = append(slices.Grow(clock, len(o.Clock)+1), o.Clock...)
		for i := range o.Siblings {
			if s := &o.Siblings[i]; s.issued() {
				next.Replaced = next.Replaced.add(Replacement{Origin: s.Origin})
			}
		}
		next.Clock, next.Siblings, next.Elements = clock.With(dot, t), append(siblings, added), next.Elements[:0]
		next.Sums = append(next.Sums[:0], o.Sums...)
		next.settle()
		next.trim()
		return
	}
	clock = causal.AppendJoin(slices.Grow(clock, max(len(o.Clock), len(ctx.Vector))+1), o.Clock, ctx.Vector.Capped(t))
	next.Gaps = o.Context().JoinGaps(ctx)
	clock = clock.With(dot, t)
	siblings = slices.Grow(siblings, len(o.Siblings)+1)
	placed := false
	for i := range o.Siblings {
		s := &o.Siblings[i]
		if seen(&o, ctx, s) {
			if s.issued() {
				next.Replaced = next.Replaced.add(Replacement{Origin: s.Origin})
			}
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
	next.Clock, next.Siblings, next.Sums = clock, siblings, append(next.Sums[:0], o.Sums...)
	next.Elements = next.Elements[:0]
	for i := range o.Elements {
		if !ctx.Covers(o.Elements[i].Dot) {
			next.Elements = append(next.Elements, o.Elements[i])
		}
	}
	next.settle()
	next.trim()
}

// sameSlice reports whether a and b share their memory, as in a plain write, whose
// context is the object's own clock.
func sameSlice(a, b causal.Vector) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// Without returns o less the sibling of this dot, which was replaced. It returns o as it
// is if that is not there, or is all that says which sums it has taken.
func (o *Object) Without(dot causal.Dot) Object {
	at, found := slices.BinarySearchFunc(o.Siblings, dot, func(s Sibling, d causal.Dot) int { return s.Dot.Compare(d) })
	if !found {
		return *o
	}
	rest := make([]Sibling, 0, len(o.Siblings)-1)
	rest = append(rest, o.Siblings[:at]...)
	if len(rest)+len(o.Siblings[at+1:]) == 0 && len(o.Sums) > 0 {
		return *o // its base says what it has taken
	}
	less := *o
	less.Siblings = append(rest, o.Siblings[at+1:]...)
	less.replace(&o.Siblings[at])
	return less
}
