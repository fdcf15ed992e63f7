package object

import (
	"fmt"
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/wire"
)

// A Delta is what an event has changed of a collection. It goes to the other replicas in the
// place of the whole object, of which the event has changed little.
//
// A delta has the object after the event, restricted to the names that the event has changed, and
// the context that the object had before. [MergeDelta] merges it into a copy that knows of all of
// that context. Such a copy differs from the object before the event in what the copy knows
// beyond it, and in nothing else. So elements of other names stay in the copy as they are, as they
// would in a merge with the whole object:
//
//	MergeDelta(a, DeltaOf(before, after)) = Merge(a, after)    if a's context includes before's
//
// A copy that lacks something of the context must not guess. It is given the whole object.
type Delta struct {
	Base   causal.Context // what the object knew of before
	Names  []Name         // in order: their elements in Object are all that there are
	Object Object         // after, without the elements of other names
}

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
}

// Follow adds an event to d. The zero Delta takes the first event. The result shares memory
// with d and with the objects. Follow returns false where a delta does not say all: the event
// adds to what is known more than its own dot, as one with a client's context may, or the object
// before it is not what the last event of d has made.
func (d *Delta) Follow(e Step) (next Delta, ok bool) {
	before, after, dot, names := e.Before, e.After, e.Dot, e.Names
	next.Base = d.Base
	if len(d.Object.Clock) == 0 {
		next.Base = before.Context()
	} else if !sameEvents(d.Object.Context(), before.Context()) {
		return Delta{}, false
	}
	if !sameEvents(before.Context().With(dot, 0), after.Context()) {
		return Delta{}, false
	}
	next.Names = append(slices.Grow(slices.Clone(d.Names), len(names)), names...)
	slices.SortFunc(next.Names, Name.Compare)
	next.Names = slices.CompactFunc(next.Names, func(a, b Name) bool { return a.Compare(b) == 0 })
	next.Object = after.Restrict(next.Names)
	return next, true
}

// sameEvents reports whether two contexts have the same events.
func sameEvents(a, b causal.Context) bool {
	same := func(x, y causal.Entry) bool { return x.Actor == y.Actor && x.Counter == y.Counter }
	return slices.EqualFunc(a.Vector, b.Vector, same) && slices.Equal(a.Gaps, b.Gaps)
}

// MergeDelta joins a copy of an object with a delta. It returns false if the copy lacks something
// that the object of the delta knew of before. The relation tells whether the result is a.
func MergeDelta(a Object, d *Delta) (m Object, r Relation, ok bool) {
	if !a.Context().Includes(d.Base) {
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
