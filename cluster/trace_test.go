package cluster_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/cluster/testnodes"
)

// traced carries out one request and returns its trace. value nil: a read.
func traced(t *testing.T, n *testnodes.Node, key string, value []byte) *replica.Trace {
	t.Helper()
	r := &replica.Request{Key: []byte(key), Trace: new(replica.Trace)}
	if value != nil {
		r.Update = &register.Update{Kind: register.Set, Data: value}
	}
	n.Do(context.Background(), []*replica.Request{r})
	if r.Err != nil {
		t.Fatalf("%s through %s: %v", key, n.Name(), r.Err)
	}
	return r.Trace
}

// notPrimary returns a node that is no primary of a key.
func notPrimary(t *testing.T, w *testnodes.Cluster, key string) *testnodes.Node {
	t.Helper()
	for _, n := range w.All() {
		if view := n.Ring(); !view.IsPrimary(n.ID(), view.PartitionOf([]byte(key))) {
			return n
		}
	}
	t.Fatalf("all nodes are primaries of %s", key)
	return nil
}

func stepsOf(t *replica.Trace, action replica.Action, outcome replica.Outcome) (nodes []ring.NodeID) {
	for _, s := range t.Steps {
		if s.Action == action && s.Outcome == outcome {
			nodes = append(nodes, s.Node)
		}
	}
	return nodes
}

func TestTrace_WriteThroughAnotherNode_ShowsItsWholeWay(t *testing.T) {
	w := testnodes.New(t)
	w.Grow("A", "B", "C", "D", "E")
	from := notPrimary(t, w, "k")
	tr := traced(t, from, "k", []byte("v"))
	view := from.Ring()
	primaries := view.Primaries(view.PartitionOf([]byte("k")))
	if tr.Node != from.ID() || tr.N != 3 || len(tr.Walk) != 5 || !slices.Equal(tr.Walk[:3], primaries) || tr.Took <= 0 {
		t.Errorf("%+v", tr)
	}
	if tr.Need != 2 || tr.Got < 2 || tr.Coordinator != primaries[0] || tr.Siblings != 1 {
		t.Errorf("needed %d, got %d, coordinator %v, %d values", tr.Need, tr.Got, tr.Coordinator, tr.Siblings)
	}
	if got := stepsOf(tr, replica.ActionForward, replica.OutcomeOK); !slices.Equal(got, primaries[:1]) {
		t.Errorf("forwarded to %v, want %v", got, primaries[:1])
	}
	stored := append(stepsOf(tr, replica.ActionApply, replica.OutcomeOK), stepsOf(tr, replica.ActionWrite, replica.OutcomeOK)...)
	slices.Sort(stored)
	want := slices.Sorted(slices.Values(primaries))
	if !slices.Equal(stored, want) {
		t.Errorf("stored on %v, want %v: %+v", stored, want, tr.Steps)
	}
	for _, s := range tr.Steps {
		if s.Action != replica.ActionForward && len(s.Clock) != 1 {
			t.Errorf("step %+v has no clock", s)
		}
	}
}

func TestTrace_ReadAtAPrimary_ShowsWhoAnswered(t *testing.T) {
	w := testnodes.New(t)
	w.Grow("A", "B", "C")
	traced(t, w.Node("A"), "k", []byte("v"))
	tr := traced(t, w.Node("B"), "k", nil)
	if tr.Coordinator != w.Node("B").ID() || tr.Need != 2 || tr.Got != 2 || len(tr.Steps) != 2 || len(tr.Repaired) != 0 {
		t.Errorf("%+v", tr)
	}
	if got := stepsOf(tr, replica.ActionRead, replica.OutcomeValue); !slices.Equal(got, []ring.NodeID{w.Node("B").ID()}) {
		t.Errorf("values from %v: %+v", got, tr.Steps)
	}
	if tr := traced(t, w.Node("B"), "nothing", nil); tr.Siblings != 0 || len(stepsOf(tr, replica.ActionRead, replica.OutcomeAbsent)) == 0 {
		t.Errorf("%+v", tr)
	}
}

func TestTrace_PrimaryDown_ShowsTheHint(t *testing.T) {
	w := testnodes.New(t)
	w.Grow("A", "B", "C", "D", "E")
	view := w.Node("A").Ring()
	walk := view.Walk(view.PartitionOf([]byte("k")))
	w.Crash(view.Name(walk[1]))
	from := w.Node(view.Name(walk[0]))
	w.Eventually("the dead node to be noticed", func() bool { return !from.Alive(walk[1]) })
	tr := traced(t, from, "k", []byte("v"))
	if got := stepsOf(tr, replica.ActionSkip, replica.OutcomeDown); !slices.Equal(got, walk[1:2]) {
		t.Errorf("skipped %v, want %v", got, walk[1:2])
	}
	hints := stepsOf(tr, replica.ActionHint, replica.OutcomeOK)
	if !slices.Equal(hints, walk[3:4]) {
		t.Errorf("hints on %v, want %v: %+v", hints, walk[3:4], tr.Steps)
	}
	for _, s := range tr.Steps {
		if s.Action == replica.ActionHint && (s.For != walk[1] || s.Role != replica.RoleFallback) {
			t.Errorf("hint step %+v", s)
		}
	}
}

func TestHistory_WritesThroughSeveralNodes_FollowEachOther(t *testing.T) {
	w := testnodes.New(t)
	w.Grow("A", "B", "C")
	for i, name := range []string{"A", "B", "C", "A"} {
		w.Node(name).MustSet("k", fmt.Sprint("v", i))
	}
	var h replica.History
	w.Eventually("all nodes to answer", func() bool {
		h = w.Node("B").History(t.Context(), []byte("k"))
		return len(h.Missing) == 0
	})
	if len(h.Versions) != 4 || !message.Remembered(nil, h.Versions) {
		t.Fatalf("%+v", h)
	}
	seen := make(map[string]bool)
	for i := range h.Versions {
		seen[string(h.Versions[i].Data)] = true
		for k := range h.Versions[i+1:] {
			if later := h.Versions[i+1+k].Dot; h.Versions[i].Saw(later) {
				t.Errorf("version %d saw %v, which is told after it", i, later)
			}
		}
	}
	if len(seen) != 4 {
		t.Errorf("versions of %v", seen)
	}
	for i := range h.Versions { // A's second: it had seen A's first at least
		if v := &h.Versions[i]; string(v.Data) == "v3" && len(message.Parents(v, h.Versions)) == 0 {
			t.Errorf("the last version follows none: it had seen %v", v.Past)
		}
	}
	w.Crash("C")
	h = w.Node("B").History(t.Context(), []byte("k"))
	if len(h.Versions) != 3 || len(h.Missing) != 1 {
		t.Errorf("without C: %+v", h)
	}
}
