package ring

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestState_Merge_RefusesAnotherCluster(t *testing.T) {
	s := ringOf("A")
	for _, other := range []*State{
		NewState("another", 64, threeOfFive(), member("A")),
		NewState("test", 128, threeOfFive(), member("A")),
	} {
		if changed, err := s.Merge(other); changed || !errors.Is(err, ErrOtherCluster) {
			t.Errorf("changed %v, %v", changed, err)
		}
	}
}

func TestState_Merge_OneFlipsAsAnotherAdds(t *testing.T) {
	here := ringOf("A", "B", "C")
	check(t, here.Join(member("D")))
	there := here.Clone()
	finish(t, here)
	check(t, there.Join(member("E")))
	merge(t, there, here)
	merge(t, here, there)
	wantSame(t, here, there)
	wantStatus(t, here, "D", Up)
	wantStatus(t, here, "E", Joining)
	if !slices.Equal(here.Pending(), []NodeID{IDOf("E")}) {
		t.Errorf("pending %x, want E alone", here.Pending())
	}
}

func TestState_Merge_TwoFlipsOfOneEpoch_ChooseOneAndGoOn(t *testing.T) {
	here := ringOf("A", "B", "C", "D")
	there := here.Clone()
	check(t, here.Join(member("E")))
	check(t, there.Join(member("F")))
	finish(t, here)
	finish(t, there)
	merged := here.Clone()
	merge(t, merged, there)
	merge(t, there, here)
	wantSame(t, merged, there)
	up := 0
	for _, name := range []string{"E", "F"} {
		if m, _ := merged.Member(IDOf(name)); m.Status == Up {
			up++
		} else if m.Status != Joining || !slices.Contains(merged.Pending(), m.ID) {
			t.Errorf("%s is %s, pending %x", name, m.Status, merged.Pending())
		}
	}
	if up != 1 {
		t.Errorf("%d of two flips stand", up)
	}
	finish(t, merged)
	wantStatus(t, merged, "E", Up)
	wantStatus(t, merged, "F", Up)
}

func TestState_Merge_BothLeave_KeepsTheOwners(t *testing.T) {
	here := ringOf("A", "B")
	there := here.Clone()
	check(t, here.Leave(IDOf("A")))
	check(t, there.Leave(IDOf("B")))
	merge(t, here, there)
	if here.Target() != 0 || here.Flip() {
		t.Error("a ring of nobody is aimed at")
	}
	wantSound(t, here)
	check(t, here.Join(member("C")))
	finish(t, here)
	if r := NewRing(here); r.Tokens(IDOf("C")) != 64 {
		t.Error("C does not own the ring that it was left")
	}
}

// TestState_Merge_DecisionsOutlastWhatAMemberSaysOfItself has an operator decide at
// one node, while the member itself renews its zone and its addresses at another, any
// number of times.
func TestState_Merge_DecisionsOutlastWhatAMemberSaysOfItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		operator := ringOf("A", "B", "C")
		itself := operator.Clone()
		c := member("C")
		for i := range rapid.IntRange(1, 5).Draw(t, "renewals") {
			c.Zone = rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "zone")
			c.ClientAddr = rapid.SampledFrom([]string{"here", "there"}).Draw(t, "addr")
			check(t, itself.Update(c))
			itself.Started(c.ID, Incarnation(i+1))
		}
		decide := rapid.SampledFrom([]func(NodeID) error{operator.Leave, operator.Remove, operator.Vacate}).Draw(t, "decision")
		check(t, decide(c.ID))
		word := operator.records[c.ID].word
		merge(t, operator, itself)
		merge(t, itself, operator)
		wantSame(t, operator, itself)
		if got := itself.records[c.ID].word; got != word {
			t.Fatalf("the operator's word is %+v after the merge, it was %+v", got, word)
		}
		if m, _ := itself.Member(c.ID); m.Zone != c.Zone || m.ClientAddr != c.ClientAddr {
			t.Fatalf("C is at %s in zone %q, want %s in %q", m.ClientAddr, m.Zone, c.ClientAddr, c.Zone)
		}
	})
}

func TestState_Replace_TakesThePlaceWithAllTokens(t *testing.T) {
	s := ringOf("A", "B", "C")
	before := NewRing(s)
	fresh := member("C")
	fresh.Instance, fresh.PeerAddr = "another disk", "elsewhere"
	if err := s.Join(fresh); !errors.Is(err, ErrNameTaken) {
		t.Fatalf("join under a name that is taken: %v", err)
	}
	check(t, s.Replace(fresh))
	after := NewRing(s)
	if m, _ := after.Member(fresh.ID); m.Instance != fresh.Instance || m.PeerAddr != fresh.PeerAddr || m.Status != Up {
		t.Errorf("C is %+v", m)
	}
	if after.InTransition() || after.Tokens(fresh.ID) != before.Tokens(fresh.ID) {
		t.Errorf("in transition %v, %d tokens of %d", after.InTransition(), after.Tokens(fresh.ID), before.Tokens(fresh.ID))
	}
	if err := s.Update(member("C")); !errors.Is(err, ErrNameTaken) {
		t.Errorf("the replaced one renews itself: %v", err)
	}
	check(t, s.Leave(fresh.ID))
	fresh.Instance = "a third disk"
	if err := s.Replace(fresh); !errors.Is(err, ErrNameTaken) {
		t.Errorf("the place of one that leaves: %v", err)
	}
}

func TestState_Vacate_LetsTheNextOfTheNameJoin(t *testing.T) {
	s := ringOf("A", "B", "C")
	fresh := member("C")
	fresh.Instance = "another disk"
	check(t, s.Vacate(fresh.ID))
	check(t, s.Join(fresh))
	if m, _ := s.Member(fresh.ID); m.Instance != fresh.Instance || m.Status != Up || s.Target() != 0 {
		t.Errorf("C is %+v, target %x", m, s.Target())
	}
	fresh.Instance = "a third disk"
	if err := s.Join(fresh); !errors.Is(err, ErrNameTaken) {
		t.Errorf("the place is taken, and another one gets it: %v", err)
	}
	if err := s.Vacate(IDOf("nobody")); !errors.Is(err, ErrUnknownMember) {
		t.Error(err)
	}
}

// TestState_Vacate_EndsWhenTheMemberStartsAgain: the permission is for the death that the
// operator has seen, not for a later one.
func TestState_Vacate_EndsWhenTheMemberStartsAgain(t *testing.T) {
	s := ringOf("A", "B", "C")
	c := member("C")
	fresh := c
	fresh.Instance = "another disk"
	s.Started(c.ID, 7)
	check(t, s.Vacate(c.ID))
	elsewhere := s.Clone()
	if m, _ := NewRing(s).Member(c.ID); !m.Vacant {
		t.Fatal("the seat is not vacant")
	}
	elsewhere.Started(c.ID, 8)
	check(t, s.Leave(IDOf("B"))) // while C does not hear of it
	merge(t, s, elsewhere)
	if m, _ := NewRing(s).Member(c.ID); m.Vacant {
		t.Error("the seat of a member that is back is vacant")
	}
	if err := s.Join(fresh); !errors.Is(err, ErrNameTaken) {
		t.Errorf("another one takes the place: %v", err)
	}
	check(t, s.Vacate(c.ID))
	decoded, err := DecodeState(s.Encode())
	check(t, err)
	wantSame(t, s, decoded)
	check(t, decoded.Join(fresh))
}

func TestState_Replace_VoidsWhatTheOldOneWasDoneWith(t *testing.T) {
	s := ringOf("A", "B", "C")
	check(t, s.Join(member("D")))
	check(t, s.Leave(IDOf("A")))
	check(t, s.MarkDone(IDOf("D"), s.Target()))
	fresh := member("D")
	fresh.Instance = "another disk"
	check(t, s.Replace(fresh))
	if !slices.Contains(s.Pending(), fresh.ID) {
		t.Errorf("pending %x, want D among them", s.Pending())
	}
}

// TestState_UnknownStart_IsNoticedWhoeverHeardFirst merges the starts of one member in
// any order: no start that is among the newest gets lost.
func TestState_UnknownStart_IsNoticedWhoeverHeardFirst(t *testing.T) {
	disk := ringOf("A", "B", "C")
	id := IDOf("C")
	disk.Started(id, 5)
	early, late := disk.Clone(), disk.Clone()
	late.Started(id, 8)   // a later start, which the disk does not know
	disk.Started(id, 9)   // the disk is put back, and started again
	merge(t, early, disk) // and one that knows nothing hears of that first
	merge(t, late, early) // and then tells the one that knows
	if got := disk.UnknownStart(id, late); got != 8 {
		t.Fatalf("unknown start %d, want 8", got)
	}
	merge(t, disk, late)
	if got := disk.UnknownStart(id, late); got != 0 {
		t.Errorf("start %d is still unknown", got)
	}
	for i := range 3 * maxIncarnations {
		disk.Started(id, Incarnation(10+i))
	}
	if got := disk.UnknownStart(id, late); got != 0 {
		t.Errorf("start %d, long ago, counts as unknown", got)
	}
}

// TestState_RandomHistories_Converge lets several nodes change their copies at
// once, and merge in pairs now and then.
func TestState_RandomHistories_Converge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes := randomNodes(t)
		for _, s := range nodes {
			wantSound(t, s)
		}
		a, b, c := nodes[0], nodes[1], nodes[2]

		ab, ba := a.Clone(), b.Clone()
		merge(t, ab, b)
		merge(t, ba, a)
		wantSame(t, ab, ba)

		abThenC, bc := ab.Clone(), b.Clone()
		merge(t, abThenC, c)
		merge(t, bc, c)
		aThenBC := a.Clone()
		merge(t, aThenBC, bc)
		wantSame(t, abThenC, aThenBC)

		if merge(t, abThenC, a) || merge(t, abThenC, abThenC.Clone()) {
			t.Fatal("merging what is known changed the state")
		}
		wantSound(t, abThenC)
		if abThenC.Version() < a.Version() || abThenC.Version() < c.Version() {
			t.Fatal("a merge went back in versions")
		}
		// Whatever happened, the ring settles once all who gain are done.
		for abThenC.Target() != 0 {
			for _, id := range abThenC.Pending() {
				check(t, abThenC.MarkDone(id, abThenC.Target()))
			}
			if !abThenC.Flip() {
				t.Fatal("no flip, though nobody is pending")
			}
			wantSound(t, abThenC)
		}
	})
}

// randomNodes returns the copies of one cluster's state on several nodes, after a
// random history.
func randomNodes(t *rapid.T) []*State {
	names := []string{"A", "B", "C", "D", "E", "F", "G"}
	zones := []string{"", "", "x", "y"}
	first := NewState("test", 16, threeOfFive(), member("A"), member("B"))
	nodes := []*State{first, first.Clone(), first.Clone(), first.Clone()}
	node := rapid.IntRange(0, len(nodes)-1)
	for range rapid.IntRange(0, 60).Draw(t, "steps") {
		s := nodes[node.Draw(t, "node")]
		m := member(rapid.SampledFrom(names).Draw(t, "name"))
		before := s.Version()
		switch rapid.IntRange(0, 11).Draw(t, "what") {
		case 0:
			m.Zone = rapid.SampledFrom(zones).Draw(t, "zone")
			m.Instance = rapid.SampledFrom([]string{"one", "two"}).Draw(t, "instance")
			_ = s.Join(m) // refusals are part of the game here and below
		case 1:
			_ = s.Leave(m.ID)
		case 2:
			_ = s.Remove(m.ID)
		case 3:
			n := rapid.IntRange(1, 5).Draw(t, "n")
			check(t, s.SetQuorums(Quorums{N: n, R: (n + 1) / 2, W: n}))
		case 4:
			old, _ := s.Member(m.ID)
			m.Instance, m.Zone = old.Instance, rapid.SampledFrom(zones).Draw(t, "zone")
			m.ClientAddr = rapid.SampledFrom([]string{"here", "there"}).Draw(t, "addr")
			_ = s.Update(m)
		case 5, 6:
			for _, id := range s.Pending() {
				if rapid.Bool().Draw(t, "done") {
					check(t, s.MarkDone(id, s.Target()))
				}
			}
		case 7:
			number := s.LayoutNumber()
			if s.Flip() && s.LayoutNumber() != number+1 {
				t.Fatalf("a flip from layout %d to %d", number, s.LayoutNumber())
			}
		case 8:
			_ = s.Vacate(m.ID)
		case 9:
			m.Instance = rapid.SampledFrom([]string{"one", "two"}).Draw(t, "instance")
			_ = s.Replace(m)
		case 10:
			s.Started(m.ID, Incarnation(rapid.IntRange(1, 30).Draw(t, "start")))
		case 11:
			merge(t, s, nodes[node.Draw(t, "other")])
		}
		wantSound(t, s)
		if s.Version() < before {
			t.Fatal("the version went back")
		}
	}
	return nodes
}

func wantSame(t rapid.TB, a, b *State) {
	t.Helper()
	if x, y := a.Encode(), b.Encode(); !bytes.Equal(x, y) || a.Digest() != b.Digest() {
		t.Fatalf("two states where there should be one:\n%s\n%s", x, y)
	}
	if a.Target() != b.Target() || a.Version() != b.Version() {
		t.Fatalf("equal states aim at %x and %x, with versions %d and %d", a.Target(), b.Target(), a.Version(), b.Version())
	}
}

// wantSound checks what holds of any state and its ring.
func wantSound(t rapid.TB, s *State) {
	t.Helper()
	r := NewRing(s)
	members := map[NodeID]bool{}
	for _, m := range r.Members() {
		members[m.ID] = true
	}
	q := r.Quorums()
	if q.Validate() != nil || q.N > r.Seated() {
		t.Fatalf("quorums %+v on %d members", q, r.Seated())
	}
	for p := range Partition(r.Partitions()) {
		walk, primaries := r.Walk(p), r.Primaries(p)
		if len(walk) != r.Seated() || len(primaries) != q.N || !slices.Equal(primaries, walk[:q.N]) {
			t.Fatalf("partition %d: %d primaries, a walk of %d, n %d, %d seated", p, len(primaries), len(walk), q.N, r.Seated())
		}
		met := map[NodeID]bool{}
		for _, id := range walk {
			if !members[id] || met[id] {
				t.Fatalf("partition %d: walk %x has a stranger, or one node twice", p, walk)
			}
			met[id] = true
		}
		if primaries[0] != r.Owner(p) {
			t.Fatalf("partition %d: owned by %x, first primary %x", p, r.Owner(p), primaries[0])
		}
		for _, id := range r.Gaining(p) {
			if m, _ := r.Member(id); slices.Contains(primaries, id) || m.Status == Leaving || m.Status == Removing || m.Status == Removed {
				t.Fatalf("partition %d: %s, %s, gains it", p, m.Name, m.Status)
			}
		}
	}
}
