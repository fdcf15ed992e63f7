package object

import (
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/number"
)

// Increment is one event that adds to the number of a key.
type Increment struct {
	Sum  number.Amount // what the sum of the dot's actor becomes
	Dot  causal.Dot    // and the dot after it, where a value is written first
	Time causal.Timestamp
	// Fresh is set where the key does not exist, so that a 0 is written first.
	Fresh bool
	// Origin is that of the increment, if another node has issued it.
	Origin causal.Origin
}

// Apply sets next to o after the increment. It adds to the sum of the actor alone,
// so that it counts for each sibling. A fresh value takes the place of all siblings. It returns
// the dot of the increment.
//
// It reuses next's slices, which must not be those of o. The result shares the bytes of o.
// Apply panics if o covers the dot.
func (inc *Increment) Apply(next *Object, o Object) causal.Dot {
	dot := inc.Dot
	if inc.Fresh {
		next.BecomePut(o, o.Context(), dot, inc.Time, Value{Data: zero})
		dot.Counter++
	} else {
		become(next, &o)
	}
	next.Clock = next.Clock.With(dot, inc.Time)
	next.Sums = next.Sums.with(Sum{Dot: dot, Amount: inc.Sum})
	if inc.Origin != (causal.Origin{}) {
		next.Replaced = next.Replaced.add(Replacement{Origin: inc.Origin}) // it is in the sum
	}
	next.settle()
	next.trim()
	return dot
}

// Rebase is one event that writes a sibling once more, with sums of other actors in its base that
// it did not have. So what a node has written takes in those additions that were acknowledged
// before, and that the node had not heard of.
type Rebase struct {
	Old  causal.Dot // of the sibling; it may have gone
	Dot  causal.Dot // of this event, by the same actor
	Time causal.Timestamp
	All  bool // all sums are taken in; else those that Seen covers
	Seen causal.Context
}

// Apply sets next to o after the rebase, and returns the value of the sibling. It reports
// false, and leaves next, if the sibling is not there or has nothing to take in.
func (r *Rebase) Apply(next *Object, o Object) (v Value, changed bool) {
	at := slices.IndexFunc(o.Siblings, func(s Sibling) bool { return s.Dot == r.Old })
	if at < 0 {
		return v, false
	}
	again := o.Siblings[at]
	base := slices.Clone(again.Base)
	for _, one := range o.Sums {
		if one.Dot.Actor != r.Dot.Actor && base.lacks(one) && (r.All || r.Seen.Covers(one.Dot)) {
			base, changed = base.with(one), true
		}
	}
	if !changed {
		return v, false
	}
	again.Dot, again.Time, again.Base = r.Dot, r.Time, base
	become(next, &o)
	next.Clock = next.Clock.With(r.Dot, r.Time)
	if again.issued() {
		next.Replaced = next.Replaced.add(Replacement{Origin: again.Origin})
		again.Origin = causal.Origin{}
	}
	next.Siblings = slices.Delete(next.Siblings, at, at+1)
	place, _ := slices.BinarySearchFunc(next.Siblings, r.Dot, func(s Sibling, d causal.Dot) int { return s.Dot.Compare(d) })
	next.Siblings = slices.Insert(next.Siblings, place, again)
	next.trim()
	return again.Value, true
}

// become sets next to o. It reuses next's slices, which must not be those of o, and leaves room
// for one more entry of the clock.
func become(next, o *Object) {
	next.Clock = append(slices.Grow(next.Clock[:0], len(o.Clock)+1), o.Clock...)
	next.Siblings = append(next.Siblings[:0], o.Siblings...)
	next.Replaced = append(next.Replaced[:0], o.Replaced...)
	next.Gaps = append(next.Gaps[:0], o.Gaps...)
	next.Elements = append(next.Elements[:0], o.Elements...)
	next.Sums = append(next.Sums[:0], o.Sums...)
	next.Rest = o.Rest
}
