package object

import "github.com/quorate/quorate/cluster/core/causal"

// Relation says whether the merge of two objects is one of them, so that a
// caller who holds their encodings need not encode the result.
type Relation int

// How a merge relates to what was merged.
const (
	Neither    Relation = iota
	SameAsA             // the result is the first; the second told nothing new
	SameAsB             // the result is the second
	SameAsBoth          // the two were equal
)

// Merge is the one way in which two copies of an object meet: writes that reach
// a replica, hints, read repair, anti-entropy, data that moves. A sibling stays
// if both have it, or if the other has never known it; one that the other has
// known and no longer has was replaced there. The clocks are joined, then
// trimmed.
//
// Merge is commutative, associative and idempotent (up to trimming), so copies
// that have exchanged the same events are the same, whatever the order.
//
// a and b stay as they are. Where the result is one of them it is returned as it
// is, and nothing is allocated; else it shares the bytes of their values.
func Merge(a, b Object) (Object, Relation) {
	isA, isB := causal.JoinIs(a.Clock, b.Clock)
	if isA || isB {
		x, y := a.survive(&b)
		isA, isB = isA && x, isB && y
	}
	if (isA || isB) && !a.trimmable() && !b.trimmable() {
		switch {
		case isA && isB:
			return a, SameAsBoth
		case isA:
			return a, SameAsA
		default:
			return b, SameAsB
		}
	}
	m := Object{
		Clock:    causal.AppendJoin(make(causal.Vector, 0, len(a.Clock)+len(b.Clock)), a.Clock, b.Clock),
		Siblings: appendSurvivors(make([]Sibling, 0, len(a.Siblings)+len(b.Siblings)), &a, &b),
	}
	if !m.trim() {
		return m, Neither
	}
	// One of the two may have been trimmed to this already.
	switch isA, isB = m.Equal(&a), m.Equal(&b); {
	case isA && isB:
		return a, SameAsBoth
	case isA:
		return a, SameAsA
	case isB:
		return b, SameAsB
	}
	return m, Neither
}

// survive says whether the siblings that a merge of a and b keeps are exactly
// a's, and whether they are exactly b's.
func (a *Object) survive(b *Object) (areA, areB bool) {
	areA, areB = true, true
	i, j := 0, 0
	for (i < len(a.Siblings) || j < len(b.Siblings)) && (areA || areB) {
		switch c := nextOf(a.Siblings[i:], b.Siblings[j:]); {
		case c < 0:
			if b.Clock.Covers(a.Siblings[i].Dot) {
				areA = false
			} else {
				areB = false
			}
			i++
		case c > 0:
			if a.Clock.Covers(b.Siblings[j].Dot) {
				areB = false
			} else {
				areA = false
			}
			j++
		default:
			switch c := a.Siblings[i].compare(&b.Siblings[j]); {
			case c > 0:
				areB = false
			case c < 0:
				areA = false
			}
			i++
			j++
		}
	}
	return areA, areB
}

// appendSurvivors appends the siblings that a merge of a and b keeps.
func appendSurvivors(dst []Sibling, a, b *Object) []Sibling {
	i, j := 0, 0
	for i < len(a.Siblings) || j < len(b.Siblings) {
		switch c := nextOf(a.Siblings[i:], b.Siblings[j:]); {
		case c < 0:
			if !b.Clock.Covers(a.Siblings[i].Dot) {
				dst = append(dst, a.Siblings[i])
			}
			i++
		case c > 0:
			if !a.Clock.Covers(b.Siblings[j].Dot) {
				dst = append(dst, b.Siblings[j])
			}
			j++
		default:
			if a.Siblings[i].compare(&b.Siblings[j]) >= 0 {
				dst = append(dst, a.Siblings[i])
			} else {
				dst = append(dst, b.Siblings[j])
			}
			i++
			j++
		}
	}
	return dst
}

// nextOf tells which of two sorted lists, not both empty, has the next dot: below
// 0 the first, above 0 the second, 0 both.
func nextOf(a, b []Sibling) int {
	switch {
	case len(a) == 0:
		return 1
	case len(b) == 0:
		return -1
	}
	return a[0].Dot.Compare(b[0].Dot)
}
