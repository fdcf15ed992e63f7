package causal

import (
	"cmp"
	"slices"
)

// Context is a set of events: what a client has seen of a key, or what an object knows
// of. It has every event that Vector covers, but for those in Gaps.
//
// A vector alone is not enough. If a client has written (A, 2), and the value (A, 1) of
// another client is still beside it, every vector that covers (A, 2) covers (A, 1).
// Contexts are values, as vectors are.
type Context struct {
	Vector Vector
	Gaps   Gaps
}

// Gap is a run of events of one actor, From to To, that are not known although later
// ones are.
type Gap struct {
	Actor    Actor
	From, To Counter
}

// Gaps are in the order of their actors and counters, and between two gaps of one actor
// lies at least one event. Each ends before the newest event of its actor in the vector
// that it belongs to.
type Gaps []Gap

// MaxGaps bounds the gaps of a context. Beyond it, neighbours are made one: the context
// has fewer events then, which can leave a false sibling and loses nothing.
const MaxGaps = 256

// Has reports whether d lies in a gap.
func (g Gaps) Has(d Dot) bool {
	for i := range g {
		if g[i].Actor == d.Actor && g[i].From <= d.Counter && d.Counter <= g[i].To {
			return true
		}
	}
	return false
}

// Covers reports whether c has the event d.
func (c Context) Covers(d Dot) bool {
	return c.Vector.Covers(d) && (len(c.Gaps) == 0 || !c.Gaps.Has(d))
}

// Includes reports whether c has every event that d has.
func (c Context) Includes(d Context) bool {
	for i := range d.Vector {
		if e := &d.Vector[i]; c.Vector.Counter(e.Actor) < e.Counter {
			return false
		}
	}
	for _, g := range c.Gaps {
		if g.To = min(g.To, d.Vector.Counter(g.Actor)); g.From <= g.To && !slices.ContainsFunc(d.Gaps, g.within) {
			return false
		}
	}
	return true
}

// within reports whether all of g is in another gap.
func (g Gap) within(h Gap) bool { return g.Actor == h.Actor && h.From <= g.From && g.To <= h.To }

// Clone returns a copy that shares no memory with c.
func (c Context) Clone() Context {
	return Context{Vector: c.Vector.Clone(), Gaps: slices.Clone(c.Gaps)}
}

// ContextOf returns the context of the events that v covers, and of own, if it is not
// zero.
func ContextOf(v Vector, own Dot) Context {
	if own.Counter == 0 || v.Covers(own) {
		return Context{Vector: v}
	}
	c := Context{}
	if before := v.Counter(own.Actor); before+1 < own.Counter {
		c.Gaps = Gaps{{Actor: own.Actor, From: before + 1, To: own.Counter - 1}}
	}
	c.Vector = v.Clone().With(own, v.Latest())
	return c
}

// With returns c with one more event, of the time t. It shares no memory with c.
func (c Context) With(d Dot, t Timestamp) Context {
	own := ContextOf(nil, d)
	own.Vector[0].Time = t
	return Context{Vector: AppendJoin(make(Vector, 0, len(c.Vector)+1), c.Vector, own.Vector), Gaps: c.JoinGaps(own)}
}

// Less returns c without some events, which are in order.
func (c Context) Less(events []Dot) Context {
	gaps := slices.Grow(slices.Clone(c.Gaps), len(events))
	for _, d := range events {
		if c.Covers(d) {
			gaps = append(gaps, Gap{Actor: d.Actor, From: d.Counter, To: d.Counter})
		}
	}
	c.Gaps = gaps.normal()
	return c.lowered()
}

// lowered returns c with each entry of its vector at an event that c has.
func (c Context) lowered() Context {
	cloned := false
	for i := len(c.Gaps) - 1; i >= 0; i-- {
		g := c.Gaps[i]
		at, found := c.Vector.Find(g.Actor)
		if !found || c.Vector[at].Counter > g.To {
			continue
		}
		if !cloned {
			c.Vector, c.Gaps, cloned = c.Vector.Clone(), slices.Clone(c.Gaps), true
		}
		c.Gaps = slices.Delete(c.Gaps, i, i+1)
		if c.Vector[at].Counter = g.From - 1; g.From == 1 {
			c.Vector = slices.Delete(c.Vector, at, at+1)
		}
	}
	return c
}

// normal brings gaps that do not overlap into their order, and makes one of those
// between which no event lies. It changes g.
func (g Gaps) normal() Gaps {
	slices.SortFunc(g, Gap.compare)
	return g.united(func(a, b Gap) bool { return a.To+1 == b.From })
}

// united makes those neighbours of one actor one gap for which join says so. It changes g.
func (g Gaps) united(join func(a, b Gap) bool) Gaps {
	kept := g[:0]
	for _, one := range g {
		if last := len(kept) - 1; last >= 0 && kept[last].Actor == one.Actor && join(kept[last], one) {
			kept[last].To = one.To
			continue
		}
		kept = append(kept, one)
	}
	return kept
}

func (a Gap) compare(b Gap) int {
	return cmp.Or(a.Actor.Compare(b.Actor), cmp.Compare(a.From, b.From))
}

// JoinGaps returns the gaps of the join of c and another: the events that neither has, below
// the newest that one of them has.
func (c Context) JoinGaps(other Context) Gaps {
	if len(c.Gaps) == 0 && len(other.Gaps) == 0 {
		return nil
	}
	var gaps Gaps
	for _, g := range c.Gaps {
		for _, h := range other.Gaps {
			if from, to := max(g.From, h.From), min(g.To, h.To); g.Actor == h.Actor && from <= to {
				gaps = append(gaps, Gap{Actor: g.Actor, From: from, To: to})
			}
		}
		gaps = g.appendAbove(gaps, other.Vector)
	}
	for _, g := range other.Gaps {
		gaps = g.appendAbove(gaps, c.Vector)
	}
	return gaps.normal()
}

// appendAbove appends the part of g that v does not reach.
func (g Gap) appendAbove(gaps Gaps, v Vector) Gaps {
	if from := max(g.From, v.Counter(g.Actor)+1); from <= g.To {
		gaps = append(gaps, Gap{Actor: g.Actor, From: from, To: g.To})
	}
	return gaps
}

// Capped returns g with at most limit gaps as far as that is possible: neighbours become
// one, the first ones first, where no event for which keep is true lies between them.
func (g Gaps) Capped(limit int, keep func(Gap) bool) Gaps {
	over := len(g) - limit
	if over <= 0 {
		return g
	}
	return slices.Clone(g).united(func(a, b Gap) bool {
		if over <= 0 || keep(Gap{Actor: a.Actor, From: a.To + 1, To: b.From - 1}) {
			return false
		}
		over--
		return true
	})
}

// Of returns those gaps whose actors have an entry in v.
func (g Gaps) Of(v Vector) Gaps {
	lacks := func(one Gap) bool { return v.Counter(one.Actor) == 0 }
	if !slices.ContainsFunc(g, lacks) {
		return g
	}
	return slices.DeleteFunc(slices.Clone(g), lacks)
}
