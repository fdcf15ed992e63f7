package object

import (
	"slices"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
)

// Trimming keeps vectors short as the paper does (section 4.4): it forgets the
// oldest actors of a long vector. What is forgotten can come back as a sibling
// (a false conflict, which the next write settles); it can never lose a value,
// for a vector that covers less makes fewer siblings go.
//
// It is a function of the object alone: ages are measured from the object's own
// newest event, not from a wall clock, so that all nodes trim alike.
const (
	// MaxVector is the length up to which vectors are left alone.
	MaxVector = 10

	// TrimAge is how much older than the object's newest event an entry must be to
	// be forgotten: longer than any hint lives and any replica stays behind.
	TrimAge = 10 * 24 * time.Hour
)

var trimSpan = causal.TimestampOf(TrimAge.Milliseconds())

// trim forgets the entries of o, which the caller owns, that are to be
// forgotten, and says whether there were any.
func (o *Object) trim() bool {
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
	return true
}

// trimmable says whether trim would forget anything, without allocating.
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

func aged(e causal.Entry, latest causal.Timestamp) bool {
	return e.Time < latest && latest-e.Time > trimSpan
}

// unneeded yields the entries of the clock that cover no sibling's dot.
func (o *Object) unneeded() func(yield func(*causal.Entry) bool) {
	return func(yield func(*causal.Entry) bool) {
		at := 0
		for i := range o.Clock {
			e := &o.Clock[i]
			for at < len(o.Siblings) && o.Siblings[at].Dot.Actor.Compare(e.Actor) < 0 {
				at++
			}
			if at < len(o.Siblings) && o.Siblings[at].Dot.Actor == e.Actor {
				continue
			}
			if !yield(e) {
				return
			}
		}
	}
}
