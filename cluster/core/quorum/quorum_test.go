package quorum

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNRW_Validate_NamesEveryFault(t *testing.T) {
	for _, c := range []struct {
		q      NRW
		faults []string
	}{
		{NRW{3, 2, 2}, nil},
		{NRW{1, 1, 1}, nil},
		{NRW{MaxReplicas, 1, MaxReplicas}, nil},
		{NRW{3, 4, 2}, []string{"r is 4"}},
		{NRW{3, 2, 4}, []string{"w is 4"}},
		{NRW{3, 0, -1}, []string{"r is 0", "w is -1"}},
		{NRW{0, 1, 1}, []string{"n is 0"}},
		{NRW{MaxReplicas + 1, 0, 1}, []string{"n is 17"}},
	} {
		err := c.q.Validate()
		if (err == nil) != (len(c.faults) == 0) {
			t.Errorf("%+v: %v", c.q, err)
			continue
		}
		if err == nil {
			continue
		}
		if !errors.Is(err, ErrImpossible) {
			t.Errorf("%+v: %v does not wrap ErrImpossible", c.q, err)
		}
		if got := strings.Count(err.Error(), "\n") + 1; got != len(c.faults) {
			t.Errorf("%+v: %d faults, want %d: %v", c.q, got, len(c.faults), err)
		}
		for _, f := range c.faults {
			if !strings.Contains(err.Error(), f) {
				t.Errorf("%+v: %q lacks %q", c.q, err, f)
			}
		}
	}
}

func TestNRW_Capped_OneNodeAloneWorks(t *testing.T) {
	q := NRW{3, 2, 3}
	for members, want := range []NRW{{1, 1, 1}, {1, 1, 1}, {2, 2, 2}, {3, 2, 3}, {3, 2, 3}} {
		if got := q.Capped(members); got != want {
			t.Errorf("%d members: %+v, want %+v", members, got, want)
		}
	}
	if q.Reads(1) != 1 || q.Reads(0) != 2 || q.Reads(9) != 3 || q.Writes(0) != 3 || q.Writes(2) != 2 {
		t.Error("a request's own quorum is not honoured, or not capped")
	}
}

func TestTally_Phase_WonByDistinctAnswersOnly(t *testing.T) {
	var tally Tally
	tally.Start(2)
	check := func(what string, won bool, waiting Nodes) {
		t.Helper()
		if tally.Won() != won || tally.Waiting() != waiting {
			t.Errorf("%s: won %v, waiting %b; want %v, %b (%+v)", what, tally.Won(), tally.Waiting(), won, waiting, tally)
		}
	}
	check("nobody asked", false, 0)
	tally.Ask(0)
	tally.Ask(1)
	check("two asked", false, 0b11)
	tally.Answer(0)
	tally.Answer(0)
	check("one answered twice", false, 0b10)
	tally.Fail(0)
	tally.Retry()
	if !tally.Asked().Has(0) {
		t.Error("a node that had answered is new after it failed")
	}
	tally.Silence()
	check("the other is silent", false, 0)
	if tally.Heeded() != 0b01 {
		t.Errorf("heeded %b", tally.Heeded())
	}
	tally.Answer(1)
	check("a late answer counts", true, 0)
	tally.Recount(1)
	check("more is wanted of it", false, 0b10)
	tally.Answer(1)
	tally.Raise(3)
	check("a follower needs three", false, 0)
	tally.Raise(1)
	if tally.Need() != 3 || tally.Got() != 2 {
		t.Errorf("need %d, got %d", tally.Need(), tally.Got())
	}
	tally.Start(1)
	check("a new phase", false, 0)
	if tally.Asked() != 0 || tally.Answered() != 0 || tally.Need() != 1 {
		t.Errorf("a new phase remembers: %+v", tally)
	}
}

func TestTally_Refusals_CountOnlyIfNobodyElseWasAsked(t *testing.T) {
	var tally Tally
	tally.Start(1)
	if tally.RefusedByAll() {
		t.Error("nobody was asked")
	}
	tally.Ask(2)
	tally.Refuse(2)
	if !tally.RefusedByAll() {
		t.Error("the only node refused")
	}
	tally.Ask(3)
	if tally.RefusedByAll() {
		t.Error("another node may still do it")
	}
	tally.Fail(3)
	tally.Retry()
	if !tally.RefusedByAll() {
		t.Error("the other one failed and is new again")
	}
}

// A tally agrees with a model that keeps one word for each node.
func TestTally_AgreesWithModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		need := rapid.IntRange(1, 5).Draw(t, "need")
		var tally Tally
		tally.Start(need)
		states := map[int]string{}
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			at := rapid.IntRange(0, 7).Draw(t, "node") * 9 // up to MaxNodes-1
			was := states[at]
			switch rapid.IntRange(0, 6).Draw(t, "what") {
			case 0:
				tally.Ask(at)
				if was == "" {
					states[at] = "waiting"
				}
			case 1:
				tally.Answer(at)
				states[at] = "answered"
			case 2:
				tally.Fail(at)
				if was != "answered" {
					states[at] = "failed"
				}
			case 3:
				late := tally.Silence()
				for place, s := range states {
					if (s == "waiting") != late.Has(place) {
						t.Fatalf("the node at %d is %s, and silence is %b", place, s, late)
					}
					if s == "waiting" {
						states[place] = "silent"
					}
				}
			case 4:
				tally.Refuse(at)
				if was != "answered" {
					states[at] = "refused"
				}
			case 5:
				tally.Recount(at)
				if was == "answered" {
					states[at] = "waiting"
				}
			case 6:
				tally.Retry()
				for place, s := range states {
					if s == "failed" {
						delete(states, place)
					}
				}
			}
			var asked, waiting, answered Nodes
			refused := 0
			for place, s := range states {
				asked = asked.With(place)
				switch s {
				case "waiting":
					waiting = waiting.With(place)
				case "answered":
					answered = answered.With(place)
				case "refused":
					refused++
				}
			}
			if tally.Asked() != asked || tally.Waiting() != waiting || tally.Answered() != answered ||
				tally.Won() != (answered.Len() >= need) || tally.RefusedByAll() != (refused > 0 && refused == len(states)) {
				t.Fatalf("%+v, model: %v", tally, states)
			}
		}
	})
}

func TestTally_NodeAskedAgain_MayFallSilentAgain(t *testing.T) {
	var tally Tally
	tally.Start(1)
	tally.Ask(0)
	tally.Silence()
	tally.Fail(0)
	tally.Retry()
	tally.Ask(0)
	if !tally.Waiting().Has(0) {
		t.Error("the node is not waited for, so its time never runs out")
	}
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
		var t Tally
		t.Start(2)
		t.Ask(0)
		t.Ask(1)
		t.Ask(2)
		t.Answer(0)
		if t.Won() {
			b.Fatal("won by one answer")
		}
		t.Answer(2)
		if !t.Won() {
			b.Fatal("not won by two answers")
		}
	}
}
