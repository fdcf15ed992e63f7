package ring

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// With W of the primaries by one ring, and all others that get a write, W of the primaries by
// the other ring have it: before a flip those to come, and after it, until it is confirmed,
// the former ones.
func TestRing_Flip_WritesReachAQuorumByEitherRing(t *testing.T) {
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 0))
		s := NewState("c", 32, Quorums{N: 3, R: 2, W: 2}, member("A"), member("B"), member("C"), member("D"), member("E"))
		for _, joiner := range []string{"F", "G"}[:1+seed%2] {
			mustChange(t, s, random, joiner)
		}
		before := NewRing(s)
		finish(t, s)
		after := NewRing(s)
		for p := range Partition(32) {
			checkQuorum(t, before, p, after.Primaries(p))
			checkQuorum(t, after, p, before.Primaries(p))
			for _, id := range before.Primaries(p) {
				if !after.Keeps(id, p) {
					t.Fatalf("seed %d: %s may drop partition %d, and some may read it there", seed, after.Name(id), p)
				}
			}
		}
		if s.Confirm(after.LayoutNumber() - 1) {
			t.Fatalf("seed %d: an earlier layout is confirmed", seed)
		}
		if !s.Confirm(after.LayoutNumber()) || s.Confirm(after.LayoutNumber()) {
			t.Fatalf("seed %d: the layout is not confirmed, or twice", seed)
		}
		confirmed := NewRing(s)
		for p := range Partition(32) {
			if others := confirmed.Others(p); len(others) > 0 {
				t.Fatalf("seed %d: writes to partition %d go to %v", seed, p, others)
			}
		}
		if confirmed.Digest() != after.Digest() || confirmed.Unconfirmed() || !after.Unconfirmed() {
			t.Fatalf("seed %d: a confirmation is this node's memory alone", seed)
		}
	}
}

// checkQuorum checks the writes of partition p by a ring against the primaries by another one.
func checkQuorum(t *testing.T, by *Ring, p Partition, others []NodeID) {
	t.Helper()
	w := by.Quorums().W
	least := len(others)
	for acked := range 1 << len(by.Primaries(p)) {
		have := slices.Clone(by.Others(p))
		for at, id := range by.Primaries(p) {
			if acked&(1<<at) != 0 {
				have = append(have, id)
			}
		}
		if len(have)-len(by.Others(p)) < w {
			continue
		}
		reached := 0
		for _, id := range others {
			if slices.Contains(have, id) {
				reached++
			}
		}
		least = min(least, reached)
	}
	if least < w {
		t.Fatalf("a write of partition %d may reach %d of the primaries by the other ring, want %d", p, least, w)
	}
}

// Layouts that follow one another before the first is confirmed are all written to, and a
// state that was merged counts as one that was made here.
func TestRing_MergedFlips_FormerPrimariesAreThoseOfAll(t *testing.T) {
	s := NewState("c", 32, Quorums{N: 3, R: 2, W: 2}, member("A"), member("B"), member("C"), member("D"), member("E"))
	other := s.Clone()
	first := NewRing(s)
	check(t, other.Leave(IDOf("A")))
	finish(t, other)
	second := NewRing(other)
	merge := func() *Ring {
		t.Helper()
		if _, err := s.Merge(other); err != nil {
			t.Fatal(err)
		}
		return NewRing(s)
	}
	merge()
	check(t, other.Leave(IDOf("B")))
	finish(t, other)
	third := merge()
	for p := range Partition(32) {
		for _, id := range slices.Concat(first.Primaries(p), second.Primaries(p)) {
			if !third.Keeps(id, p) {
				t.Fatalf("writes of partition %d do not go to %s, which was a primary", p, third.Name(id))
			}
		}
	}
	var audience []string
	for _, m := range third.Audience() {
		audience = append(audience, m.Name)
	}
	if !slices.Equal(audience, []string{"C", "D", "E", "A", "B"}) && !slices.Equal(audience, []string{"C", "D", "E", "B", "A"}) {
		t.Errorf("those who must hear of it: %v", audience)
	}
	if len(third.Members()) != 3 {
		t.Errorf("members: %v", third.Members())
	}
	for _, name := range []string{"A", "C"} {
		if ended := s.Ended(IDOf(name)); ended != (name == "A") {
			t.Errorf("%s had left, and has ended: %v", name, ended)
		}
	}
	if left := NewRing(s).Left(); len(left) != 1 || left[0].Name != "B" || len(third.Left()) != 2 {
		t.Errorf("left the ring, and may still run: %v", left)
	}
}
