package antientropy

import (
	"fmt"
	"slices"
	"testing"
)

func TestExchanger_Inspect_InSync_FindsNothing(t *testing.T) {
	w := newWorld(t, 1, 2, "A", "B")
	w.FillNodes(1000, 10, "A", "B")
	d, err := w.node("A").x.Inspect(t.Context(), w.node("B").ID, 0)
	if err != nil || len(d.Leaves) != 0 || len(d.Keys) != 0 || d.NodesCompared != 1 {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestExchanger_Inspect_Differences_AreTheKeysAndTheirHolders(t *testing.T) {
	w := newWorld(t, 1, 2, "A", "B")
	w.FillNodes(1000, 10, "A", "B")
	a, b := w.node("A"), w.node("B")
	a.Set("only-a", "x")
	b.Set("only-b", "x")
	b.Set("key:7", "newer")
	before := [2]map[string]string{a.Contents(), b.Contents()}
	d, err := a.x.Inspect(t.Context(), b.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Keys) != 3 || d.Truncated || len(d.Leaves) > 3 || len(d.Leaves) == 0 || d.NodesCompared > 1+5*3*fanout {
		t.Fatalf("%+v", d)
	}
	for _, k := range d.Keys {
		if !slices.Contains(d.Leaves, k.Leaf) {
			t.Errorf("%s lies in leaf %d, of %v", k.Key, k.Leaf, d.Leaves)
		}
		want := map[string][2]bool{"only-a": {true, false}, "only-b": {false, true}, "key:7": {true, true}}[string(k.Key)]
		if k.Here != want[0] || k.There != want[1] || k.Here != (len(k.Ours) > 0) || k.There != (len(k.Theirs) > 0) {
			t.Errorf("%s: %+v, want here, there %v", k.Key, k, want)
		}
	}
	for i, n := range []*node{a, b} {
		if got := n.Contents(); len(got) != len(before[i]) || got["key:7"] != before[i]["key:7"] {
			t.Error("looking changed something")
		}
	}
}

func TestExchanger_Inspect_ManyDifferences_AreCutShort(t *testing.T) {
	w := newWorld(t, 1, 2, "A", "B")
	for i := range 3 * MaxKeyDiffs {
		w.node("A").Set(fmt.Sprint("a", i), "x")
		w.node("B").Set(fmt.Sprint("b", i), "x")
	}
	d, err := w.node("A").x.Inspect(t.Context(), w.node("B").ID, 0)
	if err != nil || len(d.Keys) != MaxKeyDiffs || !d.Truncated {
		t.Errorf("%d keys, truncated %v, %v", len(d.Keys), d.Truncated, err)
	}
}
