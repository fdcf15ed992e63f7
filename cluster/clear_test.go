package cluster_test

import (
	"fmt"
	"testing"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/testnodes"
)

// stored counts the objects that a node holds, dead ones included.
func stored(n *testnodes.Node) (all int64) {
	for p := range n.Ring().Partitions() {
		_, total := n.Store().Partitions().Keys(ring.Partition(p))
		all += total
	}
	return all
}

// TestFlush_AllMembersAnswer_NothingIsLeftAnywhere: no tombstone either.
func TestFlush_AllMembersAnswer_NothingIsLeftAnywhere(t *testing.T) {
	w := testnodes.New(t)
	w.Grow("A", "B", "C", "D")
	nodes := []*testnodes.Node{w.Node("A"), w.Node("B"), w.Node("C"), w.Node("D")}
	for i := range 200 {
		nodes[i%4].MustSet(fmt.Sprint("k", i), "v")
	}
	if err := nodes[1].Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		if all := stored(n); all != 0 {
			t.Errorf("%s holds %d objects", n.Name(), all)
		}
		if got, err := n.DBSize(t.Context()); got != 0 || err != nil {
			t.Errorf("%s counts %d keys, %v", n.Name(), got, err)
		}
		if mark := n.Store().Clears().Mark(); mark == 0 || mark != nodes[0].Store().Clears().Mark() {
			t.Errorf("%s has mark %x", n.Name(), mark)
		}
	}
	for i, n := range nodes {
		key := fmt.Sprint("k", i)
		n.MustSet(key, "new")
		if got, err := nodes[(i+1)%4].Get(key); len(got) != 1 || got[0] != "new" || err != nil {
			t.Errorf("%s is %q, %v", key, got, err)
		}
	}
}

// TestFlush_MemberThatWasAway_LearnsTheClearBeforeItsCopiesAreRead: its copies and its hints are
// older than the clear.
func TestFlush_MemberThatWasAway_LearnsTheClearBeforeItsCopiesAreRead(t *testing.T) {
	w := testnodes.New(t)
	w.Grow("A", "B", "C")
	a, b, c := w.Node("A"), w.Node("B"), w.Node("C")
	const keys = 100
	for i := range keys {
		a.MustSet(fmt.Sprint("k", i), "v")
	}
	w.Eventually("C to have all keys", func() bool { return stored(c) == keys })
	var clear object.Clear
	for _, n := range []*testnodes.Node{a, b, c} {
		clear = clear.With(object.Bound{Node: n.ID(), Below: n.Store().Clears().Bound(0)})
	}
	cfg := w.Crash("C")
	for _, n := range []*testnodes.Node{a, b} {
		if err := n.Store().Clears().Apply(clear); err != nil {
			t.Fatal(err)
		}
	}
	for i := range keys / 2 {
		a.MustSet(fmt.Sprint("k", i), "new")
	}
	c = w.Start(cfg)
	for i := range keys {
		got, err := c.Get(fmt.Sprint("k", i))
		if want := i < keys/2; err != nil || want && (len(got) != 1 || got[0] != "new") || !want && len(got) != 0 {
			t.Errorf("k%d is %q, %v", i, got, err)
		}
	}
	w.Eventually("C to hold what was written since, and no more", func() bool { return stored(c) == keys/2 })
}

// TestFlush_MemberIsDown_KeysAreDeletedOneByOne: what it holds does not come back.
func TestFlush_MemberIsDown_KeysAreDeletedOneByOne(t *testing.T) {
	w := testnodes.New(t)
	w.Grow("A", "B", "C")
	a := w.Node("A")
	for i := range 20 {
		a.MustSet(fmt.Sprint("k", i), "v")
	}
	cfg := w.Crash("C")
	w.Eventually("C to be seen down", func() bool { return !a.Alive(ring.IDOf("C")) && !a.Channel().Available(ring.IDOf("C")) })
	if err := a.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if mark := a.Store().Clears().Mark(); mark != 0 {
		t.Errorf("there is a clear without C: %x", mark)
	}
	c := w.Start(cfg)
	w.Eventually("no key through C", func() bool { n, err := c.DBSize(t.Context()); return n == 0 && err == nil })
}
