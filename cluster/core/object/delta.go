package object

import (
	"fmt"
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/wire"
)

// A Delta is what events have changed of a collection. It goes to the other replicas in the
// place of the whole object, of which the events have changed little.
//
// A delta has the elements that the events have added, and the dots of those that they have
// replaced or removed: its base. [MergeDelta] merges it into a copy that knows of the base. The copy
// then knows of the events, too, whatever else it lacks: deltas may come in any order, and what is
// missing is a gap in the copy's context until it comes. If the copy knows of all that the object of
// the events had, the result is that of a merge with that object:
//
//	MergeDelta(a, DeltaOf(before, after)) = Merge(a, after)    if a's context includes before's
//
// Of the names that the events have changed, the copy may lose what earlier events took of which it has
// not heard: the object of the events had heard of them.
//
// A copy that lacks something of the base must not guess: an event may have added several elements,
// of which the delta removes one. Such a copy takes the delta later, or is given the whole object.
//
// An event that removes a range ([Edit.Ranges]) says more than that its elements are gone: none is left in
// the range. A copy that has not heard of an earlier removal may have one there. So the base of such an
// event is all that its object knew before it. A pop says of those elements alone that they are gone that
// it hands out, and pops of a busy queue overtake one another: its base is these.
type Delta struct {
	Base   causal.Context // of elements that were replaced or removed, or all that was known before the events
	Names  []Name         // in order: all that the events have changed
	Object Object         // knows of the base and of the events, and has the elements of those that are left
}

// mostDeltaGaps bounds the gaps that a delta has, and those that it leaves in a copy.
const mostDeltaGaps = 32

// Name is a name of elements of one kind.
type Name struct {
	Kind Kind
	Name []byte
}

// Compare orders names as elements are ordered.
func (n Name) Compare(m Name) int { return orderOfNames(n.Kind, n.Name, m.Kind, m.Name) }

// Restrict returns o with the elements of some names alone. It shares the memory of o, but for
// the list of elements.
func (o *Object) Restrict(names []Name) Object {
	r := *o
	r.Elements, r.Rest = nil, Rest{}
	for _, n := range names {
		r.Elements = append(r.Elements, o.Elements.Of(n.Kind, n.Name)...)
	}
	return r
}

// Step is an event that made one object of another, and changed elements of some names, which are
// in order.
type Step struct {
	Before, After *Object
	Dot           causal.Dot
	Names         []Name
	Ranges        bool         // see [Edit]
	Earlier       []causal.Dot // the events that the delta has
}

// Follow adds an event to d. The zero Delta takes the first event. The result shares memory
// with d and with the objects. Follow returns false where a delta does not say all: the event
// adds to what is known more than its own dot, as one with a client's context may, there is
// something else than elements, or the events of d are not all known any more.
func (d *Delta) Follow(e Step) (next Delta, ok bool) {
	before, after := e.Before.Context(), e.After.Context()
	if !onlyElements(e.Before) || !onlyElements(e.After) || !sameEvents(before.With(e.Dot, 0), after) || !before.Includes(d.Object.Context()) {
		return Delta{}, false
	}
	names, replaced := e.effect()
	base, known := d.Base, d.Object.Context()
	for _, r := range replaced {
		if !known.Covers(r.Dot) {
			base, known = base.With(r.Dot, r.Time), known.With(r.Dot, r.Time)
		}
		if len(known.Gaps) >= mostDeltaGaps {
			break
		}
	}
	if (e.Ranges || len(known.Gaps) >= mostDeltaGaps) && !sameEvents(known, before) {
		base, known = before.Less(e.Earlier), before
	}
	at, _ := after.Vector.Find(e.Dot.Actor)
	known = known.With(e.Dot, after.Vector[at].Time)
	next.Base = base
	next.Names = append(slices.Clone(d.Names), names...)
	slices.SortFunc(next.Names, Name.Compare)
	next.Names = slices.CompactFunc(next.Names, func(a, b Name) bool { return a.Compare(b) == 0 })
	next.Object = e.After.Restrict(next.Names)
	next.Object.Clock, next.Object.Gaps = known.Vector, known.Gaps
	next.Object.Elements = slices.DeleteFunc(next.Object.Elements, func(one Element) bool { return !known.Covers(one.Dot) })
	return next, true
}

// onlyElements reports whether o has nothing beside its elements.
func onlyElements(o *Object) bool { return len(o.Siblings)+len(o.Sums) == 0 }

// effect returns the names of which elements came or went, and the elements that the event has replaced
// or removed. An event may have looked at other names, too.
func (e *Step) effect() (names []Name, replaced Elements) {
	for _, n := range e.Names {
		before, after := e.Before.Elements.Of(n.Kind, n.Name), e.After.Elements.Of(n.Kind, n.Name)
		if slices.EqualFunc(before, after, func(a, b Element) bool { return a.Dot == b.Dot }) {
			continue
		}
		names = append(names, n)
		for _, old := range before {
			if !slices.ContainsFunc(after, func(one Element) bool { return one.Dot == old.Dot }) {
				replaced = append(replaced, old)
			}
		}
	}
	return names, replaced
}

// sameEvents reports whether two contexts have the same events.
func sameEvents(a, b causal.Context) bool {
	same := func(x, y causal.Entry) bool { return x.Actor == y.Actor && x.Counter == y.Counter }
	return slices.EqualFunc(a.Vector, b.Vector, same) && slices.Equal(a.Gaps, b.Gaps)
}

// MergeDelta joins a copy of an object with a delta. It returns false if the copy lacks something
// of the delta's base, or would have too many gaps. The relation tells whether the result is a.
func MergeDelta(a Object, d *Delta) (m Object, r Relation, ok bool) {
	context := a.Context()
	if !context.Includes(d.Base) {
		return a, SameAsA, false
	}
	if gaps := context.JoinGaps(d.Object.Context()); len(gaps) > max(mostDeltaGaps, len(a.Gaps)) {
		return a, SameAsA, false
	}
	m, r = join(&a, &d.Object, splicedElements(&a, d))
	return m, r, true
}

// splicedElements returns the elements of a, with those of the delta's names merged.
func splicedElements(a *Object, d *Delta) Elements {
	kept := make(Elements, 0, len(a.Elements)+len(d.Object.Elements))
	rest := a.Elements
	ofNames, ofDelta := Object{Clock: a.Clock, Gaps: a.Gaps}, Object{Clock: d.Object.Clock, Gaps: d.Object.Gaps}
	for _, n := range d.Names {
		first, end := rest.span(n)
		kept = append(kept, rest[:first]...)
		ofNames.Elements, ofDelta.Elements = rest[first:end], d.Object.Elements.Of(n.Kind, n.Name)
		kept = append(kept, mergedElements(&ofNames, &ofDelta)...)
		rest = rest[end:]
	}
	return append(kept, rest...)
}

const (
	deltaVersion = 1
	minNameLen   = 2
)

// Append appends the encoding of d to dst: version u8 (1) | base (see causal.Context) | number of
// names uvarint | each: kind u8, length uvarint, bytes | the object, encoded, to the end.
func (d *Delta) Append(dst []byte) []byte {
	dst = d.Base.Append(append(dst, deltaVersion))
	dst = wire.AppendUvarint(dst, uint64(len(d.Names)))
	for _, n := range d.Names {
		dst = wire.AppendBytes(append(dst, byte(n.Kind)), n.Name)
	}
	return d.Object.Append(dst)
}

// DecodeDelta reads a delta from its encoding, all of b, which names and values alias. Errors
// wrap [wire.ErrCorrupt].
func DecodeDelta(b []byte) (d Delta, err error) {
	const what = "delta"
	r := wire.NewReader(b)
	if v := r.Byte(); !r.Failed() && v != deltaVersion {
		return d, fmt.Errorf("%s of format %d, this build reads %d: %w", what, v, deltaVersion, wire.ErrCorrupt)
	}
	d.Base = causal.ReadContext(&r)
	for range r.Count(minNameLen) {
		n := Name{Kind: Kind(r.Byte()), Name: r.Bytes()}
		if last := len(d.Names) - 1; last >= 0 && d.Names[last].Compare(n) >= 0 {
			r.Fail()
		}
		if r.Failed() {
			break
		}
		d.Names = append(d.Names, n)
	}
	if r.Failed() {
		return Delta{}, r.Done(what)
	}
	if err := d.Object.DecodeFrom(r.Rest()); err != nil {
		return Delta{}, fmt.Errorf("%s: %w", what, err)
	}
	named := 0
	for _, n := range d.Names {
		named += len(d.Object.Elements.Of(n.Kind, n.Name))
	}
	if named != len(d.Object.Elements) {
		return Delta{}, wire.Corrupt("delta: elements of other names")
	}
	return d, nil
}
