package coordination

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/quorum"
)

// A forward sends the update to nodes that are up and have not refused, one at a time, and
// ends once. When it ends with an answer, or is coordinated here, no other node may begin
// the update any more. An update that computes is sent on only by a node that has not
// carried it out, and no fallback stands in while a primary that has not can be reached.
func TestForward_AnySchedule_EndsOnceAndRunsNothingLate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes := drawReplicas(t)
		var m Forward
		u := Update{
			Serial: rapid.Bool().Draw(t, "serial"), ReadOnly: rapid.Bool().Draw(t, "read-only"),
			Forwarded: rapid.Bool().Draw(t, "forwarded"),
		}
		u.Abstains = !u.Forwarded && rapid.Bool().Draw(t, "abstains")
		m.Begin(nodes, u)
		if m.Here() {
			return
		}
		var underway, silent, refused, open, notRun, asked quorum.Nodes
		ended, answered := false, false
		e := Event{Kind: Start, Up: nodes.drawUp(t)}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			switch e.Kind {
			case Late:
				open = 0
				if !u.Serial {
					silent |= underway
				}
				notRun = 0
			case Look:
				notRun = 0
			case NotRun, Abstain:
				notRun = notRun.With(e.Place)
			}
			actions := m.Step(e, nil)
			if len(actions) > 1 || len(actions) > 0 && ended {
				t.Fatalf("%+v (ended before: %v)", actions, ended)
			}
			for _, a := range actions {
				if a.Kind != Finish && a.Kind != Unknown && underway&^silent != 0 {
					t.Fatalf("%+v while the answers of %b may still come in time", actions, underway&^silent)
				}
				waits := notRun & e.Up & quorum.FirstNodes(nodes.Primaries)
				if (a.Kind == Send || a.Kind == Coordinate) && a.Place >= nodes.Primaries && waits != 0 {
					t.Fatalf("%+v: a fallback stands in for %b, which can be reached", a, waits)
				}
				switch a.Kind {
				case Send:
					if a.Place == nodes.Self || !e.Up.Has(a.Place) || underway.Has(a.Place) || refused.Has(a.Place) || answered {
						t.Fatalf("%+v: the node is not free", a)
					}
					if u.Serial && asked != 0 && open != 0 {
						t.Fatalf("%+v, though %b may have carried out an update that computes", a, open)
					}
					underway, silent, open = underway.With(a.Place), silent.Without(a.Place), open.With(a.Place)
					asked = asked.With(a.Place)
				case Coordinate:
					if u.Abstains && u.Serial && waits != 0 {
						t.Fatalf("coordinates though it abstains and can reach %b", waits)
					}
					if nodes.Self < 0 || open != 0 {
						t.Fatalf("%d coordinates while %b may begin", nodes.Self, open)
					}
					ended = true
				case Finish:
					if !answered && e.Kind != Answer || open.Without(e.Place) != 0 && e.Kind == Answer || e.Kind != Answer && open != 0 {
						t.Fatalf("finished after %+v, answered %v, while %b may begin", e, answered, open)
					}
					ended = true
				case Unknown:
					if !u.Serial || e.Kind != Fail {
						t.Fatalf("unknown after %+v", e)
					}
					ended = true
				case GiveUp:
					if refused == 0 || underway != 0 || nodes.Self >= 0 {
						t.Fatalf("gave up: refused %b, under way %b", refused, underway)
					}
					ended = true
				default:
					t.Fatalf("%+v in a forward", a)
				}
			}
			if e.Kind == Answer {
				answered, open = true, open.Without(e.Place)
			}
			kinds := []EventKind{Late, Look}
			if underway != 0 {
				kinds = append(kinds, Answer, Fail, NotRun, Abstain, Refuse, Refuse)
			}
			e = Event{Kind: rapid.SampledFrom(kinds).Draw(t, "event"), Up: nodes.drawUp(t)}
			if e.Kind == Late || e.Kind == Look {
				continue
			}
			e.Place = drawPlace(t, underway)
			underway = underway.Without(e.Place)
			switch e.Kind {
			case Refuse:
				refused, open = refused.With(e.Place), open.Without(e.Place)
			case NotRun, Abstain:
				open = open.Without(e.Place)
			}
		}
	})
}

func TestForward_Here_IsWhoeverWasChosen(t *testing.T) {
	primary, other := Replicas{Walk: 5, Primaries: 3, Self: 1}, Replicas{Walk: 5, Primaries: 3, Self: 4}
	for _, c := range []struct {
		nodes  Replicas
		update Update
		want   bool
	}{
		{primary, Update{}, true},
		{primary, Update{Serial: true}, false},
		{primary, Update{ReadOnly: true}, false},
		{other, Update{}, false},
		{primary, Update{Forwarded: true}, true},
		{primary, Update{Forwarded: true, Serial: true}, false},
		{primary, Update{Forwarded: true, Serial: true, ReadOnly: true}, true},
		{other, Update{Forwarded: true}, false},
		{other, Update{Forwarded: true, Final: true}, true},
		{other, Update{Forwarded: true, Final: true, Serial: true}, true},
		{Replicas{Walk: 5, Primaries: 3, Self: Nobody}, Update{Forwarded: true}, true},
	} {
		var m Forward
		m.Begin(c.nodes, c.update)
		if m.Here() != c.want {
			t.Errorf("%+v, %+v: %v", c.nodes, c.update, !c.want)
		}
	}
}
