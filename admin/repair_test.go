package admin

import (
	"slices"
	"strings"
	"testing"

	"github.com/quorate/quorate/admin/api"
)

// pausedNodes lists the nodes of an answer on which anti-entropy is paused.
func pausedNodes(v api.RepairPause) (paused []string) {
	for _, n := range v.Nodes {
		if n.PausedMillis != 0 {
			paused = append(paused, n.Node)
		}
	}
	return paused
}

func TestRepair_Pause_IsAProblemOfEachNodeUntilItIsResumed(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3, "")
	for _, name := range f.names {
		f.nodes.Eventually("no problem through "+name, func() bool { return len(f.problemsThrough(name)) == 0 })
	}
	paused := must[api.RepairPause](f, "B", "POST", "/api/repair/pause", nil)
	if got := pausedNodes(paused); !slices.Equal(got, f.names) || len(paused.Missing) > 0 {
		t.Fatalf("paused %q, %q missing, want all", got, paused.Missing)
	}
	if got, want := f.problemsThrough("C"), []string{"repair-paused A", "repair-paused B", "repair-paused C"}; !slices.Equal(got, want) {
		t.Errorf("problems %q, want %q", got, want)
	}
	for _, n := range must[api.Operations](f, "A", "GET", "/api/operations", nil).Nodes {
		if n.Pairs.PausedMillis == 0 {
			t.Errorf("%s is not told to be paused", n.Node)
		}
	}
	for _, m := range must[api.Cluster](f, "A", "GET", "/api/cluster", nil).Nodes {
		if m.RepairPausedMillis == 0 {
			t.Errorf("%s is not told to be paused in the view of the cluster", m.Name)
		}
	}
	if text := string(f.call("A", "GET", "/metrics", "").body); !strings.Contains(text, "\nquorate_replica_comparisons_paused 1") {
		t.Error("the metrics do not tell it")
	}
	one := must[api.RepairPause](f, "A", "POST", "/api/repair/resume?local=1", nil)
	if len(one.Nodes) != 1 || one.Nodes[0] != (api.PausedNode{Node: "A"}) {
		t.Errorf("resumed on A alone: %+v", one)
	}
	if got, want := f.problemsThrough("A"), []string{"repair-paused B", "repair-paused C"}; !slices.Equal(got, want) {
		t.Errorf("problems %q, want %q", got, want)
	}
	if got := pausedNodes(must[api.RepairPause](f, "C", "POST", "/api/repair/resume", nil)); len(got) > 0 {
		t.Errorf("still paused: %q", got)
	}
	if got := f.problemsThrough("B"); len(got) > 0 {
		t.Errorf("problems after it was resumed: %q", got)
	}
}

func TestRepair_PauseWithANodeDown_NamesTheNodeThatGoesOn(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3, "")
	must[api.NodeState](f, "C", "POST", "/api/nodes/C/kill", nil)
	answer := must[api.RepairPause](f, "A", "POST", "/api/repair/pause", nil)
	if got := pausedNodes(answer); !slices.Equal(got, []string{"A", "B"}) || !slices.Equal(answer.Missing, []string{"C"}) {
		t.Errorf("paused %q, %q missing", got, answer.Missing)
	}
}
