package object

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
)

func dotAt(node causal.NodeID, n causal.Counter) causal.Dot {
	return causal.Dot{Actor: causal.Actor{Node: node, Epoch: 1}, Counter: n}
}

// putIssued is a coordinator that carries out a forwarded update.
func putIssued(o Object, ctx causal.Vector, dot causal.Dot, by causal.Origin, data string) Object {
	next := Put(o, causal.Context{Vector: ctx}, dot, by.Stamp, Value{Data: []byte(data)})
	next.Attribute(dot, by)
	return next
}

func TestTwins_OneIsReplaced_BothAre(t *testing.T) {
	by := causal.Origin{Life: 9, Stamp: 10}
	first := putIssued(Object{}, nil, dotAt(1, 1), by, "v")
	twin := putIssued(Object{}, nil, dotAt(2, 1), by, "v")

	both := merged(first, twin)
	if len(both.Siblings) != 2 || len(both.OneOfEach().Siblings) != 1 {
		t.Errorf("both: %+v", both)
	}
	if dot, known := both.Made(by); !known || dot != dotAt(1, 1) {
		t.Errorf("made by the update: %v, %v", dot, known)
	}

	// A client that has seen the first one writes with its context; then the twin comes.
	after := Put(first, first.Context(), dotAt(1, 2), 20, Value{Data: []byte("w")})
	for name, m := range map[string]Object{
		"twin comes late":      merged(after, twin),
		"twins met before":     merged(both, after),
		"replaced by a writer": Put(both, first.Context(), dotAt(1, 2), 20, Value{Data: []byte("w")}),
		// The writer's coordinator has never seen the update, only the client has.
		"in another order": merged(merged(Put(Object{}, first.Context(), dotAt(3, 1), 20, Value{Data: []byte("w")}), first), twin),
	} {
		if len(m.Siblings) != 1 || string(m.Siblings[0].Data) != "w" {
			t.Errorf("%s: %+v", name, m)
		}
		if dot, known := m.Made(by); !known || dot != (causal.Dot{}) {
			t.Errorf("%s: made by the update: %v, %v", name, dot, known)
		}
	}
}

func TestReplaceBefore_FinishedUpdatesOfOneLife_StayReplaced(t *testing.T) {
	old, other := causal.Origin{Life: 9, Stamp: 10}, causal.Origin{Life: 8, Stamp: 10}
	o := putIssued(Object{}, nil, dotAt(1, 1), causal.Origin{Life: 9, Stamp: 30}, "new")
	o.ReplaceBefore(9, 30)
	m := merged(o, putIssued(Object{}, nil, dotAt(2, 1), old, "old"), putIssued(Object{}, nil, dotAt(3, 1), other, "other"))
	if len(m.Siblings) != 2 || string(m.Siblings[0].Data) != "new" || string(m.Siblings[1].Data) != "other" {
		t.Errorf("%+v", m)
	}
}

func TestReplaced_ManyOrOld_AreForgotten(t *testing.T) {
	var o Object
	for i := range causal.Counter(3 * MaxReplaced) {
		o = putIssued(o, o.Clock, dotAt(1, i+1), causal.Origin{Life: 9, Stamp: causal.Timestamp(10 + i)}, "v")
	}
	if len(o.Replaced) != MaxReplaced || !o.Replaced.Has(causal.Origin{Life: 9, Stamp: causal.Timestamp(10 + 3*MaxReplaced - 2)}) {
		t.Errorf("%d: %v", len(o.Replaced), o.Replaced)
	}
	o = Put(o, o.Context(), dotAt(1, 3*MaxReplaced+1), 2*replacedSpan, Value{})
	if len(o.Replaced) != 0 {
		t.Errorf("after a long time: %v", o.Replaced)
	}
}

// However copies with twins meet, one version of each update is left, or none.
func TestTwins_AnyOrderOfMeeting_EndAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes := make([]Object, 3)
		counters := make([]causal.Counter, len(nodes))
		issued := causal.Timestamp(100)
		var all []Object
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			at := rapid.IntRange(0, len(nodes)-1).Draw(t, "node")
			o := &nodes[at]
			stamp := issued
			if rapid.Bool().Draw(t, "new") {
				issued++
				stamp = issued
			}
			by := causal.Origin{Life: 1, Stamp: stamp}
			ctx := o.Clock
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				*o = merged(*o, nodes[rapid.IntRange(0, len(nodes)-1).Draw(t, "from")])
				continue
			case 1:
				ctx = nil
			case 2:
				ctx = nodes[rapid.IntRange(0, len(nodes)-1).Draw(t, "seen")].Clock
			}
			if _, known := o.Made(by); known {
				continue
			}
			counters[at]++
			*o = putIssued(*o, ctx, dotAt(causal.NodeID(at+1), counters[at]), by, "v")
			all = append(all, *o)
		}
		want := merged(append([]Object{{}}, all...)...)
		for range 3 {
			order := rapid.Permutation(all).Draw(t, "order")
			if got := merged(append([]Object{{}}, order...)...); !got.Equal(&want) {
				t.Fatalf("%+v, want %+v", got, want)
			}
		}
		seen := map[causal.Origin]bool{}
		one := want.OneOfEach()
		for _, s := range one.Siblings {
			if seen[s.Origin] || want.Replaced.Has(s.Origin) {
				t.Fatalf("%v twice, or replaced: %+v", s.Origin, want)
			}
			seen[s.Origin] = true
		}
	})
}
