package causal

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/wire"
)

// anyEvents draws a set of events of a few actors.
func anyEvents(t *rapid.T) map[Dot]bool {
	events := map[Dot]bool{}
	for node := NodeID(1); node <= 2; node++ {
		for n := range Counter(6) {
			if rapid.Bool().Draw(t, "event") {
				events[Dot{Actor{node, 1}, n + 1}] = true
			}
		}
	}
	return events
}

// contextOfEvents is the context of a set of events, all of one time.
func contextOfEvents(events map[Dot]bool) Context {
	var v Vector
	var others []Dot
	for node := NodeID(1); node <= 2; node++ {
		v = append(v, Entry{Actor{node, 1}, 6, 1})
		for n := range Counter(6) {
			if d := (Dot{Actor{node, 1}, n + 1}); !events[d] {
				others = append(others, d)
			}
		}
	}
	return Context{Vector: v}.Less(others)
}

func eventsOf(c Context) map[Dot]bool {
	events := map[Dot]bool{}
	for node := NodeID(1); node <= 2; node++ {
		for n := range Counter(9) {
			if d := (Dot{Actor{node, 1}, n + 1}); c.Covers(d) {
				events[d] = true
			}
		}
	}
	return events
}

func sameEvents(a, b map[Dot]bool) bool {
	for d := range a {
		if !b[d] {
			return false
		}
	}
	return len(a) == len(b)
}

// A context is a set: it has one form for each, and its join is the union.
func TestContext_IsASetOfEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyEvents(t), anyEvents(t)
		ca, cb := contextOfEvents(a), contextOfEvents(b)
		before := ca.Clone()
		if got := eventsOf(ca); !sameEvents(got, a) {
			t.Fatalf("%+v has %v, want %v", ca, got, a)
		}
		both := map[Dot]bool{}
		for _, events := range []map[Dot]bool{a, b} {
			for d := range events {
				both[d] = true
			}
		}
		join, want := Context{Join(ca.Vector, cb.Vector), ca.JoinGaps(cb)}, contextOfEvents(both)
		if !slices.Equal(join.Vector, want.Vector) || !slices.Equal(join.Gaps, want.Gaps) {
			t.Fatalf("join of %+v and %+v: %+v, want %+v", ca, cb, join, want)
		}
		if !slices.Equal(ca.Vector, before.Vector) || !slices.Equal(ca.Gaps, before.Gaps) {
			t.Fatal("an argument was changed")
		}
		if len(join.Gaps) == 0 {
			return
		}
		encoded := join.Gaps.Append(nil, join.Vector)
		r := wire.NewReader(encoded)
		if got := ReadGaps(&r, join.Vector, nil); r.Done("") != nil || !slices.Equal(got, join.Gaps) || len(encoded) != join.Gaps.EncodedLen(join.Vector) {
			t.Fatalf("%v came back as %v", join.Gaps, got)
		}
		capped := join.Gaps.Capped(1, func(Gap) bool { return false })
		for d := range eventsOf(Context{join.Vector, capped}) {
			if !join.Covers(d) {
				t.Fatalf("%v, capped to %v, has %v", join.Gaps, capped, d)
			}
		}
		if len(capped) > 2 {
			t.Fatalf("%v capped to one of each actor: %v", join.Gaps, capped)
		}
	})
}

// No encoder writes these.
func TestReadGaps_ImpossibleGaps_AreRefused(t *testing.T) {
	v := Vector{{Actor{1, 1}, 9, 0}, {Actor{2, 1}, 9, 0}}
	for name, b := range map[string][]byte{
		"none":                      {0},
		"of no actor":               {1, 2, 1, 0},
		"from 0":                    {1, 0, 0, 0},
		"with the newest event":     {1, 0, 5, 4},
		"out of order":              {2, 1, 1, 0, 0, 1, 0},
		"of one actor out of order": {2, 0, 4, 0, 0, 1, 0},
		"overlapping":               {2, 0, 1, 3, 0, 3, 2},
		"next to one another":       {2, 0, 1, 1, 0, 3, 0},
		"far too long":              {1, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1},
	} {
		r := wire.NewReader(b)
		if got := ReadGaps(&r, v, nil); r.Done("gaps") == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestContext_With_AddsOneEvent(t *testing.T) {
	a, b := Actor{Node: 1, Epoch: 1}, Actor{Node: 2, Epoch: 1}
	c := Context{Vector: Vector{{Actor: a, Counter: 3, Time: 5}}}
	for _, d := range []Dot{{a, 2}, {a, 4}, {a, 9}, {b, 1}, {b, 3}} {
		with := c.With(d, 7)
		for _, e := range []Dot{{a, 1}, {a, 3}, {a, 4}, {a, 5}, {a, 8}, {a, 9}, {a, 10}, {b, 1}, {b, 2}, {b, 3}, {b, 4}} {
			if want := c.Covers(e) || e == d; with.Covers(e) != want {
				t.Errorf("with %v: covers %v: %v, want %v", d, e, !want, want)
			}
		}
	}
}

func TestContext_Includes_EveryEventOfTheOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyEvents(t), anyEvents(t)
		if rapid.Bool().Draw(t, "subset") {
			for d := range b {
				a[d] = true
			}
		}
		want := true
		for d := range b {
			want = want && a[d]
		}
		if got := contextOfEvents(a).Includes(contextOfEvents(b)); got != want {
			t.Fatalf("%v includes %v: %v", a, b, got)
		}
	})
}
