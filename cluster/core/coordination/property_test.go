package coordination

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/quorum"
)

func drawReplicas(t *rapid.T) Replicas {
	n := rapid.IntRange(1, 4).Draw(t, "n")
	walk := rapid.IntRange(n, 7).Draw(t, "walk")
	return Replicas{Walk: walk, Primaries: n, Self: rapid.IntRange(Nobody, walk-1).Draw(t, "self")}
}

func (r Replicas) drawUp(t *rapid.T) quorum.Nodes {
	up := quorum.Nodes(rapid.Uint64().Draw(t, "up")) & quorum.FirstNodes(r.Walk)
	if r.Self >= 0 {
		up = up.Without(r.Self)
	}
	return up
}

// drawPlace chooses one of nodes.
func drawPlace(t *rapid.T, nodes quorum.Nodes) int {
	var places []int
	for at := range quorum.MaxNodes {
		if nodes.Has(at) {
			places = append(places, at)
		}
	}
	return rapid.SampledFrom(places).Draw(t, "place")
}

// A write keeps account of every primary's copy, asks only nodes that are up, each once
// at a time, and finishes once, with enough acknowledgements.
func TestWrite_AnySchedule_ForgetsNoCopy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes := drawReplicas(t)
		need := rapid.IntRange(1, nodes.Primaries).Draw(t, "need")
		var m Write
		m.Begin(nodes, need)
		var underway, acked, silent quorum.Nodes // of the other nodes
		holds := make(map[int]int)               // node that was asked -> the primary whose copy it got
		finished := false
		e := Event{Kind: Start, Up: nodes.drawUp(t)}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch e.Kind {
			case Answer:
				acked, underway = acked.With(e.Place), underway.Without(e.Place)
			case Fail:
				underway = underway.Without(e.Place)
			case Late:
				silent |= underway
			}
			for _, a := range m.Step(e, nil) {
				switch a.Kind {
				case Store, StoreHint:
					primary := a.Place
					if a.Kind == StoreHint {
						primary = a.For
					}
					switch {
					case finished:
						t.Fatalf("%+v after the end", a)
					case a.Place == nodes.Self || !e.Up.Has(a.Place) || underway.Has(a.Place) || acked.Has(a.Place):
						t.Fatalf("%+v: the node is not free", a)
					case primary >= nodes.Primaries || (a.Kind == StoreHint) != (a.Place >= nodes.Primaries):
						t.Fatalf("%+v: not a primary's copy", a)
					}
					underway, silent = underway.With(a.Place), silent.Without(a.Place)
					holds[a.Place] = primary
				case Finish:
					if finished || acked.Len() < need {
						t.Fatalf("finished (before: %v) with %d of %d", finished, acked.Len(), need)
					}
					finished = true
				case Skip:
				default:
					t.Fatalf("%+v in a write", a)
				}
			}
			if acked.Len() >= need && !finished {
				t.Fatalf("not finished with %d of %d", acked.Len(), need)
			}
			for at := range nodes.Primaries {
				held := at == nodes.Self || at == 0 && !nodes.SelfIsPrimary() || m.Missed().Has(at)
				for by, primary := range holds {
					held = held || primary == at && (acked.Has(by) || underway.Has(by) && !silent.Has(by))
				}
				if !held {
					t.Fatalf("the copy of %d is forgotten: %+v", at, m)
				}
			}
			kinds := []EventKind{Late, Look}
			may := underway
			if nodes.Self >= 0 {
				may = may.With(nodes.Self)
			}
			if may != 0 {
				kinds = append(kinds, Answer, Answer)
			}
			if underway != 0 {
				kinds = append(kinds, Fail)
			}
			e = Event{Kind: rapid.SampledFrom(kinds).Draw(t, "event"), Up: nodes.drawUp(t)}
			switch e.Kind {
			case Answer:
				e.Place = drawPlace(t, may)
			case Fail:
				e.Place = drawPlace(t, underway)
			}
		}
	})
}

// A read finishes once, with enough answers; what it found is the merge of the objects
// of those who answered; an absent key was said to be absent by a primary.
func TestRead_AnySchedule_EndsInTheMergeOfTheAnswers(t *testing.T) {
	names := []string{"", "a", "b", "a2", "ab"}
	rapid.Check(t, func(t *rapid.T) {
		nodes := drawReplicas(t)
		need := rapid.IntRange(1, nodes.Primaries).Draw(t, "need")
		copies := make([][]byte, nodes.Walk)
		for at := range copies {
			if name := rapid.SampledFrom(names).Draw(t, "copy"); name != "" {
				copies[at] = named(t, name)
			}
		}
		key := []byte("key")
		var m Read
		m.Begin(nodes, key, need)
		asked := make(map[int]ActionKind) // nodes that have not answered yet
		var answered quorum.Nodes
		e := Event{Kind: Start, Up: nodes.drawUp(t)}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			for i, actions := 0, m.Step(e, nil); i < len(actions); i++ {
				switch a := actions[i]; a.Kind {
				case AskWhole, AskDigest:
					if _, twice := asked[a.Place]; twice || a.Place == nodes.Self {
						t.Fatalf("%d is asked twice, or is the node itself", a.Place)
					}
					if !m.up.Has(a.Place) && !answered.Has(a.Place) {
						t.Fatalf("%d is down and asked", a.Place)
					}
					asked[a.Place] = a.Kind
					answered = answered.Without(a.Place)
				case ReadOwn:
					if a.Place != nodes.Self || i != len(actions)-1 {
						t.Fatalf("%+v", actions)
					}
					asked[a.Place] = a.Kind
				case Finish:
					checkRead(t, &m, copies, answered, need)
					if again := m.Step(Event{Kind: Look, Up: nodes.drawUp(t)}, nil); len(again) > 0 {
						t.Fatalf("%+v after the end", again)
					}
					return
				case Skip:
				default:
					t.Fatalf("%+v in a read", a)
				}
			}
			if len(asked) == 0 {
				for at := range nodes.Walk {
					if m.up.Has(at) && !m.tally.Asked().Has(at) {
						t.Fatalf("it waits for nobody, and does not ask %d: %+v", at, m.tally)
					}
				}
			}
			if _, own := asked[nodes.Self]; own {
				e = answerOf(nodes.Self, ReadOwn, &m, copies[nodes.Self])
				if rapid.IntRange(0, 5).Draw(t, "own copy fails") == 0 {
					e = Event{Kind: Fail, Place: nodes.Self, Up: nodes.drawUp(t)}
				} else {
					answered = answered.With(nodes.Self)
				}
				delete(asked, nodes.Self)
				continue
			}
			e = Event{Kind: rapid.SampledFrom([]EventKind{Late, Look, Answer, Answer, Answer, Fail}).Draw(t, "event"), Up: nodes.drawUp(t)}
			if e.Kind != Answer && e.Kind != Fail {
				continue
			}
			var may quorum.Nodes
			for at := range asked {
				may = may.With(at)
			}
			if may == 0 {
				e.Kind = Look
				continue
			}
			e.Place = drawPlace(t, may)
			if e.Kind == Answer {
				e = answerOf(e.Place, asked[e.Place], &m, copies[e.Place])
				answered = answered.With(e.Place)
			}
			delete(asked, e.Place)
		}
	})
}

// answerOf returns what a node with a copy answers.
func answerOf(place int, asked ActionKind, m *Read, encoded []byte) Event {
	e := Event{Kind: Answer, Place: place}
	own, digest := m.Own()
	switch e.Answer.Digest = object.SeedOf([]byte("key")).Digest(encoded); {
	case encoded == nil:
		e.Answer = message.Answer{Found: message.Absent}
	case own != nil && digest == e.Answer.Digest:
		e.Answer.Found = message.Same
	case asked == AskDigest:
		e.Answer.Found = message.DigestOnly
	default:
		e.Answer.Found, e.Answer.Object = message.Whole, encoded
	}
	return e
}

func checkRead(t *rapid.T, m *Read, copies [][]byte, answered quorum.Nodes, need int) {
	if answered.Len() < need {
		t.Fatalf("finished with %d of %d answers", answered.Len(), need)
	}
	var want object.Object
	exists := false
	for at, encoded := range copies {
		if !answered.Has(at) || encoded == nil {
			continue
		}
		o, err := object.Decode(encoded)
		if err != nil {
			t.Fatal(err)
		}
		want, _ = object.Merge(want, o)
		exists = true
	}
	got, err := m.Merge(new(object.Object))
	if err != nil {
		t.Fatal(err)
	}
	if (got.Encoded != nil) != exists || exists && string(got.Encoded) != string(want.Append(nil)) {
		t.Fatalf("merged %q, want %q (exists: %v)", got.Encoded, want.Append(nil), exists)
	}
	if exists && !got.Object.Equal(&want) {
		t.Fatalf("merged %+v, want %+v", got.Object, want)
	}
	if known, err := m.Known(); err != nil || string(known) != string(got.Encoded) {
		t.Fatalf("an update would be applied to %q, %v; want %q", known, err, got.Encoded)
	}
	if !exists && answered&quorum.FirstNodes(m.nodes.Primaries) == 0 {
		t.Fatal("absent, and no primary was heard")
	}
	for at := range copies {
		stale := at < m.nodes.Primaries && answered.Has(at) && exists && string(copies[at]) != string(got.Encoded)
		if got.Stale.Has(at) && at == m.nodes.Self && !answered.Has(at) {
			continue // its own copy could not be read: the merged one may mend it
		}
		if got.Stale.Has(at) != stale && answered.Len() > 1 {
			t.Fatalf("stale %b: wrong about %d", got.Stale, at)
		}
	}
}

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

func BenchmarkWrite(b *testing.B) {
	b.ReportAllocs()
	nodes := Replicas{Walk: 5, Primaries: 3, Self: 0}
	up := quorum.FirstNodes(5).Without(0)
	var m Write
	actions := make([]Action, 0, 8)
	for b.Loop() {
		m.Begin(nodes, 2)
		actions = m.Step(Event{Kind: Start, Up: up}, actions[:0])
		actions = m.Step(Event{Kind: Answer, Place: 1}, actions)
		actions = m.Step(Event{Kind: Answer, Place: 0}, actions)
		if actions[len(actions)-1].Kind != Finish {
			b.Fatal(actions)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	b.ReportAllocs()
	nodes := Replicas{Walk: 5, Primaries: 3, Self: 0}
	up := quorum.FirstNodes(5).Without(0)
	key, encoded := []byte("key"), named(b, "a")
	own := message.Answer{Found: message.Whole, Object: encoded, Digest: object.SeedOf(key).Digest(encoded)}
	var m Read
	actions := make([]Action, 0, 8)
	for b.Loop() {
		m.Begin(nodes, key, 2)
		actions = m.Step(Event{Kind: Start, Up: up}, actions[:0])
		actions = m.Step(Event{Kind: Answer, Answer: own}, actions)
		actions = m.Step(Event{Kind: Answer, Place: 1, Answer: message.Answer{Found: message.Same}}, actions)
		if actions[len(actions)-1].Kind != Finish {
			b.Fatal(actions)
		}
	}
}
