package object

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
)

// A collection (a Redis hash, set, sorted set, list or stream) is the elements of an object. An
// element is merged as a sibling is: each has the dot of the event that wrote it, and a copy
// whose clock covers the dot and that lacks the element has removed it. So a removal takes
// those elements that it has seen, and leaves what was added at the same time elsewhere (an
// observed-remove set: Shapiro, Preguiça, Baquero and Zawirski, "Conflict-free Replicated Data
// Types", 2011, without tombstones: Bieniusa and others, "An Optimized Conflict-free
// Replicated Set", 2012). A removal mints a dot too, and leaves no element.
//
// Elements of one name that were written concurrently stay beside one another, until a
// write of that name has seen them. A reader is shown the newest of them.
//
// An object may have siblings and elements of several kinds, where clients made keys of
// different types at once. None is lost. The key has the type of its newest live value.

// Kind says what an element is. Kinds are on disks and on the wire: a number is never given
// to another kind.
type Kind byte

// The kinds, in the order in which an object has its elements.
const (
	KeyExpiry Kind = 1 // the expiry of a key with elements: no name, no data; an Expiry of 0 says that there is none
	Field     Kind = 2 // of a hash: its name and its value
	Member    Kind = 3 // of a set: a name alone
	Scored    Kind = 4 // of a sorted set: its member and its score
	Item      Kind = 5 // of a list: its position and its value
	Entry     Kind = 8 // of a stream: its id and its fields
)

// known reports whether this build has the kind. 6 and 7 are kept for others.
func (k Kind) known() bool { return KeyExpiry <= k && k <= Item || k == Entry }

// Element is one element of a collection, and the event that wrote it. Name, Kind and Dot
// identify it.
type Element struct {
	Kind     Kind
	Stripped bool // it has expired and gave its data back: see [Object.Strip]
	Name     []byte
	Dot      causal.Dot
	Time     causal.Timestamp
	Expiry   int64 // unix milliseconds at which the element expires; 0 means never
	Data     []byte
}

// order orders elements of an object: by kind, by name, and those of one name by dot.
func (e *Element) order(f *Element) int {
	if c := orderOfNames(e.Kind, e.Name, f.Kind, f.Name); c != 0 {
		return c
	}
	return e.Dot.Compare(f.Dot)
}

// orderOfNames orders names by their kinds, then by their bytes.
func orderOfNames(kind Kind, name []byte, otherKind Kind, other []byte) int {
	if kind != otherKind {
		return cmp.Compare(kind, otherKind)
	}
	return bytes.Compare(name, other)
}

// compare orders two copies of one element. As with siblings, the one with data is greater
// than the stripped one, and only a bug makes others differ.
func (e *Element) compare(f *Element) int {
	if c := cmp.Compare(e.Time, f.Time); c != 0 {
		return c
	}
	if c := cmp.Compare(e.Expiry, f.Expiry); c != 0 {
		return c
	}
	if e.Stripped != f.Stripped {
		if e.Stripped {
			return -1
		}
		return 1
	}
	return bytes.Compare(e.Data, f.Data)
}

// After reports whether e wins over f by "last write wins": by time, then by dot.
func (e *Element) After(f *Element) bool {
	if e.Time != f.Time {
		return e.Time > f.Time
	}
	return e.Dot.Compare(f.Dot) > 0
}

// Elements are the elements of an object, by kind, name and dot.
type Elements []Element

// KeyExpiry returns when the key of the elements expires (unix milliseconds), or 0 if never. It
// is what the newest EXPIRE or PERSIST said.
func (es Elements) KeyExpiry() int64 {
	if newest := es.keyExpiry(); newest != nil {
		return newest.Expiry
	}
	return 0
}

// keyExpiry returns the newest KeyExpiry, or nil if there is none.
func (es Elements) keyExpiry() (newest *Element) {
	for i := range es {
		e := &es[i]
		if e.Kind != KeyExpiry {
			break
		}
		if newest == nil || e.After(newest) {
			newest = e
		}
	}
	return newest
}

// Reader tells which elements of an object can be read at one time.
type Reader struct {
	now       int64
	keyExpiry int64            // 0: the key does not expire
	said      causal.Timestamp // when a client set it
}

// At returns the reader of the time now (unix milliseconds).
func (es Elements) At(now int64) Reader {
	r := Reader{now: now}
	if newest := es.keyExpiry(); newest != nil {
		r.keyExpiry, r.said = newest.Expiry, newest.Time
	}
	return r
}

// Live reports whether an element can be read. A KeyExpiry is no element that can be read.
func (r Reader) Live(e *Element) bool {
	if e.Kind == KeyExpiry || e.Stripped {
		return false
	}
	end := r.end(e)
	return end == 0 || end > r.now
}

// end returns when an element expires (unix milliseconds), or 0 if never: at its own expiry or at
// that of the key. The expiry of the key takes what was written before it, and what was written
// before a client set it. The second matters where a clock is ahead: then the event that wrote an
// element may have a later time than the expiry.
func (r Reader) end(e *Element) int64 {
	switch {
	case r.keyExpiry == 0, e.Expiry != 0 && e.Expiry <= r.keyExpiry:
		return e.Expiry
	case e.Time.UnixMilli() < r.keyExpiry || e.Time <= r.said:
		return r.keyExpiry
	}
	return e.Expiry
}

// expired reports whether the key has expired.
func (r Reader) expired() bool { return r.keyExpiry != 0 && r.keyExpiry <= r.now }

// dead reports whether an element is of no use to readers any more. An expiry of the key is of
// use until then.
func (r Reader) dead(e *Element) bool {
	if e.Kind == KeyExpiry {
		return r.expired()
	}
	return !r.Live(e)
}

// Live yields the elements that can be read at the time now (unix milliseconds), in their
// order: all of one name.
func (es Elements) Live(now int64) func(yield func(*Element) bool) {
	return func(yield func(*Element) bool) {
		r := es.At(now)
		for i := range es {
			if e := &es[i]; r.Live(e) && !yield(e) {
				return
			}
		}
	}
}

// AnyLive reports whether an element can be read at the time now (unix milliseconds).
func (es Elements) AnyLive(now int64) bool {
	for range es.Live(now) {
		return true
	}
	return false
}

// Newest returns the newest element that can be read at the time now (unix milliseconds), or
// nil if there is none.
func (es Elements) Newest(now int64) (newest *Element) {
	if len(es) == 0 {
		return nil
	}
	for e := range es.Live(now) {
		if newest == nil || e.After(newest) {
			newest = e
		}
	}
	return newest
}

// Of returns the elements of a name: several if they were written concurrently.
func (es Elements) Of(kind Kind, name []byte) Elements {
	first, end := es.span(Name{Kind: kind, Name: name})
	return es[first:end]
}

// span returns where the elements of a name are: from first to before end.
func (es Elements) span(n Name) (first, end int) {
	first, _ = slices.BinarySearchFunc(es, n, func(e Element, n Name) int { return orderOfNames(e.Kind, e.Name, n.Kind, n.Name) })
	end = first
	for end < len(es) && orderOfNames(es[end].Kind, es[end].Name, n.Kind, n.Name) == 0 {
		end++
	}
	return first, end
}

// writers returns the actors that wrote the elements.
func (es Elements) writers() map[causal.Actor]bool {
	if len(es) == 0 {
		return nil
	}
	writers := make(map[causal.Actor]bool)
	for i := range es {
		if a := es[i].Dot.Actor; i == 0 || a != es[i-1].Dot.Actor {
			writers[a] = true
		}
	}
	return writers
}

// haveEntries reports whether the elements have entries of a stream, which come last.
func (es Elements) haveEntries() bool { return len(es) > 0 && es[len(es)-1].Kind == Entry }

// hasIn reports whether one of the elements is of an event in a gap.
func (es Elements) hasIn(g causal.Gap) bool {
	return slices.ContainsFunc(es, func(e Element) bool {
		return e.Dot.Actor == g.Actor && g.From <= e.Dot.Counter && e.Dot.Counter <= g.To
	})
}

// clone returns a copy that shares no memory with the elements.
func (es Elements) clone() Elements {
	c := slices.Clone(es)
	for i := range c {
		c[i].Name, c[i].Data = bytes.Clone(c[i].Name), bytes.Clone(c[i].Data)
	}
	return c
}
