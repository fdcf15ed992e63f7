package object

import (
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
)

// Change is what an event does to the elements of one name.
type Change struct {
	Kind   Kind
	Remove bool // they go; else an element takes their place
	Name   []byte
	Data   []byte
	Expiry int64 // unix milliseconds; 0 means never, less than 0 is past
}

// Edit is one event that changes elements.
type Edit struct {
	Changes []Change // each name of a kind once; [Object.BecomeEdited] sorts them
	All     bool     // everything that the context covers goes first: siblings and elements
	Ranges  bool     // it removes a range of elements: that none is left in it depends on all elements
	Seen    causal.Context
	Dot     causal.Dot
	Time    causal.Timestamp
	Now     int64 // unix milliseconds: what has expired by then goes, too

	// Names are, after BecomeEdited, those whose elements may have changed, in order.
	Names []Name
}

// BecomeEdited sets next to o after an edit:
//
//  1. Of the elements that are changed, those that the context covers are replaced. Concurrent
//     ones stay beside the new one.
//  2. Tombstones, and siblings and elements that have expired, go if the context covers them.
//     So an old expiry of the key does not take what is written after it. The expiry of a
//     key without elements that can be read goes, too: the key did not exist.
//     If no sibling is left, a new tombstone says which sums went.
//     A context that has events which o lacks says of their elements that they are gone, whatever
//     their names are. So it is for edits of All alone.
//  3. The clock becomes the join of o's, of the context and of the edit's dot, as in [Put].
//
// It reuses next's slices, which must not be those of o or of the edit. The result shares the
// bytes of o and of the changes. BecomeEdited panics if o or the context covers the dot.
func (next *Object) BecomeEdited(o Object, e *Edit) {
	slices.SortFunc(e.Changes, func(a, b Change) int { return orderOfNames(a.Kind, a.Name, b.Kind, b.Name) })
	e.startNext(next, &o)
	reader, exists := o.Elements.At(e.Now), anyElement(&o, e.Now)
	elements, old := next.Elements[:0], o.Elements
	changes := e.Changes
	e.Names = e.Names[:0]
	for len(old) > 0 || len(changes) > 0 {
		switch c := nextChange(old, changes); {
		case c < 0:
			goes := e.All || reader.dead(&old[0]) || old[0].Kind == KeyExpiry && !exists
			if elements = e.appendKept(elements, &old[0], goes); goes {
				e.note(old[0].Kind, old[0].Name)
			}
			old = old[1:]
		default:
			e.note(changes[0].Kind, changes[0].Name)
			added := Element{Kind: changes[0].Kind, Name: changes[0].Name, Dot: e.Dot, Time: e.Time, Expiry: changes[0].Expiry, Data: changes[0].Data}
			if added.Expiry < 0 {
				added.Expiry = 1 // an encoding has no other: see Value.normal
			}
			placed := changes[0].Remove
			for ; len(old) > 0 && nextChange(old, changes) == 0; old = old[1:] {
				if !placed && old[0].Dot.Compare(e.Dot) > 0 {
					elements, placed = append(elements, added), true
				}
				elements = e.appendKept(elements, &old[0], true)
			}
			if !placed {
				elements = append(elements, added)
			}
			changes = changes[1:]
		}
	}
	next.Elements = elements
	next.settle()
	next.trim()
}

// startNext sets all of next but its elements.
func (e *Edit) startNext(next, o *Object) {
	next.Clock = causal.AppendJoin(slices.Grow(next.Clock[:0], max(len(o.Clock), len(e.Seen.Vector))+1), o.Clock, e.Seen.Vector.Capped(e.Time)).With(e.Dot, e.Time)
	next.Replaced = append(next.Replaced[:0], o.Replaced...)
	next.Gaps, next.Rest = o.Context().JoinGaps(e.Seen), o.Rest
	next.Siblings, next.Sums = next.Siblings[:0], append(next.Sums[:0], o.Sums...)
	for i := range o.Siblings {
		switch s := &o.Siblings[i]; {
		case (e.All || !live(o, s, e.Now)) && seen(o, e.Seen, s):
			if s.issued() {
				next.Replaced = next.Replaced.add(Replacement{Origin: s.Origin})
			}
		default:
			next.Siblings = append(next.Siblings, *s)
		}
	}
	if len(next.Siblings) == 0 && len(o.Sums) > 0 && (len(o.Siblings) > 0 || e.All) { // the sums are taken, too
		next.Siblings = append(next.Siblings, Sibling{Dot: e.Dot, Time: e.Time, Base: baseOf(o, e.Seen), Value: Value{Tombstone: true}})
	}
}

// note adds a name to those that may have changed, once.
func (e *Edit) note(kind Kind, name []byte) {
	n := Name{Kind: kind, Name: name}
	if last := len(e.Names) - 1; last < 0 || e.Names[last].Compare(n) != 0 {
		e.Names = append(e.Names, n)
	}
}

// appendKept appends an element unless it is to go and the context covers it.
func (e *Edit) appendKept(dst Elements, old *Element, goes bool) Elements {
	if goes && e.Seen.Covers(old.Dot) {
		return dst
	}
	return append(dst, *old)
}

// nextChange compares the first of some elements and of some changes, which are not both
// empty, by kind and name.
func nextChange(elements Elements, changes []Change) int {
	switch {
	case len(elements) == 0:
		return 1
	case len(changes) == 0:
		return -1
	}
	return orderOfNames(elements[0].Kind, elements[0].Name, changes[0].Kind, changes[0].Name)
}
