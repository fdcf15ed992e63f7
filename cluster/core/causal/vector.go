package causal

import (
	"cmp"
	"fmt"
	"slices"
)

// Entry is one actor's place in a version vector.
type Entry struct {
	Actor   Actor
	Counter Counter
	Time    Timestamp // of the actor's newest event in this vector; it ages the entry and never orders events
}

// MaxEntries is the greatest length of a vector in a stored object or a context;
// only entries that cover siblings may exceed it. It bounds the growth of a key by
// forged contexts, or by a node that crashes in a loop and starts an epoch each
// time.
const MaxEntries = 256

// Vector is a version vector: for each actor the newest of its events that is
// known, and with it all those before. It is sorted by actor, each actor once.
// Vectors are values: nothing in this package changes one that it was given, and
// results may share memory with arguments.
type Vector []Entry

// Counter returns the counter of the newest event of a in v, or 0.
func (v Vector) Counter(a Actor) Counter {
	// Vectors are short: a scan beats a search.
	for i := range v {
		if v[i].Actor == a {
			return v[i].Counter
		}
	}
	return 0
}

// Covers reports whether v contains the event d.
func (v Vector) Covers(d Dot) bool { return v.Counter(d.Actor) >= d.Counter }

// NewestBelow returns the entry of n's highest epoch in v that is below a given one.
func (v Vector) NewestBelow(n NodeID, below Epoch) (e Entry, ok bool) {
	for i := range v {
		if v[i].Actor.Node == n && v[i].Actor.Epoch < below {
			e, ok = v[i], true // sorted: a later match has the higher epoch
		}
	}
	return e, ok
}

// Latest returns the time of the newest event in v, 0 for an empty vector.
func (v Vector) Latest() (t Timestamp) {
	for i := range v {
		t = max(t, v[i].Time)
	}
	return t
}

// Clone returns a copy that shares no memory with v.
func (v Vector) Clone() Vector { return slices.Clone(v) }

// Join returns the vector of all events in a or in b. It returns a or b itself if
// that is the join.
func Join(a, b Vector) Vector {
	joinsToA, joinsToB := JoinIs(a, b)
	switch {
	case joinsToA:
		return a
	case joinsToB:
		return b
	}
	return AppendJoin(make(Vector, 0, len(a)+len(b)), a, b)
}

// precedence orders two entries of one actor: by counter, then by time. Being a
// total order, its maximum is a join.
func precedence(x, y Entry) int {
	if c := cmp.Compare(x.Counter, y.Counter); c != 0 {
		return c
	}
	return cmp.Compare(x.Time, y.Time)
}

// JoinIs reports whether the join of a and b, times included, is a, and whether it
// is b.
func JoinIs(a, b Vector) (isA, isB bool) {
	isA, isB = true, true
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch c := a[i].Actor.Compare(b[j].Actor); {
		case c < 0:
			isB = false
			i++
		case c > 0:
			isA = false
			j++
		default:
			switch p := precedence(a[i], b[j]); {
			case p > 0:
				isB = false
			case p < 0:
				isA = false
			}
			i++
			j++
		}
	}
	return isA && j == len(b), isB && i == len(a)
}

// AppendJoin appends the join of a and b to dst, which shares no memory with
// either.
func AppendJoin(dst, a, b Vector) Vector {
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch c := a[i].Actor.Compare(b[j].Actor); {
		case c < 0:
			dst = append(dst, a[i])
			i++
		case c > 0:
			dst = append(dst, b[j])
			j++
		default:
			if precedence(a[i], b[j]) >= 0 {
				dst = append(dst, a[i])
			} else {
				dst = append(dst, b[j])
			}
			i++
			j++
		}
	}
	dst = append(dst, a[i:]...)
	return append(dst, b[j:]...)
}

// Find returns the index of actor a in v, or where it would be inserted.
func (v Vector) Find(a Actor) (int, bool) {
	return slices.BinarySearchFunc(v, a, func(e Entry, a Actor) int { return e.Actor.Compare(a) })
}

// With adds the event d of the time t to v, which the caller owns, and returns the
// result. It panics if v covers d already: such an event would be lost in the next
// merge.
func (v Vector) With(d Dot, t Timestamp) Vector {
	e := Entry{Actor: d.Actor, Counter: d.Counter, Time: t}
	at, found := v.Find(d.Actor)
	if !found {
		v = append(v, Entry{})
		copy(v[at+1:], v[at:])
		v[at] = e
		return v
	}
	if v[at].Counter >= d.Counter {
		panic(fmt.Sprintf("causal: event %d of %x~%x is not new: its vector is at %d",
			d.Counter, d.Actor.Node, d.Actor.Epoch, v[at].Counter))
	}
	v[at] = e
	return v
}

// Capped returns v with no time later than t; v itself if it has none.
func (v Vector) Capped(t Timestamp) Vector {
	if v.Latest() <= t {
		return v
	}
	v = v.Clone()
	for i := range v {
		v[i].Time = min(v[i].Time, t)
	}
	return v
}
