package object

import (
	"slices"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
)

// Trimming keeps vectors short as the paper does (section 4.4): it drops the oldest
// actors of a long vector. A dropped event can come back as a sibling, a false
// conflict that the next write settles. No value is lost, because a vector that
// covers less removes fewer siblings.
//
// An object with a rest is not trimmed (see [Rest]): it does not know who wrote the rest.
//
// It is a function of the object alone: ages are measured from the object's own
// newest event, not from a wall clock, so that all nodes trim alike.
const (
	// MaxVector is the greatest length of a vector that is never trimmed.
	MaxVector = 10

	// TrimAge is how much older than the object's newest event an entry must be to
	// be dropped: longer than any hint lives and any replica stays behind.
	TrimAge = 10 * 24 * time.Hour
)

var trimSpan = causal.TimestampOf(TrimAge.Milliseconds())

// trim drops the old entries of o, which the caller owns, and reports whether there
// were any.
func (o *Object) trim() bool {
	if o.Rest.Names > 0 {
		return false
	}
	o.capGaps()
	if !o.trimmable() {
		return false
	}
	spare := make([]causal.Entry, 0, len(o.Clock))
	for e := range o.unneeded() {
		spare = append(spare, *e)
	}
	slices.SortFunc(spare, func(a, b causal.Entry) int {
		if a.Time != b.Time {
			if a.Time < b.Time {
				return -1
			}
			return 1
		}
		return a.Actor.Compare(b.Actor)
	})
	latest := o.Clock.Latest()
	drop, left := 0, len(o.Clock)
	for drop < len(spare) && left > MaxVector && (left > causal.MaxEntries || aged(spare[drop], latest)) {
		drop++
		left--
	}
	spare = spare[:drop]
	slices.SortFunc(spare, func(a, b causal.Entry) int { return a.Actor.Compare(b.Actor) })
	kept := o.Clock[:0]
	for _, e := range o.Clock {
		if len(spare) > 0 && spare[0].Actor == e.Actor {
			spare = spare[1:]
			continue
		}
		kept = append(kept, e)
	}
	o.Clock = kept
	o.Gaps = o.Gaps.Of(kept)
	return true
}

// capGaps makes some gaps one if there are very many, but for those with siblings
// or elements between them.
func (o *Object) capGaps() {
	o.Gaps = o.Gaps.Capped(causal.MaxGaps, func(between causal.Gap) bool {
		return slices.ContainsFunc(o.Siblings, func(s Sibling) bool {
			return s.Dot.Actor == between.Actor && between.From <= s.Dot.Counter && s.Dot.Counter <= between.To
		}) || o.Elements.hasIn(between) || slices.ContainsFunc(o.Sums, func(one Sum) bool {
			return one.Dot.Actor == between.Actor && between.From <= one.Dot.Counter && one.Dot.Counter <= between.To
		})
	})
}

// trimmable reports, without allocating, whether trim would drop an entry.
func (o *Object) trimmable() bool {
	if len(o.Clock) <= MaxVector {
		return false
	}
	latest := o.Clock.Latest()
	for e := range o.unneeded() {
		if len(o.Clock) > causal.MaxEntries || aged(*e, latest) {
			return true
		}
	}
	return false
}

// aged reports whether e is so much older than the latest event that it may go.
func aged(e causal.Entry, latest causal.Timestamp) bool {
	return e.Time < latest && latest-e.Time > trimSpan
}

// unneeded yields the entries of the clock that cover no dot of a sibling, an element or a sum.
func (o *Object) unneeded() func(yield func(*causal.Entry) bool) {
	return func(yield func(*causal.Entry) bool) {
		writers := o.Elements.writers()
		at := 0
		for i := range o.Clock {
			e := &o.Clock[i]
			for at < len(o.Siblings) && o.Siblings[at].Dot.Actor.Compare(e.Actor) < 0 {
				at++
			}
			if at < len(o.Siblings) && o.Siblings[at].Dot.Actor == e.Actor {
				continue
			}
			if writers[e.Actor] {
				continue
			}
			if _, adds := o.Sums.find(e.Actor); adds {
				continue
			}
			if !yield(e) {
				return
			}
		}
	}
}
