package antientropy

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine"
)

func TestExchanger_Tree_EqualCopies_HaveEqualTrees(t *testing.T) {
	w := newWorld(t, 1, 2, "A", "B")
	w.FillNodes(1000, 10, "A", "B")
	a, errA := w.node("A").x.Tree(0)
	b, errB := w.node("B").x.Tree(0)
	if errA != nil || errB != nil || len(a) != engine.MerkleLevels {
		t.Fatalf("%d levels, %v, %v", len(a), errA, errB)
	}
	for level := range a {
		if len(a[level]) != 1<<(2*level) || !slices.Equal(a[level], b[level]) {
			t.Errorf("level %d: %d nodes on A, %d on B, which are not equal", level, len(a[level]), len(b[level]))
		}
	}
	w.node("B").Set("key:7", "newer")
	if b, _ = w.node("B").x.Tree(0); a[0][0] == b[0][0] {
		t.Error("the roots are equal, and one key differs")
	}
}

func TestExchanger_HeldIn_ListsTheLeavesThatAreAskedFor(t *testing.T) {
	w := newWorld(t, 1, 2, "A", "B")
	w.FillNodes(1000, 10, "A", "B")
	a, b := w.node("A"), w.node("B")
	b.Set("key:7", "newer")
	leaf := int(engine.Hash32([]byte("key:7")) >> leafShift)
	var found [2]Held
	for i, n := range []*node{a, b} {
		keys, more, err := n.x.HeldIn(0, []int{leaf, -1, leafCount})
		if err != nil || more || len(keys) == 0 || len(keys) > 20 {
			t.Fatalf("%d keys, more %v: %v", len(keys), more, err)
		}
		for _, k := range keys {
			if k.Leaf != leaf || len(k.Clock) == 0 {
				t.Errorf("%s: %+v, want leaf %d", k.Key, k, leaf)
			}
			if string(k.Key) == "key:7" {
				found[i] = k
			}
		}
	}
	if found[0].Key == nil || found[1].Key == nil || found[0].Digest == found[1].Digest {
		t.Errorf("%+v and %+v", found[0], found[1])
	}
}

func TestExchanger_HeldIn_ManyKeys_AreCutShort(t *testing.T) {
	w := newWorld(t, 1, 2, "A", "B")
	for i := range MaxHeld + 1 {
		w.node("A").Set(fmt.Sprint("a", i), "x")
	}
	var all []int
	for leaf := range leafCount {
		all = append(all, leaf)
	}
	keys, more, err := w.node("A").x.HeldIn(0, all)
	if err != nil || len(keys) != MaxHeld || !more || !slices.IsSortedFunc(keys, func(a, b Held) int { return a.Leaf - b.Leaf }) {
		t.Errorf("%d keys, more %v, %v", len(keys), more, err)
	}
	if keys, more, err := w.node("B").x.HeldIn(0, all); err != nil || len(keys) != 0 || more {
		t.Errorf("an empty copy: %d keys, more %v, %v", len(keys), more, err)
	}
}

// unready is a store whose trees are being rebuilt.
type unready struct{ merkleTrees }

func (unready) PartitionReady(ring.Partition) bool { return false }

func TestExchanger_Tree_BeingRebuilt_IsNotShown(t *testing.T) {
	x := newWorld(t, 1, 2, "A", "B").node("A").x
	x.trees = unready{x.trees}
	if _, err := x.Tree(0); !errors.Is(err, ErrNotReady) {
		t.Errorf("%v, want %v", err, ErrNotReady)
	}
}
