package cluster

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer/fault"
	"github.com/quorate/quorate/cluster/replica"
)

// split cuts all links between two groups of nodes, and waits until both know: a
// request sent before may be carried out after the cut, as on any network.
func (w *world) split(l *fault.Links, one, other []string) {
	w.t.Helper()
	var faults []fault.Link
	for _, a := range one {
		for _, b := range other {
			from, to := w.nodes[a].Channel().Addr(), w.nodes[b].Channel().Addr()
			faults = append(faults, fault.Link{From: from, To: to, Cut: true}, fault.Link{From: to, To: from, Cut: true})
		}
	}
	if err := l.Set(faults); err != nil {
		w.t.Fatal(err)
	}
	w.eventually("the split to be noticed", func() bool {
		for _, a := range one {
			for _, b := range other {
				if w.nodes[a].Alive(w.nodes[b].ID()) || w.nodes[b].Alive(w.nodes[a].ID()) {
					return false
				}
			}
		}
		return true
	})
}

// delivered says that nobody keeps a write for another any more.
func (w *world) delivered() bool {
	for _, r := range w.nodes {
		if len(r.store.Hints().Targets()) > 0 {
			return false
		}
	}
	return true
}

func TestCluster_SplitTwoAgainstThree_BothWriteAndAllConvergeOnceItHeals(t *testing.T) {
	w := newWorld(t)
	l := new(fault.Links)
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
			if err := set(w.nodes[through], fmt.Sprint("k", i), "of "+through); err != nil {
				t.Fatalf("a write through %s: %v", through, err)
			}
		}
	}
	if err := l.Set(nil); err != nil {
		t.Fatal(err)
	}
	w.eventually("all hints to be delivered", w.delivered)
	w.eventually("all replicas to be identical", w.identical)
	for i := range keys {
		key := fmt.Sprint("k", i)
		for _, n := range w.nodes {
			values, err := get(n, key)
			// Of each side at least what it wrote last is kept: neither knew the other's.
			if err != nil || !slices.Contains(values, "of B") || !slices.Contains(values, "of E") || slices.Contains(values, "before") {
				t.Fatalf("%s through %s: %q, %v", key, n.Name(), values, err)
			}
		}
	}
}

// owned are the Merkle roots of a node's own partitions. It may for a while hold
// what it owned before.
func owned(n *running) []uint64 {
	roots := n.store.Merkle().Roots(nil)
	for p := range roots {
		if !slices.Contains(n.Ring().Primaries(ring.Partition(p)), n.ID()) {
			roots[p] = 0
		}
	}
	return roots
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
	held, instance := owned(w.nodes["B"]), w.nodes["B"].instance
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
	w.eventually("the node to hold what it held", func() bool { return slices.Equal(owned(b), held) })
	w.eventually("the node to know that", func() bool { return !b.store.DiskLoss().Unrepaired() })
	w.settled(4)
	if !w.identical() {
		t.Error("the replicas differ")
	}
}

func TestCluster_DiskLostBehindACut_WhatIsNotThereProvesNothing(t *testing.T) {
	w := newWorld(t)
	w.links = new(fault.Links)
	w.start(w.config("A"))
	w.grow("B", "C")
	a := w.nodes["A"]
	if err := set(a, "k", "v"); err != nil {
		t.Fatal(err)
	}
	w.eventually("all replicas to be identical", w.identical)
	read := func(n *running, key string) (siblings int, err error) {
		r := &replica.Request{Key: []byte(key), R: 1}
		n.Do(t.Context(), []*replica.Request{r})
		return len(r.Object.Siblings), r.Err
	}
	cfg := w.nodes["B"].cfg
	w.crash("B")
	if err := w.links.Set([]fault.Link{{From: cfg.PeerAddr, To: a.Channel().Addr(), Cut: true}, {From: cfg.PeerAddr, To: w.nodes["C"].Channel().Addr(), Cut: true}}); err != nil {
		t.Fatal(err)
	}
	cfg.Store.LoseData, cfg.RequestTimeout = true, 300*time.Millisecond
	b := w.start(cfg)
	if n, err := read(b, "k"); err == nil {
		t.Fatalf("R=1 at a node that knows nothing found %d values", n)
	}
	// It starts again, with what it has, and still knows that this is not all.
	w.crash("B")
	cfg.Store.LoseData = false
	b = w.start(cfg)
	if n, err := read(b, "k"); err == nil {
		t.Fatalf("after another start: %d values", n)
	}
	if err := w.links.Set(nil); err != nil {
		t.Fatal(err)
	}
	w.eventually("it to be filled", func() bool { return !b.store.DiskLoss().Unrepaired() })
	for key, want := range map[string]int{"k": 1, "never written": 0} {
		if n, err := read(b, key); n != want || err != nil {
			t.Errorf("%s: %d values, %v", key, n, err)
		}
	}
}
