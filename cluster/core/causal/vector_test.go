package causal

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestCompare(t *testing.T) {
	a, b := Actor{1, 1}, Actor{2, 1}
	v := func(x, y Counter) (v Vector) {
		if x > 0 {
			v = append(v, Entry{a, x, 1})
		}
		if y > 0 {
			v = append(v, Entry{b, y, 1})
		}
		return v
	}
	for _, c := range []struct {
		x, y Vector
		want Order
	}{
		{nil, nil, Equal},
		{v(1, 2), v(1, 2), Equal},
		{v(1, 2), v(1, 3), Before},
		{v(1, 2), v(1, 0), After},
		{v(1, 0), v(0, 1), Concurrent},
		{v(1, 2), v(2, 1), Concurrent},
		{nil, v(0, 1), Before},
		{v(2, 0), v(1, 1), Concurrent},
	} {
		if got := Compare(c.x, c.y); got != c.want {
			t.Errorf("%v to %v: %v, want %v", c.x, c.y, got, c.want)
		}
	}
}

func TestVector_AgainstAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyVector(t), anyVector(t)
		model := map[Actor]Counter{}
		for _, e := range slices.Concat(a, b) {
			model[e.Actor] = max(model[e.Actor], e.Counter)
		}
		before := a.Clone()
		j := Join(a, b)
		if !slices.Equal(a, before) {
			t.Fatal("Join changed its argument")
		}
		if len(j) != len(model) || !slices.IsSortedFunc(j, func(x, y Entry) int { return x.Actor.Compare(y.Actor) }) {
			t.Fatalf("join %v, want %v", j, model)
		}
		less, more := false, false
		for actor, n := range model {
			if j.Counter(actor) != n || !j.Covers(Dot{actor, n}) || j.Covers(Dot{actor, n + 1}) {
				t.Fatalf("join %v, want %v", j, model)
			}
			less = less || a.Counter(actor) < n
			more = more || b.Counter(actor) < n
		}
		want := map[[2]bool]Order{{false, false}: Equal, {true, false}: Before, {false, true}: After, {true, true}: Concurrent}
		if got := Compare(a, b); got != want[[2]bool{less, more}] {
			t.Fatalf("%v to %v: %v", a, b, got)
		}
		if Compare(a, j) > Before || Compare(b, j) > Before {
			t.Fatal("a join knows less than its parts")
		}
	})
}

func TestVector_NewestBelow(t *testing.T) {
	v := Vector{{Actor{1, 5}, 3, 1}, {Actor{1, 9}, 1, 2}, {Actor{2, 7}, 8, 3}}
	for below, want := range map[Epoch]Entry{100: v[1], 10: v[1], 9: v[0], 6: v[0]} {
		if e, ok := v.NewestBelow(1, below); !ok || e != want {
			t.Errorf("node 1 below %d: %v, %v", below, e, ok)
		}
	}
	for node, below := range map[NodeID]Epoch{1: 5, 3: 100} {
		if e, ok := v.NewestBelow(node, below); ok {
			t.Errorf("node %d below %d: %v", node, below, e)
		}
	}
	if v.Latest() != 3 || (Vector{}).Latest() != 0 {
		t.Error("Latest")
	}
}

func TestVector_Format(t *testing.T) {
	names := map[NodeID]string{1: "B", 2: "A", 3: "C"}
	name := func(n NodeID) string { return names[n] }
	for want, v := range map[string]Vector{
		"[]":                                 nil,
		"[(A, 3), (B, 1)]":                   {{Actor{1, 7}, 1, 1}, {Actor{2, 7}, 3, 1}},
		"[(A, 3), (A~1111, 4), (B, 1)]":      {{Actor{1, 7}, 1, 1}, {Actor{2, 0x1111}, 4, 1}, {Actor{2, 0x2222}, 3, 1}},
		"[(C, 1), (C~0003, 3), (C~0301, 5)]": {{Actor{3, 0x0003}, 3, 1}, {Actor{3, 0x0301}, 5, 1}, {Actor{3, 0x1_0000_0000}, 1, 1}},
	} {
		if got := v.Format(name); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
