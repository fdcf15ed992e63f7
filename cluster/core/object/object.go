package object

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
)

// Value is the value or deletion that one event wrote.
type Value struct {
	Data      []byte
	Expiry    int64 // unix milliseconds at which the value expires; 0 means never
	Tombstone bool  // a deletion: no data, no expiry
	Stripped  bool  // a value that has expired and gave its data back: see [Object.Strip]
}

// Live reports whether v can be read at the time now (unix milliseconds): it is
// neither a deletion nor expired.
func (v Value) Live(now int64) bool {
	return !v.Tombstone && !v.Stripped && (v.Expiry == 0 || v.Expiry > now)
}

// normal returns v in the one form in which it is stored, so that equal values
// have equal encodings.
func (v Value) normal() Value {
	if v.Tombstone {
		return Value{Tombstone: true}
	}
	if v.Expiry < 0 {
		v.Expiry = 1 // before 1970: expired either way
	}
	return v
}

// Sibling is one value of a key, and the event that made it.
type Sibling struct {
	Dot    causal.Dot
	Time   causal.Timestamp
	Origin causal.Origin // of the update, if another node than the coordinator issued it
	Base   Sums          // the sums that the data stands for, and that a deletion has taken
	Value
}

// compare orders two siblings of the same dot. They differ where one copy is stripped:
// then the other one is greater. Else only a bug or a tampered disk makes them differ, and
// even then all nodes must keep the same one.
func (s *Sibling) compare(o *Sibling) int {
	if c := cmp.Compare(s.Time, o.Time); c != 0 {
		return c
	}
	if s.Tombstone != o.Tombstone {
		if s.Tombstone {
			return -1
		}
		return 1
	}
	if c := cmp.Compare(s.Expiry, o.Expiry); c != 0 {
		return c
	}
	if s.Stripped != o.Stripped {
		if s.Stripped {
			return -1
		}
		return 1
	}
	if c := bytes.Compare(s.Data, o.Data); c != 0 {
		return c
	}
	if c := s.Origin.Compare(o.Origin); c != 0 {
		return c
	}
	return s.Base.compare(o.Base)
}

// After reports whether s wins over o by "last write wins": by time, then by dot.
// Every node decides the same.
func (s *Sibling) After(o *Sibling) bool {
	if s.Time != o.Time {
		return s.Time > o.Time
	}
	return s.Dot.Compare(o.Dot) > 0
}

// Object is the stored document of one key, of type [Register]. The zero Object is
// that of a key of which no event is known.
type Object struct {
	Clock    causal.Vector // covers every sibling's dot, and no gap has one
	Siblings []Sibling     // sorted by dot, each dot once
	Replaced Replaced      // forwarded updates whose versions o has replaced
	Gaps     causal.Gaps   // events that the clock covers and o does not know of
	Elements Elements      // of collections
	Sums     Sums          // of increments
	Rest     Rest          // of elements that are not in Elements
}

// Context returns all events that o knows of.
func (o *Object) Context() causal.Context { return causal.Context{Vector: o.Clock, Gaps: o.Gaps} }

// knows reports whether o knows of an event.
func (o *Object) knows(d causal.Dot) bool {
	return o.Clock.Covers(d) && (len(o.Gaps) == 0 || !o.Gaps.Has(d))
}

// Live reports whether any value of o can be read at the time now (unix
// milliseconds).
func (o *Object) Live(now int64) bool {
	for i := range o.Siblings {
		if live(o, &o.Siblings[i], now) {
			return true
		}
	}
	return len(o.Siblings) == 0 && len(o.Sums) > 0 || anyElement(o, now)
}

// LiveIn reports whether a sibling or element that can be read at the time now is of an
// event that the context covers.
func (o *Object) LiveIn(c causal.Context, now int64) bool {
	for i := range o.Siblings {
		if s := &o.Siblings[i]; live(o, s, now) && c.Covers(s.Dot) {
			return true
		}
	}
	for e := range o.Elements.Live(now) {
		if c.Covers(e.Dot) {
			return true
		}
	}
	return false
}

// LiveAt returns o with those siblings alone that can be read at the time now (unix
// milliseconds), and with all its elements and sums. Its list of siblings is its own; the rest
// is o's.
func (o *Object) LiveAt(now int64) Object {
	kept := Object{Clock: o.Clock, Siblings: make([]Sibling, 0, len(o.Siblings)), Replaced: o.Replaced, Gaps: o.Gaps, Elements: o.Elements, Sums: o.Sums, Rest: o.Rest}
	for i := range o.Siblings {
		if s := &o.Siblings[i]; live(o, s, now) {
			kept.Siblings = append(kept.Siblings, *s)
		} else {
			kept.replace(s)
		}
	}
	return kept
}

// Newest returns the sibling of the newest event, or nil if there is no sibling.
func (o *Object) Newest() *Sibling {
	var newest *Sibling
	for i := range o.Siblings {
		if s := &o.Siblings[i]; newest == nil || s.After(newest) {
			newest = s
		}
	}
	return newest
}

// Equal reports whether o and p have the same encoding.
func (o *Object) Equal(p *Object) bool {
	if o.Rest != p.Rest || !slices.Equal(o.Clock, p.Clock) || !slices.Equal(o.Replaced, p.Replaced) || !slices.Equal(o.Gaps, p.Gaps) || !slices.Equal(o.Sums, p.Sums) || len(o.Siblings) != len(p.Siblings) || len(o.Elements) != len(p.Elements) {
		return false
	}
	for i := range o.Siblings {
		a, b := &o.Siblings[i], &p.Siblings[i]
		if a.Dot != b.Dot || a.compare(b) != 0 {
			return false
		}
	}
	for i := range o.Elements {
		a, b := &o.Elements[i], &p.Elements[i]
		if a.order(b) != 0 || a.compare(b) != 0 {
			return false
		}
	}
	return true
}

// Clone returns a copy that shares no memory with o, nor with the bytes that o was
// decoded from.
func (o *Object) Clone() Object {
	c := Object{Clock: o.Clock.Clone(), Siblings: slices.Clone(o.Siblings), Replaced: slices.Clone(o.Replaced), Gaps: slices.Clone(o.Gaps), Elements: o.Elements.clone(), Sums: slices.Clone(o.Sums), Rest: o.Rest}
	for i := range c.Siblings {
		c.Siblings[i].Data, c.Siblings[i].Base = bytes.Clone(c.Siblings[i].Data), slices.Clone(c.Siblings[i].Base)
	}
	return c
}

// maxSpareElements is the greatest number of elements whose memory [Object.Forget] keeps.
const maxSpareElements = 64

// Forget drops all values that o refers to, and keeps the memory of its lists for another
// use. The lists may be shorter than they were before.
func (o *Object) Forget() {
	clear(o.Siblings[:cap(o.Siblings)])
	if cap(o.Elements) > maxSpareElements {
		o.Elements = nil
	}
	clear(o.Elements[:cap(o.Elements)])
	o.Rest = Rest{}
}
