package ring

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func member(name string) Member {
	return Member{
		ID: IDOf(name), Name: name, Instance: "disk of " + name,
		ClientAddr: name + ":6379", PeerAddr: name + ":7946", AdminAddr: name + ":8001",
	}
}

func threeOfFive() Quorums { return Quorums{N: 3, R: 2, W: 2} }

// ringOf returns the state of a ring of these members, all seated.
func ringOf(names ...string) *State {
	var founders []Member
	for _, name := range names {
		founders = append(founders, member(name))
	}
	return NewState("test", 64, threeOfFive(), founders...)
}

// finish marks all that gain done, and flips until nothing is under way.
func finish(t rapid.TB, s *State) {
	t.Helper()
	for s.Target() != 0 {
		for _, id := range s.Pending() {
			if err := s.MarkDone(id, s.Target()); err != nil {
				t.Fatal(err)
			}
		}
		if !s.Flip() {
			t.Fatalf("no flip, though nobody is pending")
		}
	}
}

func wantStatus(t rapid.TB, s *State, name string, want Status) {
	t.Helper()
	if m, _ := s.Member(IDOf(name)); m.Status != want {
		t.Errorf("%s is %q, want %q", name, m.Status, want)
	}
}

func TestState_Join_SeatsTheJoinerAfterItsMark(t *testing.T) {
	s := ringOf("A")
	if err := s.Join(member("B")); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, s, "B", Joining)
	target := s.Target()
	if target == 0 || s.Flip() {
		t.Fatalf("target %x: flipped before the mark", target)
	}
	if !slices.Equal(s.Pending(), []NodeID{IDOf("B")}) {
		t.Fatalf("pending %x, want B alone", s.Pending())
	}
	if q := NewRing(s).Quorums(); q.N != 1 || q.R != 1 || q.W != 1 {
		t.Fatalf("quorums of one node: %+v", q)
	}
	if err := s.MarkDone(IDOf("B"), target); err != nil {
		t.Fatal(err)
	}
	if !s.Flip() || s.Flip() {
		t.Fatal("want exactly one flip")
	}
	wantStatus(t, s, "B", Up)
	if q := NewRing(s).Quorums(); q.N != 2 || q.R != 2 || q.W != 2 {
		t.Fatalf("quorums of two nodes: %+v", q)
	}
}

func TestState_MarkDone_OfAnEarlierTarget_IsVoid(t *testing.T) {
	s := ringOf("A", "B", "C")
	check(t, s.Join(member("D")))
	first := s.Target()
	check(t, s.MarkDone(IDOf("D"), first))
	check(t, s.Join(member("E")))
	if s.Flip() {
		t.Fatal("flipped on the mark of another target")
	}
	if err := s.MarkDone(IDOf("D"), first); !errors.Is(err, ErrOtherTarget) {
		t.Fatalf("an old mark: %v", err)
	}
	// E goes again: the same owners are aimed at as at first, but D has missed
	// what was written meanwhile.
	check(t, s.Remove(IDOf("E")))
	wantStatus(t, s, "E", Removed)
	if s.Target() == first || s.Flip() {
		t.Fatal("an old target came back, and its mark with it")
	}
	finish(t, s)
	wantStatus(t, s, "D", Up)
}

func TestState_Leave_DuringAJoin(t *testing.T) {
	s := ringOf("A", "B", "C", "D")
	check(t, s.Join(member("E")))
	check(t, s.Leave(IDOf("A")))
	wantStatus(t, s, "A", Leaving)
	finish(t, s)
	wantStatus(t, s, "A", Removed)
	wantStatus(t, s, "E", Up)
	if r := NewRing(s); r.Tokens(IDOf("A")) != 0 || r.Seated() != 4 || r.Name(IDOf("A")) != "A" {
		t.Error("A still has a seat, or lost its name")
	}
}

func TestState_Remove_DuringItsGain_EndsTheTransition(t *testing.T) {
	s := ringOf("A", "B", "C")
	check(t, s.Join(member("D")))
	check(t, s.Remove(IDOf("D")))
	if s.Target() != 0 {
		t.Error("a transition is under way to where the ring is")
	}
	wantStatus(t, s, "D", Removed)
	if err := s.Join(member("D")); !errors.Is(err, ErrRemovedMember) {
		t.Errorf("it came back as what was removed: %v", err)
	}
	again := member("D")
	again.Instance = "another"
	check(t, s.Join(again))
	finish(t, s)
	wantStatus(t, s, "D", Up)
}

func TestState_Remove_OfADeadMember_WaitsForTheOthersOnly(t *testing.T) {
	s := ringOf("A", "B", "C", "D", "E")
	check(t, s.Remove(IDOf("C")))
	wantStatus(t, s, "C", Removing)
	if pending := s.Pending(); len(pending) == 0 || slices.Contains(pending, IDOf("C")) {
		t.Errorf("pending %x", pending)
	}
	successor := member("C")
	successor.Instance = "another disk"
	if err := s.Join(successor); !errors.Is(err, ErrNameTaken) {
		t.Errorf("a successor before the flip: %v", err)
	}
	finish(t, s)
	wantStatus(t, s, "C", Removed)
	check(t, s.Join(successor))
	finish(t, s)
	wantStatus(t, s, "C", Up)
}

func TestState_SetQuorums_AGreaterN_CountsAfterTheFlip(t *testing.T) {
	s := ringOf("A", "B", "C", "D", "E")
	check(t, s.SetQuorums(Quorums{N: 5, R: 3, W: 3}))
	r := NewRing(s)
	if q := r.Quorums(); q.N != 3 || q.R != 3 || r.Configured().N != 5 {
		t.Errorf("in force %+v, configured %+v", q, r.Configured())
	}
	for p := range r.Partitions() {
		if len(r.Primaries(Partition(p))) != 3 || len(r.Gaining(Partition(p))) != 2 {
			t.Fatalf("partition %d: %d primaries, %d gaining", p, len(r.Primaries(Partition(p))), len(r.Gaining(Partition(p))))
		}
	}
	first := s.Target()
	finish(t, s)
	if q := NewRing(s).Quorums(); q.N != 5 || q.R != 3 || q.W != 3 {
		t.Errorf("after the flip: %+v", q)
	}
	check(t, s.SetQuorums(threeOfFive()))
	if len(s.Pending()) > 0 || !s.Flip() {
		t.Error("a smaller N waits for somebody")
	}
	check(t, s.SetQuorums(Quorums{N: 5, R: 3, W: 3}))
	if s.Target() == first {
		t.Error("an old target came back")
	}
}

func TestState_SetQuorums_RAndWAlone_MakeNoTransition(t *testing.T) {
	s := ringOf("A", "B", "C")
	check(t, s.SetQuorums(Quorums{N: 3, R: 1, W: 3}))
	if q := NewRing(s).Quorums(); s.Target() != 0 || q.R != 1 || q.W != 3 {
		t.Errorf("target %x, quorums %+v", s.Target(), q)
	}
	v := s.Version()
	check(t, s.SetQuorums(Quorums{N: 3, R: 1, W: 3}))
	if s.Version() != v {
		t.Error("the same word again made a new version")
	}
	for _, q := range []Quorums{{}, {N: 3, R: 4, W: 1}, {N: 3, R: 1, W: 0}, {N: 17, R: 1, W: 1}} {
		if err := s.SetQuorums(q); !errors.Is(err, ErrBadQuorums) {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

func TestState_Refusals(t *testing.T) {
	other := member("A")
	other.Instance = "another disk"
	forged := member("Z")
	forged.ID++
	for _, c := range []struct {
		what string
		do   func(*State) error
		want error
	}{
		{"another node's name", func(s *State) error { return s.Join(other) }, ErrNameTaken},
		{"an update by another node", func(s *State) error { return s.Update(other) }, ErrNameTaken},
		{"a bad name", func(s *State) error { return s.Join(member("a b")) }, ErrBadName},
		{"an id not its name's", func(s *State) error { return s.Join(forged) }, ErrBadMember},
		{"text that is not UTF-8", func(s *State) error { m := member("Z"); m.Zone = "\xff"; return s.Join(m) }, ErrBadMember},
		{"an update by a stranger", func(s *State) error { return s.Update(member("Z")) }, ErrUnknownMember},
		{"a stranger's leave", func(s *State) error { return s.Leave(IDOf("Z")) }, ErrUnknownMember},
		{"a stranger's removal", func(s *State) error { return s.Remove(IDOf("Z")) }, ErrUnknownMember},
		{"a stranger's mark", func(s *State) error { return s.MarkDone(IDOf("Z"), 1) }, ErrUnknownMember},
		{"a mark without a transition", func(s *State) error { return s.MarkDone(IDOf("A"), 0) }, ErrOtherTarget},
		{"the last leave", func(s *State) error {
			return errors.Join(s.Leave(IDOf("B")), s.Leave(IDOf("A")))
		}, ErrLastMember},
		{"the removal of the last that holds data", func(s *State) error {
			return errors.Join(s.Join(member("Z")), s.Remove(IDOf("B")), s.Remove(IDOf("A")))
		}, ErrLastMember},
		{"an update after removal", func(s *State) error {
			check(t, s.Remove(IDOf("B")))
			finish(t, s)
			return s.Update(member("B"))
		}, ErrRemovedMember},
	} {
		s := ringOf("A", "B")
		if err := c.do(s); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.what, err, c.want)
		}
	}
	small := NewState("test", 2, threeOfFive(), member("A"), member("B"))
	if err := small.Join(member("C")); !errors.Is(err, ErrTooManyMembers) {
		t.Errorf("more members than partitions: %v", err)
	}
}

func TestState_Update_RenewsAddressesAndKeepsTheWord(t *testing.T) {
	s := ringOf("A", "B", "C")
	before := s.Version()
	check(t, s.Update(member("A")))
	if s.Version() != before {
		t.Error("nothing new made a new version")
	}
	here, there := s.Clone(), s.Clone()
	moved := member("A")
	moved.PeerAddr = "elsewhere:7946"
	check(t, here.Update(moved))
	check(t, there.Leave(moved.ID))
	merge(t, here, there)
	m, _ := here.Member(moved.ID)
	if m.PeerAddr != moved.PeerAddr || m.Status != Leaving {
		t.Errorf("after a move and a leave at once: %+v", m)
	}
	check(t, here.Join(moved))
	wantStatus(t, here, "A", Leaving)
}

func TestState_ANewZone_CountsAfterTheFlip(t *testing.T) {
	var founders []Member
	for i, name := range []string{"A", "B", "C", "D", "E", "F"} {
		m := member(name)
		m.Zone = []string{"x", "y"}[i%2]
		founders = append(founders, m)
	}
	s := NewState("test", 64, threeOfFive(), founders...)
	moved := founders[0]
	moved.Zone = "z"
	check(t, s.Update(moved))
	r := NewRing(s)
	if !r.InTransition() || len(r.Gains(moved.ID)) == 0 {
		t.Fatal("the only node of a third zone gains nothing")
	}
	finish(t, s)
	if r = NewRing(s); r.Held(moved.ID) != 64 {
		t.Errorf("the only node of a third zone holds %d of 64", r.Held(moved.ID))
	}
}

func check(t rapid.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func merge(t rapid.TB, s, other *State) bool {
	t.Helper()
	changed, err := s.Merge(other)
	check(t, err)
	return changed
}

func TestState_Update_FounderAtNewAddresses_IsBelieved(t *testing.T) {
	founder := Member{ID: IDOf("A"), Name: "A", ClientAddr: "a:1", PeerAddr: "a:2", AdminAddr: "a:3"}
	s := NewState("c", 16, Quorums{N: 1, R: 1, W: 1}, founder)
	moved := founder
	moved.Instance, moved.PeerAddr = "its own, which founders do not tell", "b:2"
	if err := s.Update(moved); err != nil {
		t.Fatal(err)
	}
	if m, _ := NewRing(s).Member(founder.ID); m.PeerAddr != "b:2" || m.Instance != "" {
		t.Errorf("%+v", m)
	}
	if err := s.Join(moved); !errors.Is(err, ErrNameTaken) {
		t.Errorf("another disk under a founder's name was let in: %v", err)
	}
}

func TestState_Unmark_HoldsTheFlip(t *testing.T) {
	s := ringOf("A", "B", "C")
	check(t, s.Join(member("D")))
	check(t, s.Join(member("E")))
	d := IDOf("D")
	check(t, s.MarkDone(d, s.Target()))
	other := s.Clone()
	if slices.Contains(s.Pending(), d) {
		t.Fatal("D is done, and waited for")
	}
	s.Unmark(d)
	if _, err := s.Merge(other); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Merge(s); err != nil {
		t.Fatal(err)
	}
	for _, view := range []*State{s, other} {
		check(t, view.MarkDone(IDOf("E"), view.Target()))
		if view.Flip() || !slices.Contains(view.Pending(), d) {
			t.Error("flipped without D, which lost what it had copied")
		}
	}
	check(t, s.MarkDone(d, s.Target()))
	if !s.Flip() {
		t.Error("all are done, and nothing flips")
	}
	before := s.Digest()
	if s.Unmark(IDOf("A")); s.Digest() != before {
		t.Error("a node that gains nothing changed the state")
	}
}
