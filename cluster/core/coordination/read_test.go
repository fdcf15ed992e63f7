package coordination

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/quorum"
)

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
		if rapid.Bool().Draw(t, "parts") {
			m.TakeParts()
		}
		knowsParts := rapid.Uint64().Draw(t, "know parts")
		asked := make(map[int]ActionKind) // nodes that have not answered yet
		var answered quorum.Nodes
		e := Event{Kind: Start, Up: nodes.drawUp(t)}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			actions := m.Step(e, nil)
			for i := 0; i < len(actions); i++ {
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
					if checkRead(t, &m, copies, answered, need); m.FoundPart() && rapid.Bool().Draw(t, "not enough") {
						if actions = m.Step(Event{Kind: NeedAll}, nil); m.FoundPart() || len(actions) == 0 {
							t.Fatalf("all is needed, and what is done is %+v", actions)
						}
						i = -1
						continue
					}
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
				if m.TakesParts() && e.Answer.Found == message.Whole && quorum.Nodes(knowsParts).Has(e.Place) {
					e.Answer = partOf(e.Answer.Object)
				}
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
	if m.FoundPart() {
		if got.Stale != 0 {
			t.Fatalf("stale %b, and there is no more than a part to send", got.Stale)
		}
		for at, encoded := range copies {
			if answered.Has(at) && (encoded != nil || at < m.nodes.Primaries) && string(encoded) != string(got.Encoded) {
				t.Fatalf("%d has another copy than the part that answers", at)
			}
		}
		got.Object.Rest = object.Rest{}
	}
	if got.Object.Rest.Names > 0 {
		t.Fatal("a whole object has a rest")
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

// What a read finds of this node's object has the totals of what it has not read, until the whole is at
// hand, and nothing of an earlier read.
func TestRead_PartOfOwn_HasTheRest(t *testing.T) {
	nodes := Replicas{Walk: 3, Primaries: 3, Self: 0}
	key, encoded := []byte("key"), named(t, "a")
	own := message.Answer{Found: message.Part, Object: encoded, Digest: 7, Rest: object.Rest{Kind: object.Member, Names: 200}}
	var m Read
	var room object.Object
	for _, want := range []object.Rest{own.Rest, {}, own.Rest} {
		m.Begin(nodes, key, 1)
		m.Step(Event{Kind: Start}, nil)
		m.Step(Event{Kind: Answer, Answer: own}, nil)
		if want == (object.Rest{}) {
			m.Complete(encoded, 7)
		}
		if got, err := m.Merge(&room); err != nil || got.Object.Rest != want {
			t.Errorf("the rest is %+v, %v; want %+v", got.Object.Rest, err, want)
		}
	}
}

// Who has said to have what this node's object was before it was read again is not stale.
func TestRead_PartOfOwn_IsRenewed(t *testing.T) {
	older, newer := named(t, "a"), named(t, "b")
	var m Read
	m.Begin(Replicas{Walk: 3, Primaries: 3, Self: 0}, []byte("key"), 3)
	m.Step(Event{Kind: Start}, nil)
	m.Step(Event{Kind: Answer, Answer: message.Answer{Found: message.Part, Object: older, Digest: 7}}, nil)
	m.Step(Event{Kind: Answer, Place: 1, Answer: message.Answer{Found: message.Same}}, nil)
	m.Renew(newer, object.Rest{Kind: object.Member, Names: 200}, 8)
	m.Step(Event{Kind: Answer, Place: 2, Answer: message.Answer{Found: message.Same}}, nil)
	var room object.Object
	got, err := m.Merge(&room)
	if err != nil || string(got.Encoded) != string(newer) || got.Object.Rest.Names != 200 || got.Stale != 0 {
		t.Errorf("found %+v, stale %b, %v", got.Object, got.Stale, err)
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
