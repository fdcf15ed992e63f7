package object

import (
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
)

// Relation tells whether the merge of two objects equals one of them, so that a
// caller that has their encodings need not encode the result.
type Relation int

// How a merge relates to what was merged.
const (
	Neither    Relation = iota
	SameAsA             // the result is the first: the second knows nothing more
	SameAsB             // the result is the second
	SameAsBoth          // the two are equal
)

// Merge joins two copies of an object. All copies meet by Merge alone: writes that
// reach a replica, hints, read repair, anti-entropy, transfers. A sibling stays if
// both copies have it, or if the other does not know of it. If the other knows of it
// and does not have it, it was replaced there. Twins go together (see replaced.go). The
// clocks are joined, then trimmed. Elements are kept by the same rule as siblings, and of each sum
// the newer state.
//
// Merge is commutative, associative and idempotent (up to trimming), so copies
// that have exchanged the same events are the same, whatever the order.
//
// Merge does not change a or b. If the result equals one of them, Merge returns
// that one and allocates nothing; else the result shares the bytes of their values.
func Merge(a, b Object) (Object, Relation) {
	if !a.plain() || !b.plain() {
		return join(&a, &b, mergedElements(&a, &b))
	}
	isA, isB := causal.JoinIs(a.Clock, b.Clock)
	if isA || isB {
		x, y := a.survive(&b)
		isA, isB = isA && x, isB && y
	}
	if (isA || isB) && len(a.Elements)+len(b.Elements) > 0 {
		x, y := surviveElements(&a, &b)
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
		Elements: mergedElements(&a, &b),
	}
	if !m.trim() {
		return m, Neither
	}
	return m.related(&a, &b) // one of the two may have been trimmed to this already
}

// related returns m, the merge of a and b, or one of those if it is equal.
func (m *Object) related(a, b *Object) (Object, Relation) {
	switch isA, isB := m.Equal(a), m.Equal(b); {
	case isA && isB:
		return *a, SameAsBoth
	case isA:
		return *a, SameAsA
	case isB:
		return *b, SameAsB
	}
	return *m, Neither
}

// join merges objects that may have gaps, sums, and versions of forwarded updates. Such a version goes
// with the first of its twins that goes. The elements are merged already.
func join(a, b *Object, elements Elements) (Object, Relation) {
	m := Object{
		Clock:    causal.AppendJoin(make(causal.Vector, 0, len(a.Clock)+len(b.Clock)), a.Clock, b.Clock),
		Siblings: appendSurvivors(make([]Sibling, 0, len(a.Siblings)+len(b.Siblings)), a, b),
		Replaced: slices.Grow(slices.Clone(a.Replaced), len(b.Replaced)+1),
		Gaps:     a.Context().JoinGaps(b.Context()),
		Elements: elements,
		Sums:     joinedSums(a.Sums, b.Sums),
		Rest:     a.Rest, // of a delta: b has none
	}
	for _, r := range b.Replaced {
		m.Replaced = m.Replaced.add(r)
	}
	for _, o := range []*Object{a, b} {
		for i := range o.Siblings {
			if s := &o.Siblings[i]; s.issued() && !m.has(s.Dot) {
				m.Replaced = m.Replaced.add(Replacement{Origin: s.Origin})
			}
		}
	}
	m.settle()
	m.trim()
	return m.related(a, b)
}

// has reports whether o has the sibling with this dot.
func (o *Object) has(dot causal.Dot) bool {
	return slices.ContainsFunc(o.Siblings, func(s Sibling) bool { return s.Dot == dot })
}

// survive reports whether a merge of a and b keeps exactly a's siblings, and
// whether it keeps exactly b's.
func (a *Object) survive(b *Object) (areA, areB bool) {
	areA, areB = true, true
	i, j := 0, 0
	for (i < len(a.Siblings) || j < len(b.Siblings)) && (areA || areB) {
		switch c := nextOf(a.Siblings[i:], b.Siblings[j:]); {
		case c < 0:
			if b.knows(a.Siblings[i].Dot) {
				areA = false
			} else {
				areB = false
			}
			i++
		case c > 0:
			if a.knows(b.Siblings[j].Dot) {
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
			if !b.knows(a.Siblings[i].Dot) {
				dst = append(dst, a.Siblings[i])
			}
			i++
		case c > 0:
			if !a.knows(b.Siblings[j].Dot) {
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

// nextOf compares the first dots of two sorted lists, which are not both empty: the
// result is negative if the first list has the next dot, positive if the second
// has it, and 0 if both have it.
func nextOf(a, b []Sibling) int {
	switch {
	case len(a) == 0:
		return 1
	case len(b) == 0:
		return -1
	}
	return a[0].Dot.Compare(b[0].Dot)
}
