package cluster

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/replica"
)

// traced carries out one request and returns its trace. value nil: a read.
func (w *world) traced(n *running, key string, value []byte) *replica.Trace {
	w.t.Helper()
	r := &replica.Request{Key: []byte(key), Trace: new(replica.Trace)}
	if value != nil {
		r.Update = &register.Update{Kind: register.Set, Data: value}
	}
	n.Do(context.Background(), []*replica.Request{r})
	if r.Err != nil {
		w.t.Fatalf("%s through %s: %v", key, n.Name(), r.Err)
	}
	return r.Trace
}

// roleOf finds a node that is, or is not, a primary of the key.
func (w *world) roleOf(key string, primary bool) *running {
	for _, r := range w.nodes {
		now := r.Ring()
		if now.IsPrimary(r.ID(), now.PartitionOf([]byte(key))) == primary {
			return r
		}
	}
	w.t.Fatalf("no such node for %s", key)
	return nil
}

// connected waits until every node can ask every other.
func (w *world) connected() {
	w.t.Helper()
	w.eventually("all nodes to know each other", func() bool {
		for _, r := range w.nodes {
			for _, other := range w.nodes {
				if !r.Alive(other.ID()) {
					return false
				}
			}
		}
		return true
	})
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
	w := newWorld(t)
	w.start(w.config("A"))
	w.grow("B", "C", "D", "E")
	w.connected()
	from := w.roleOf("k", false)
	tr := w.traced(from, "k", []byte("v"))
	now := from.Ring()
	primaries := now.Primaries(now.PartitionOf([]byte("k")))
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
	w := newWorld(t)
	w.start(w.config("A"))
	w.grow("B", "C")
	w.connected()
	w.traced(w.nodes["A"], "k", []byte("v"))
	tr := w.traced(w.nodes["B"], "k", nil)
	if tr.Coordinator != w.nodes["B"].ID() || tr.Need != 2 || tr.Got != 2 || len(tr.Steps) != 2 || len(tr.Repaired) != 0 {
		t.Errorf("%+v", tr)
	}
	if got := stepsOf(tr, replica.ActionRead, replica.OutcomeValue); !slices.Equal(got, []ring.NodeID{w.nodes["B"].ID()}) {
		t.Errorf("values from %v: %+v", got, tr.Steps)
	}
	if tr := w.traced(w.nodes["B"], "nothing", nil); tr.Siblings != 0 || len(stepsOf(tr, replica.ActionRead, replica.OutcomeAbsent)) == 0 {
		t.Errorf("%+v", tr)
	}
}

func TestTrace_PrimaryDown_ShowsTheHint(t *testing.T) {
	w := newWorld(t)
	w.start(w.config("A"))
	w.grow("B", "C", "D", "E")
	w.connected()
	now := w.nodes["A"].Ring()
	walk := now.Walk(now.PartitionOf([]byte("k")))
	w.crash(now.Name(walk[1]))
	from := w.nodes[now.Name(walk[0])]
	w.eventually("the dead node to be noticed", func() bool { return !from.Alive(walk[1]) })
	tr := w.traced(from, "k", []byte("v"))
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
	w := newWorld(t)
	w.start(w.config("A"))
	w.grow("B", "C")
	w.connected()
	for i, name := range []string{"A", "B", "C", "A"} {
		if err := set(w.nodes[name], "k", fmt.Sprint("v", i)); err != nil {
			t.Fatal(err)
		}
	}
	var h replica.History
	w.eventually("all nodes to answer", func() bool {
		h = w.nodes["B"].History(t.Context(), []byte("k"))
		return len(h.Missing) == 0
	})
	if !h.Complete || len(h.Versions) != 4 {
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
	w.crash("C")
	h = w.nodes["B"].History(t.Context(), []byte("k"))
	if len(h.Versions) != 3 || len(h.Missing) != 1 {
		t.Errorf("without C: %+v", h)
	}
}
