package collection

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
)

// items is a list for tests of names alone: its items in their order, and how many were made.
type items struct {
	list []*object.Element
	made int
}

// insert makes an item before the one of an index, with any seed, and returns it.
func (l *items) insert(t testing.TB, at int, seed uint64) *object.Element {
	var g gap
	if at > 0 {
		g.left = l.list[at-1]
	}
	if at < len(l.list) {
		g.right = l.list[at]
	}
	place := g.place()
	for _, suffix := range [][]byte{make([]byte, stepLen-seedAt), bytes.Repeat([]byte{0xff}, stepLen-seedAt)} {
		name := append(slices.Clone(place), suffix...)
		if g.left != nil && bytes.Compare(g.left.Name, name) >= 0 || g.right != nil && bytes.Compare(name, g.right.Name) >= 0 {
			t.Fatalf("%x between %+v and %+v", name, g.left, g.right)
		}
	}
	l.made++
	e := &object.Element{Kind: object.Item, Name: nameOf(place, seed, 0), Time: causal.Timestamp(l.made)}
	l.list = slices.Insert(l.list, at, e)
	return e
}

func (l *items) longest() (n int) {
	for _, e := range l.list {
		n = max(n, len(e.Name))
	}
	return n
}

// Insertions anywhere get names strictly between those of their neighbours, whatever the seeds.
func TestPlace_IsStrictlyBetweenTheNeighbours(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var l items
		at := 0
		for range rapid.IntRange(1, 300).Draw(rt, "items") {
			switch rapid.IntRange(0, 3).Draw(rt, "where") {
			case 0:
				at = rapid.IntRange(0, len(l.list)).Draw(rt, "at")
			case 1:
				at = min(at+1, len(l.list))
			case 2:
				at = max(at-1, 0)
			} // else at the same place again
			l.insert(t, at, rapid.SampledFrom([]uint64{0, 1, 1 << 63, 1<<64 - 1}).Draw(rt, "seed"))
		}
	})
}

func TestPlace_PushesAtTheEnds_DoNotGrow(t *testing.T) {
	var l items
	for i := range 3000 {
		l.insert(t, 0, uint64(i))
		l.insert(t, len(l.list), uint64(i))
	}
	if n := l.longest(); n != stepLen {
		t.Errorf("a name has %d bytes, want %d", n, stepLen)
	}
}

// Insertions that follow one another have names of a constant length, whichever way they go.
func TestPlace_RunsOfInsertions_DoNotGrow(t *testing.T) {
	for name, next := range map[string]func(i, start int) int{
		"before an item":        func(i, start int) int { return start + i },
		"behind an item":        func(_, start int) int { return start },
		"behind the newest one": func(i, start int) int { return start + i },
		"before the newest one": func(_, start int) int { return start },
	} {
		for _, batch := range []bool{false, true} {
			var l items
			l.insert(t, 0, 1)
			l.insert(t, 1, 2)
			if batch { // two items of one command
				l.list[1].Name = nameOf(l.list[0].Name[:seedAt], 1, 1)
			}
			for i := range 5000 {
				l.insert(t, next(i, 1), uint64(i))
			}
			if n := l.longest(); n > 2*stepLen {
				t.Errorf("%s: a name has %d bytes, want at most %d", name, n, 2*stepLen)
			}
		}
	}
}

// At worst a name grows by a step with every 32 insertions at one place.
func TestPlace_InsertionsAtOnePlace_GrowSlowly(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var l items
		l.insert(t, 0, 1)
		l.insert(t, 1, 2)
		at, n := 1, rapid.IntRange(1, 400).Draw(rt, "insertions")
		for i := range n {
			l.insert(t, at, uint64(i))
			at += rapid.IntRange(0, 1).Draw(rt, "side") // before or behind the new one
		}
		if got, most := l.longest(), stepLen*(2+n/32+1); got > most {
			rt.Fatalf("%d insertions make a name of %d bytes, want at most %d", n, got, most)
		}
	})
}

// The positions between two neighbours run out soonest where each insertion halves them.
func TestPlace_WorstCase_IsBounded(t *testing.T) {
	for side := range 2 {
		var l items
		l.insert(t, 0, 1)
		l.insert(t, 1, 2)
		at := 1
		const n = 640
		for i := range n {
			e := l.insert(t, at, uint64(i))
			e.Time = 1 // as old as can be: the other neighbour counts as the newer one
			l.list[at-1].Time, l.list[at+1].Time = causal.Timestamp(2+side), causal.Timestamp(3-side)
			at += side
		}
		if got, most := l.longest(), stepLen*(2+n/32); got > most {
			t.Errorf("%d insertions make a name of %d bytes, want at most %d", n, got, most)
		}
	}
}

// Names that no version of this code has made, from a disk or a peer at fault, do no harm.
func FuzzPlace(f *testing.F) {
	f.Add([]byte{}, []byte{0})
	f.Add([]byte("abc"), []byte("abc\x00\x00"))
	f.Add(bytes.Repeat([]byte{0xff}, 40), bytes.Repeat([]byte{0xff}, 60))
	f.Fuzz(func(t *testing.T, left, right []byte) {
		g := gap{&object.Element{Name: left}, &object.Element{Name: right}}
		for _, g := range []gap{g, {left: g.left}, {right: g.right}} {
			if place := g.place(); len(place) > max(len(left), len(right))+2*stepLen {
				t.Errorf("a place of %d bytes between names of %d and %d", len(place), len(left), len(right))
			}
		}
		seedOf(left)
	})
}
