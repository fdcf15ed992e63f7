package cluster

import (
	"fmt"
	"slices"
	"testing"

	"github.com/quorate/quorate/cluster/peer"
)

// split cuts all links between two groups of nodes.
func (w *world) split(l *peer.Links, one, other []string) {
	w.t.Helper()
	var faults []peer.Fault
	for _, a := range one {
		for _, b := range other {
			from, to := w.nodes[a].PeerAddr(), w.nodes[b].PeerAddr()
			faults = append(faults, peer.Fault{From: from, To: to, Cut: true}, peer.Fault{From: to, To: from, Cut: true})
		}
	}
	if err := l.Set(faults); err != nil {
		w.t.Fatal(err)
	}
}

func TestCluster_SplitTwoAgainstThree_BothWriteAndAllConvergeOnceItHeals(t *testing.T) {
	w := newWorld(t)
	l := peer.NewLinks()
	w.links = l
	w.start(w.config("A"))
	w.grow("B", "C", "D", "E")
	const keys = 20
	for i := range keys {
		if err := set(w.nodes["A"], fmt.Sprint("k", i), "before"); err != nil {
			t.Fatal(err)
		}
	}
	w.split(l, []string{"A", "B"}, []string{"C", "D", "E"})
	for i := range keys {
		for _, through := range []string{"A", "B", "C", "E"} {
			// A node learns from its first requests whom it cannot reach.
			w.eventually("a write through "+through, func() bool {
				return set(w.nodes[through], fmt.Sprint("k", i), "left of "+through) == nil
			})
		}
	}
	if err := l.Set(nil); err != nil {
		t.Fatal(err)
	}
	w.eventually("all replicas to be identical", w.identical)
	for i := range keys {
		key := fmt.Sprint("k", i)
		for _, n := range w.nodes {
			values, err := get(n, key)
			// Of each side at least what it wrote last is kept: neither knew the other's.
			if err != nil || !slices.Contains(values, "left of B") || !slices.Contains(values, "left of E") || slices.Contains(values, "before") {
				t.Fatalf("%s through %s: %q, %v", key, n.Name(), values, err)
			}
		}
	}
}

func TestCluster_DiskLost_AllStaysReadableAndTheNodeIsFilled(t *testing.T) {
	w := newWorld(t)
	w.start(w.config("A"))
	w.grow("B", "C", "D")
	const keys = 300
	for i := range keys {
		if err := set(w.nodes["A"], fmt.Sprint("k", i), "v"); err != nil {
			t.Fatal(err)
		}
	}
	w.eventually("all replicas to be identical", w.identical)
	held, instance := w.nodes["B"].MerkleRoots(), w.nodes["B"].instance
	cfg := w.nodes["B"].cfg
	w.crash("B")
	cfg.Store.LoseData = true
	b := w.start(cfg)
	if b.instance != instance {
		t.Errorf("the node came back as instance %s, it was %s", b.instance, instance)
	}
	for i := range keys {
		for _, n := range w.nodes {
			w.check(n, fmt.Sprint("k", i), "v")
		}
	}
	w.eventually("the node to hold what it held", func() bool { return slices.Equal(b.MerkleRoots(), held) })
	w.settled(4)
	if !w.identical() {
		t.Error("the replicas differ")
	}
}
