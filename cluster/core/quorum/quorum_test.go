package quorum

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPolicy_Validate_NamesEveryFault(t *testing.T) {
	for _, c := range []struct {
		p      Policy
		faults []string
	}{
		{Policy{3, 2, 2}, nil},
		{Policy{1, 1, 1}, nil},
		{Policy{MaxNodes, 1, MaxNodes}, nil},
		{Policy{3, 4, 2}, []string{"r is 4"}},
		{Policy{3, 2, 4}, []string{"w is 4"}},
		{Policy{3, 0, -1}, []string{"r is 0", "w is -1"}},
		{Policy{0, 1, 1}, []string{"n is 0", "r is 1", "w is 1"}},
		{Policy{MaxNodes + 1, 1, 1}, []string{"n is 65"}},
	} {
		err := c.p.Validate()
		if (err == nil) != (len(c.faults) == 0) {
			t.Errorf("%+v: %v", c.p, err)
			continue
		}
		if err == nil {
			continue
		}
		if !errors.Is(err, ErrImpossible) {
			t.Errorf("%+v: %v does not wrap ErrImpossible", c.p, err)
		}
		if got := strings.Count(err.Error(), "\n") + 1; got != len(c.faults) {
			t.Errorf("%+v: %d faults, want %d: %v", c.p, got, len(c.faults), err)
		}
		for _, f := range c.faults {
			if !strings.Contains(err.Error(), f) {
				t.Errorf("%+v: %q lacks %q", c.p, err, f)
			}
		}
	}
}

func TestPolicy_Capped_OneNodeAloneWorks(t *testing.T) {
	p := Policy{3, 2, 3}
	for members, want := range []Policy{{1, 1, 1}, {1, 1, 1}, {2, 2, 2}, {3, 2, 3}, {3, 2, 3}} {
		if got := p.Capped(members); got != want {
			t.Errorf("%d members: %+v, want %+v", members, got, want)
		}
	}
	if p.Reads(1) != 1 || p.Reads(0) != 2 || p.Reads(9) != 3 || p.Writes(0) != 3 || p.Writes(2) != 2 {
		t.Error("a request's own quorum is not honoured, or not capped")
	}
	if !p.Overlaps() || (Policy{3, 1, 2}).Overlaps() {
		t.Error("overlap is R+W > N")
	}
}

func TestTally_Outcome(t *testing.T) {
	tally := NewTally(2)
	step := func(what string, want Outcome, spare int) {
		t.Helper()
		if got := tally.Outcome(spare); got != want {
			t.Errorf("%s: %v, want %v (%+v)", what, got, want, tally)
		}
	}
	step("nobody to ask", Lost, 1)
	step("two could be asked", Pending, 2)
	tally.Ask(0)
	tally.Ask(1)
	step("two asked", Pending, 0)
	tally.Answer(0)
	tally.Answer(0)
	step("one answered twice", Pending, 0)
	tally.Fail(0)
	step("an answer cannot be taken back", Pending, 0)
	tally.Fail(1)
	step("the other failed", Lost, 0)
	step("but a third can be asked", Pending, 1)
	tally.Ask(1)
	step("asked again", Pending, 0)
	tally.Fail(1)
	tally.Answer(1)
	step("a late answer counts", Won, 0)
	if tally.Got() != 2 || tally.Left() != 0 || tally.Failed() != 0 || tally.Need() != 2 ||
		tally.Asked() != FirstNodes(2) || tally.Answered() != FirstNodes(2) {
		t.Errorf("counts: %+v", tally)
	}
	for o, want := range map[Outcome]string{Pending: "pending", Won: "won", Lost: "lost", 9: "outcome(9)"} {
		if o.String() != want {
			t.Errorf("%d prints as %s", o, o)
		}
	}
}

// A tally agrees with a model that keeps one state per node.
func TestTally_AgreesWithModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		need := rapid.IntRange(1, 5).Draw(t, "need")
		tally := NewTally(need)
		state := map[int]string{}
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			at := rapid.IntRange(0, 7).Draw(t, "node") * 9 // to MaxNodes-1
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				tally.Ask(at)
				if state[at] != "answered" {
					state[at] = "asked"
				}
			case 1:
				tally.Answer(at)
				state[at] = "answered"
			case 2:
				tally.Fail(at)
				if state[at] != "answered" {
					state[at] = "failed"
				}
			}
			count := map[string]int{}
			for _, s := range state {
				count[s]++
			}
			if tally.Got() != count["answered"] || tally.Left() != count["asked"] || tally.Failed() != count["failed"] {
				t.Fatalf("%+v, model %v", tally, count)
			}
			want := Pending
			if count["answered"] >= need {
				want = Won
			} else if count["answered"]+count["asked"] < need {
				want = Lost
			}
			if got := tally.Outcome(0); got != want {
				t.Fatalf("%v, want %v: %+v", got, want, tally)
			}
		}
	})
}

func TestNodes_RefuseImpossiblePlaces(t *testing.T) {
	for name, f := range map[string]func(){
		"below": func() { Nodes(0).Has(-1) },
		"above": func() { Nodes(0).With(MaxNodes) },
		"set":   func() { FirstNodes(MaxNodes + 1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
	if FirstNodes(MaxNodes).Len() != MaxNodes || FirstNodes(0) != 0 {
		t.Error("FirstNodes")
	}
}

func BenchmarkTally(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		t := NewTally(2)
		t.Ask(0)
		t.Ask(1)
		t.Ask(2)
		t.Answer(0)
		if t.Outcome(0) != Pending {
			b.Fatal("settled by one")
		}
		t.Answer(2)
		if t.Outcome(0) != Won {
			b.Fatal("not settled by two")
		}
	}
}
