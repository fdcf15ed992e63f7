package ring

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestPlan_EachChange_IsWhatTheChangeThenMoves makes the planned change, and compares the
// transition with the plan.
func TestPlan_EachChange_IsWhatTheChangeThenMoves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var founders []Member
		zones := rapid.IntRange(1, 3).Draw(t, "zones")
		zone := func(i int) string { return fmt.Sprint("z", i%zones) }
		for i := range rapid.IntRange(2, 7).Draw(t, "members") {
			name := fmt.Sprint("n", i)
			founders = append(founders, Member{ID: IDOf(name), Name: name, Zone: zone(i)})
		}
		s := NewState("c", 32, Quorums{N: rapid.IntRange(1, 4).Draw(t, "n"), R: 1, W: 1}, founders...)
		if rapid.Bool().Draw(t, "under way") { // another change has begun
			if err := s.Join(Member{Name: "early", Instance: "e", Zone: zone(1)}); err != nil {
				t.Fatal(err)
			}
		}
		c := Change{Kind: rapid.SampledFrom([]ChangeKind{PlanJoin, PlanLeave, PlanRemove}).Draw(t, "change"), Name: "n0", Zone: zone(2)}
		if c.Kind == PlanJoin {
			c.Name = "fresh"
		}
		before := NewRing(s)
		plan, err := before.Plan(c)
		if err != nil {
			t.Fatal(err)
		}
		switch c.Kind {
		case PlanJoin:
			err = s.Join(Member{Name: c.Name, Zone: c.Zone, Instance: "f"})
		case PlanLeave:
			err = s.Leave(IDOf(c.Name))
		case PlanRemove:
			err = s.Remove(IDOf(c.Name))
		}
		if err != nil {
			t.Fatal(err)
		}
		after := NewRing(s)
		for _, m := range plan.Members {
			if want := after.Gains(m.ID); !slices.Equal(m.Gains, want) {
				t.Errorf("%s gains %v by the plan, and %v then", m.Name, m.Gains, want)
			}
			if m.TokensBefore != before.Tokens(m.ID) || m.HeldBefore != before.Held(m.ID) {
				t.Errorf("%s before: %+v", m.Name, m)
			}
			if m.HeldAfter != m.HeldBefore+len(m.Gains)-m.Drops {
				t.Errorf("%s does not add up: %+v", m.Name, m)
			}
		}
		for s.underWay() != nil {
			for _, id := range s.Pending() {
				if err := s.MarkDone(id, s.Target()); err != nil {
					t.Fatal(err)
				}
			}
			s.Flip()
		}
		settled := NewRing(s)
		for _, m := range plan.Members {
			if m.TokensAfter != settled.Tokens(m.ID) || m.HeldAfter != settled.Held(m.ID) {
				t.Errorf("%s afterwards: %+v, and then %d tokens and %d partitions", m.Name, m, settled.Tokens(m.ID), settled.Held(m.ID))
			}
		}
		if want := settled.Quorums().N; plan.Copies != want {
			t.Errorf("%d copies by the plan, and %d then", plan.Copies, want)
		}
	})
}

func TestPlan_Replace_FillsThePlaceAndMovesNothingElse(t *testing.T) {
	r := NewRing(NewState("c", 16, Quorums{N: 2, R: 1, W: 1}, Member{ID: IDOf("A"), Name: "A"}, Member{ID: IDOf("B"), Name: "B"}, Member{ID: IDOf("C"), Name: "C"}))
	plan, err := r.Plan(Change{Kind: PlanReplace, Name: "B"})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range plan.Members {
		want := 0
		if m.Name == "B" {
			want = r.Held(m.ID)
		}
		if len(m.Gains) != want || m.Drops != 0 || m.TokensAfter != m.TokensBefore {
			t.Errorf("%+v, want %d gains", m, want)
		}
	}
}

func TestPlan_ChangeThatWouldBeRefused_IsRefused(t *testing.T) {
	s := NewState("c", 16, Quorums{N: 2, R: 1, W: 1}, Member{ID: IDOf("A"), Name: "A"}, Member{ID: IDOf("B"), Name: "B"})
	if err := s.Leave(IDOf("B")); err != nil {
		t.Fatal(err)
	}
	r := NewRing(s)
	for _, test := range []struct {
		change Change
		want   error
	}{
		{Change{Kind: PlanJoin, Name: "A"}, ErrNameTaken},
		{Change{Kind: PlanJoin, Name: "bad name"}, ErrBadName},
		{Change{Kind: PlanLeave, Name: "X"}, ErrUnknownMember},
		{Change{Kind: PlanRemove, Name: "A"}, ErrLastMember},
		{Change{Kind: PlanReplace, Name: "B"}, ErrRemovedMember},
	} {
		if _, err := r.Plan(test.change); !errors.Is(err, test.want) {
			t.Errorf("%+v: %v, want %v", test.change, err, test.want)
		}
	}
}
