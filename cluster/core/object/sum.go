package object

import (
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/number"
)

// A key whose value is a number can be added to on several nodes at once, and no addition is
// lost. Each actor keeps the sum of all that it has ever added ([Sum]), and each sibling keeps
// the sums that its writer had seen (its base). The number of a sibling is
//
//	its data, and of each actor: the actor's sum less the one in the base
//
// So an increment changes a sum and no sibling. A write has seen the sums that its coordinator
// knew: its value stands for them, and they are its base. What is added at the same time
// elsewhere is not in the base, and counts on top of the value. A deletion has a base too, so
// that it takes the additions that it had seen, and no others. This is the counter with a
// baseline that Riak's counters in maps lacked, where an increment that met a removal brought
// removed increments back (basho/riak_dt, issue 98).
//
// Of two states of a sum a merge keeps the newer one, which includes the other. A sum is never
// reset, because an actor that has not heard of the reset would add to the old one. Nor is it
// trimmed: a copy that came back would count once more. Sums go with the object, or by a [Clear],
// and then out of bases, too. There are few, because a node stays the same actor of a key as long
// as its disk does (see [NextDot]).

// Sum is what one actor has added to the number of a key since it began.
type Sum struct {
	Dot    causal.Dot // of its last addition
	Amount number.Amount
}

// Sums are the sums of an object's actors, one each, by actor. A base has, of some of the
// actors, an earlier state or the same one.
type Sums []Sum

// MaxSums is the greatest number of actors with sums in an object. An addition by one more is
// written as a value.
const MaxSums = 128

// find returns the place of an actor's sum.
func (s Sums) find(a causal.Actor) (at int, found bool) {
	return slices.BinarySearchFunc(s, a, func(one Sum, a causal.Actor) int { return one.Dot.Actor.Compare(a) })
}

// of returns the sum of an actor; a zero one if there is none.
func (s Sums) of(a causal.Actor) (one Sum) {
	if at, found := s.find(a); found {
		return s[at]
	}
	return one
}

// with returns s, which the caller owns, with another state of an actor's sum.
func (s Sums) with(one Sum) Sums {
	at, found := s.find(one.Dot.Actor)
	if found {
		s[at] = one
		return s
	}
	return slices.Insert(s, at, one)
}

// compare orders two lists of sums. Two bases of one sibling differ only by what was cleared.
func (s Sums) compare(t Sums) int {
	return slices.CompareFunc(s, t, func(a, b Sum) int {
		if c := a.Dot.Compare(b.Dot); c != 0 {
			return c
		}
		if a.Amount != b.Amount {
			if a.Amount.Int < b.Amount.Int || a.Amount.Int == b.Amount.Int && a.Amount.Float < b.Amount.Float {
				return -1
			}
			return 1
		}
		return 0
	})
}

// joinedSums returns the newer state of each sum of a and b. They may be nil.
func joinedSums(a, b Sums) Sums {
	if len(a) == 0 && len(b) == 0 {
		return nil
	}
	joined := make(Sums, 0, max(len(a), len(b))+1)
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].Dot.Actor.Compare(b[0].Dot.Actor) < 0:
			joined, a = append(joined, a[0]), a[1:]
		case len(a) == 0 || b[0].Dot.Actor.Compare(a[0].Dot.Actor) < 0:
			joined, b = append(joined, b[0]), b[1:]
		default:
			newer := a[0]
			if a[:1].compare(b[:1]) < 0 {
				newer = b[0]
			}
			joined, a, b = append(joined, newer), a[1:], b[1:]
		}
	}
	return joined
}

// settleBases drops from the bases the sums that o has no more: they were cleared. It changes no
// base that o may share.
func settleBases(o *Object) {
	for i := range o.Siblings {
		s := &o.Siblings[i]
		gone := func(one Sum) bool { _, found := o.Sums.find(one.Dot.Actor); return !found }
		if slices.ContainsFunc(s.Base, gone) {
			s.Base = slices.DeleteFunc(slices.Clone(s.Base), gone)
		}
		if len(s.Base) == 0 {
			s.Base = nil
		}
	}
}

// baseOf returns the base of what is written with a context. Where o has siblings, it is all
// sums: one that the context does not cover counts for a sibling that stays. Else such a sum
// counts on top of what is written.
func baseOf(o *Object, ctx causal.Context) Sums {
	base := slices.Clone(o.Sums)
	if len(o.Siblings) == 0 {
		base = slices.DeleteFunc(base, func(one Sum) bool { return !ctx.Covers(one.Dot) })
	}
	return base
}

// seen reports whether a context covers a sibling, and all that was added to it since.
func seen(o *Object, ctx causal.Context, s *Sibling) bool {
	return ctx.Covers(s.Dot) && !slices.ContainsFunc(o.Sums, func(one Sum) bool {
		return s.Base.lacks(one) && !ctx.Covers(one.Dot)
	})
}

// live reports whether a sibling can be read at the time now (unix milliseconds): also a
// deletion can, if something was added that it had not seen.
func live(o *Object, s *Sibling, now int64) bool {
	return s.Live(now) || s.Tombstone && s.Base.Misses(o.Sums)
}

// total returns the number of a sibling, as text, of which this is the data and the base.
func (s Sums) total(text []byte, base Sums) []byte {
	var sum number.Sum
	for i := range s {
		sum.Add(s[i].Amount)
		sum.Subtract(base.of(s[i].Dot.Actor).Amount)
	}
	return sum.To(text)
}

// zero is the number that is added to where there is no value.
var zero = []byte("0")

// Counted returns o as readers see it: each sibling has its number as data, and nothing tells
// of sums any more. It is o itself if o has no sums; else its siblings are its own.
func Counted(o *Object) Object {
	if len(o.Sums) == 0 {
		return *o
	}
	shown := *o
	shown.Sums = nil
	shown.Siblings = slices.Clone(o.Siblings)
	for i := range shown.Siblings {
		switch s := &shown.Siblings[i]; {
		case s.Tombstone && s.Base.Misses(o.Sums):
			s.Value = Value{Data: o.Sums.total(zero, s.Base)}
		case !s.Tombstone && !s.Stripped:
			s.Data = o.Sums.total(s.Data, s.Base)
		}
		shown.Siblings[i].Base = nil
	}
	if len(shown.Siblings) == 0 { // a deletion left none, and knew of no sums
		newest := Sibling{Value: Value{Data: o.Sums.total(zero, nil)}}
		for i := range o.Sums {
			if at, found := o.Clock.Find(o.Sums[i].Dot.Actor); found && o.Clock[at].Time >= newest.Time {
				newest.Time, newest.Dot = o.Clock[at].Time, o.Sums[i].Dot
			}
		}
		shown.Siblings = append(shown.Siblings, newest)
	}
	return shown
}

// lacks reports whether a sum has additions that s does not have.
func (s Sums) lacks(one Sum) bool { return one.Dot.Counter > s.of(one.Dot.Actor).Dot.Counter }

// Misses reports whether others have additions that s does not have.
func (s Sums) Misses(others Sums) bool { return slices.ContainsFunc(others, s.lacks) }

// Of returns the sum of an actor, and whether the actor may have one.
func (s Sums) Of(a causal.Actor) (sum number.Amount, ok bool) {
	one := s.of(a)
	return one.Amount, one.Dot.Counter > 0 || len(s) < MaxSums
}
