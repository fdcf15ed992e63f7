package object

import "slices"

// A value that has expired is of no use to anybody, but its dot is: it keeps older copies
// of the value from coming back. So a replica strips the object: it drops the data and
// keeps the rest. Each replica does so alone, when its own clock says so.
//
// Why no value is lost that still lives by another node's clock:
//
//  1. A replica strips an object only when all its values expired before its own time less
//     a margin. Let no two clocks differ by more than the margin. Then every clock shows a
//     time after the expiry when the first replica strips, so that no node can show the
//     value any more, nor compute another one from it.
//  2. A clock may be wrong by more. Its node then strips early. In a merge of a stripped
//     value with the same value, the one with data wins. So a stripped copy takes nothing
//     from another replica, and every merge with such a replica brings the data back, to
//     reads as well. Only where no other replica has the value is it gone before its time,
//     as it is for every node with that clock.
//  3. A stripped value is never shown, whatever the time is (Value.Live): not as an empty
//     one, and not by a clock that went back.
//
// Why the replicas agree in the end: the order of two copies of one sibling is total (see
// Sibling.compare), so Merge stays a join with stripped values among the siblings. Strip
// depends on the object and the time alone, and changes no dot, clock, gap, time, expiry
// or origin; those decide what a merge keeps. So where nothing lives in the merge of a and
// b at that time,
//
//	Strip(Merge(Strip(a), b)) = Strip(Merge(a, b))
//
// and once the last replica has stripped, all hold the same bytes. Where a concurrent
// value lives, Merge(Strip(a), b) and Merge(a, b) differ at most in the data of expired
// values. Nobody strips that object, and the next merge of the two brings the data to both.

// The same holds for elements, which keep their names.

// Strip returns o without the data of its values and elements if all of them expired before
// a time (unix milliseconds), if there are any, and if all are at hand. It returns false, and o as it is, if not.
// The result shares no siblings and elements with o.
func (o *Object) Strip(before int64) (Object, bool) {
	if len(o.Siblings) == 0 && len(o.Sums) > 0 || o.Rest.Names > 0 {
		return *o, false
	}
	values := false
	for i := range o.Siblings {
		s := &o.Siblings[i]
		if live(o, s, before) {
			return *o, false
		}
		values = values || !s.Tombstone && !s.Stripped
	}
	if len(o.Elements) > 0 {
		if o.Elements.AnyLive(before) {
			return *o, false
		}
		values = values || slices.ContainsFunc(o.Elements, func(e Element) bool { return e.Kind != KeyExpiry && !e.Stripped })
	}
	if !values {
		return *o, false
	}
	dead := *o
	dead.Siblings = make([]Sibling, len(o.Siblings))
	copy(dead.Siblings, o.Siblings)
	for i := range dead.Siblings {
		if s := &dead.Siblings[i]; !s.Tombstone {
			s.Data, s.Stripped = nil, true
		}
	}
	dead.Elements = slices.Clone(o.Elements)
	for i := range dead.Elements {
		if e := &dead.Elements[i]; e.Kind != KeyExpiry {
			e.Data, e.Stripped = nil, true
		}
	}
	return dead, true
}

// hasStripped reports whether o has a stripped value.
func (o *Object) hasStripped() bool {
	for i := range o.Siblings {
		if o.Siblings[i].Stripped {
			return true
		}
	}
	return false
}
