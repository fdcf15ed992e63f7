package ring

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// A node that takes the word of a second operator does not know whether another one will
// still end the first change: that has all its marks, perhaps, and not the word. Whoever
// would own a partition then must have the writes of the time between.
func TestRing_LaterChanges_WritesStillReachThoseWhoGainByTheFirst(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 0))
		s := NewState("c", 32, Quorums{N: 3, R: 2, W: 2}, member("A"), member("B"), member("C"), member("D"))
		mustChange(t, s, random, "E")
		_ = NewRing(s) // requests use it
		unaware := s.Clone()
		writer := (*Ring)(nil)
		for _, joiner := range []string{"F", "G", "H"}[:1+seed%3] { // up to three more
			mustChange(t, s, random, joiner)
			writer = NewRing(s)
		}
		for _, id := range unaware.Pending() {
			if err := unaware.MarkDone(id, unaware.Target()); err != nil {
				t.Fatal(err)
			}
		}
		before := NewRing(unaware)
		if !unaware.Flip() {
			t.Fatalf("seed %d: the first change did not end", seed)
		}
		after := NewRing(unaware)
		for p := range Partition(32) {
			for _, id := range after.Primaries(p) {
				if !before.IsPrimary(id, p) && !slices.Contains(writer.Receiving(p), id) {
					t.Fatalf("seed %d: %s owns partition %d by the first change, and misses the writes of who knows of the later ones: they go to %v",
						seed, after.Name(id), p, writer.Receiving(p))
				}
			}
		}
		if _, err := s.Merge(unaware); err != nil {
			t.Fatal(err)
		}
		if view := NewRing(s); view.InTransition() {
			for p := range Partition(32) {
				if !slices.Equal(view.Receiving(p), view.Gaining(p)) {
					t.Fatalf("seed %d: the first change is over, and writes to partition %d go to %v, want %v", seed, p, view.Receiving(p), view.Gaining(p))
				}
			}
		}
	}
}

// Two changes that cancel each other leave nothing behind.
func TestRing_ChangeTakenBack_WritesGoToThePrimariesAlone(t *testing.T) {
	s := NewState("c", 32, Quorums{N: 2, R: 1, W: 1}, member("A"), member("B"), member("C"))
	for _, n := range []int{3, 2} {
		if err := s.SetQuorums(Quorums{N: n, R: 1, W: 1}); err != nil {
			t.Fatal(err)
		}
		_ = NewRing(s)
	}
	for p := range Partition(32) {
		if got := NewRing(s).Receiving(p); len(got) > 0 {
			t.Fatalf("partition %d is sent to %v", p, got)
		}
	}
}

// mustChange makes a change of some kind: the joiner of that name, or a leave.
func mustChange(t *testing.T, s *State, random *rand.Rand, joiner string) {
	t.Helper()
	err := error(nil)
	switch leavers := []string{"A", "B", "C"}; random.IntN(3) {
	case 0:
		err = s.Leave(IDOf(leavers[random.IntN(len(leavers))]))
	default:
		err = s.Join(member(joiner))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A target's name covers all that the target is computed from: a mark that was made under
// another name must not count for it.
func TestTarget_ZoneOrQuorumsChangeDuringATransition_HasAnotherName(t *testing.T) {
	s := NewState("test", 16, Quorums{N: 2, R: 1, W: 1}, member("A"), member("B"), member("C"))
	check(t, s.Join(member("D")))
	names := map[uint64]string{s.Target(): "after the join"}
	seen := func(when string) {
		t.Helper()
		name := s.Target()
		if earlier, ok := names[name]; name == 0 || ok {
			t.Errorf("the target %s is called %x, as %s", when, name, earlier)
		}
		names[name] = when
	}
	m := member("C")
	m.Zone = "elsewhere"
	check(t, s.Update(m))
	seen("in another zone")
	check(t, s.SetQuorums(Quorums{N: 3, R: 1, W: 1}))
	seen("with N=3")
	check(t, s.SetQuorums(Quorums{N: 2, R: 1, W: 1}))
	seen("with N=2 again")
}
