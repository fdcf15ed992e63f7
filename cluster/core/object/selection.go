package object

import "slices"

// Selection says which elements of a collection are looked at: those of some names, those of the
// first and of the last names of a kind, and those of names that are drawn at random. The zero Selection
// has none.
type Selection struct {
	Names []Name // in any order, and they may repeat
	Ends  Ends
	Draws Draws
}

// Ends are some names of a kind at either end of a collection. The zero Ends are none.
type Ends struct {
	Kind        Kind
	First, Last int  // how many names, from the first one on, and up to the last one
	Removes     bool // what looks at them may remove them

	goneFirst, goneLast int // how many of them may be removed by then, at most
}

// Empty reports whether s selects no elements.
func (s Selection) Empty() bool {
	return len(s.Names) == 0 && s.Ends.First <= 0 && s.Ends.Last <= 0 && s.Draws.Kind == 0
}

// And returns the selection of what s or t selects. It may share memory with both.
func (s Selection) And(t Selection) Selection {
	s.Names = append(s.Names, t.Names...)
	s.Ends.join(t.Ends, max(s.Ends.First, t.Ends.First), max(s.Ends.Last, t.Ends.Last))
	s.Draws.join(t.Draws, 0)
	return s
}

// Then returns the selection of what a change of s looks at, and a change of t after it. It may share
// memory with both. A change leaves fewer elements at the ends if it removes some there, so that the
// next one looks farther, and draws more. One that removes elements by their names may remove any, and
// one that draws some may remove them.
func (s Selection) Then(t Selection) Selection {
	e := s.Ends
	s.Ends.join(t.Ends, max(e.First, far(e.goneFirst, t.Ends.First)), max(e.Last, far(e.goneLast, t.Ends.Last)))
	s.Ends.goneFirst, s.Ends.goneLast = e.goneFirst+len(t.Names), e.goneLast+len(t.Names)
	if t.Ends.Removes {
		s.Ends.goneFirst, s.Ends.goneLast = s.Ends.goneFirst+t.Ends.First, s.Ends.goneLast+t.Ends.Last
	}
	gone := s.Draws.gone
	s.Draws.join(t.Draws, gone)
	s.Draws.gone = gone + len(t.Names) + t.Draws.names()
	s.Names = append(s.Names, t.Names...)
	return s
}

// far returns how far a change looks behind some elements that are gone, if it looks at all.
func far(gone, looks int) int {
	if looks <= 0 {
		return 0
	}
	return gone + looks
}

// join sets e to the ends of itself and of others, which have these numbers of names. If the two are of
// different kinds, e selects of no kind that there is.
func (e *Ends) join(o Ends, first, last int) {
	switch {
	case e.Kind == 0:
		e.Kind = o.Kind
	case o.Kind != 0 && o.Kind != e.Kind:
		e.Kind = mixedKinds
	}
	e.First, e.Last, e.Removes = first, last, e.Removes || o.Removes
}

// mixedKinds is the kind of no element.
const mixedKinds Kind = 0xff

// OfKind reports whether all that s selects is of a kind, but for the expiry of the key.
func (s Selection) OfKind(kind Kind) bool {
	if s.Ends.Kind != 0 && s.Ends.Kind != kind || s.Draws.Kind != 0 && s.Draws.Kind != kind {
		return false
	}
	return !slices.ContainsFunc(s.Names, func(n Name) bool { return n.Kind != kind && n.Kind != KeyExpiry })
}

// SortedNames sorts the names of s, and returns them, each once.
func (s Selection) SortedNames() []Name {
	slices.SortFunc(s.Names, Name.Compare)
	return slices.CompactFunc(s.Names, func(a, b Name) bool { return a.Compare(b) == 0 })
}

// Of returns o with what s selects of its elements, in order, the expiries of the key, and the totals
// of the rest. It shares the memory of o, but for the list of elements.
func (s Selection) Of(o *Object) Object {
	part := HeadOf(o)
	listed := o.Elements.listed()
	var bounds Rest
	first, last := listed.ends(s.Ends)
	if first > 0 {
		bounds.After = string(listed[first-1].Name)
	}
	if last < len(listed) {
		bounds.Before = string(listed[last].Name)
	}
	part.Elements = append(slices.Clip(part.Elements), listed[:first]...)
	drawing := s.Draws.Begin()
	for i := range listed {
		if i == 0 || orderOfNames(listed[i-1].Kind, listed[i-1].Name, listed[i].Kind, listed[i].Name) != 0 {
			drawing.Offer(listed[i].Name)
		}
	}
	for _, n := range (Selection{Names: drawing.Drawn()}).And(s).SortedNames() {
		from, to := listed[first:last].span(n)
		part.Elements = append(part.Elements, listed[first+from:first+to]...)
	}
	part.Elements = append(part.Elements, listed[last:]...)
	part.Rest = o.Elements.Total()
	part.Rest.After, part.Rest.Before = bounds.After, bounds.Before
	part.Rest = part.Rest.Without(part.Elements.Total())
	return part
}

// ends returns where the elements of the first names end, and where those of the last ones begin.
// They meet if these are all elements.
func (es Elements) ends(e Ends) (first, last int) {
	for last = len(es); e.First > 0 && first < len(es); e.First-- {
		_, first = es.span(Name{Kind: es[first].Kind, Name: es[first].Name})
	}
	for ; e.Last > 0 && last > first; e.Last-- {
		last, _ = es.span(Name{Kind: es[last-1].Kind, Name: es[last-1].Name})
	}
	return first, last
}
