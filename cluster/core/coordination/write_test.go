package coordination

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/quorum"
)

// A write keeps account of every primary's copy, asks only nodes that are up, each once
// at a time, and finishes once, with enough acknowledgements, when none of the others is
// waited for.
func TestWrite_AnySchedule_ForgetsNoCopy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes, others := drawReplicas(t), rapid.IntRange(0, 3).Draw(t, "others")
		need := rapid.IntRange(1, nodes.Primaries).Draw(t, "need")
		var m Write
		m.Begin(nodes, need)
		m.Also(others)
		spare := rapid.Bool().Draw(t, "spare")
		if spare {
			m.SpareFallbacks()
		}
		var underway, acked, silent quorum.Nodes // of the other nodes
		holds := make(map[int]int)               // node that was asked -> the primary whose copy it got
		var awaited quorum.Nodes                 // of the others
		places := quorum.FirstNodes(nodes.Walk)
		var self quorum.Nodes
		if nodes.Self >= 0 {
			self = self.With(nodes.Self)
		}
		finished := false
		e := Event{Kind: Start, Up: nodes.drawUpWith(t, others)}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch e.Kind {
			case Answer:
				acked, underway, awaited = acked.With(e.Place), underway.Without(e.Place), awaited.Without(e.Place)
			case Fail:
				underway, awaited = underway.Without(e.Place), awaited.Without(e.Place)
			case Late:
				if quorate := (acked & places).Len() >= need; awaited == 0 || !quorate {
					silent |= underway
					self &= acked
				}
				awaited = 0
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
					case a.Kind == Store && places&(1<<a.Place) == 0:
						if e.Kind != Start {
							t.Fatalf("%+v: one of the others, and not at the start", a)
						}
						awaited = awaited.With(a.Place)
					case primary >= nodes.Primaries || (a.Kind == StoreHint) != (a.Place >= nodes.Primaries):
						t.Fatalf("%+v: not a primary's copy", a)
					}
					if spare && a.Kind == StoreHint && ((acked|underway&^silent)&places|self).Len() >= need {
						t.Fatalf("%+v, though those that can answer are enough", a)
					}
					underway, silent = underway.With(a.Place), silent.Without(a.Place)
					holds[a.Place] = primary
				case Finish:
					if got := (acked & places).Len(); finished || got < need || awaited != 0 {
						t.Fatalf("finished (before: %v) with %d of %d, and %b to be waited for", finished, got, need, awaited)
					}
					finished = true
				case Skip:
				default:
					t.Fatalf("%+v in a write", a)
				}
			}
			if got := (acked & places).Len(); got >= need && awaited == 0 && !finished {
				t.Fatalf("not finished with %d of %d", got, need)
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
			for at := nodes.Walk; at < nodes.Walk+others; at++ {
				if !acked.Has(at) && !underway.Has(at) && !m.Missed().Has(at) {
					t.Fatalf("the copy of %d, one of the others, is forgotten: %+v", at, m)
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
			e = Event{Kind: rapid.SampledFrom(kinds).Draw(t, "event"), Up: nodes.drawUpWith(t, others)}
			switch e.Kind {
			case Answer:
				e.Place = drawPlace(t, may)
			case Fail:
				e.Place = drawPlace(t, underway)
			}
		}
	})
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
