package cluster_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer/fault"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/cluster/testnodes"
	"github.com/quorate/quorate/engine"
)

func TestCluster_SplitTwoAgainstThree_BothWriteAndAllConvergeOnceItHeals(t *testing.T) {
	w := testnodes.New(t)
	w.Links = new(fault.Links)
	w.Grow("A", "B", "C", "D", "E")
	const keys = 20
	for i := range keys {
		w.Node("A").MustSet(fmt.Sprint("k", i), "before")
	}
	w.Split([]string{"A", "B"}, []string{"C", "D", "E"})
	for i := range keys {
		for _, through := range []string{"A", "B", "C", "E"} {
			w.Node(through).MustSet(fmt.Sprint("k", i), "of "+through)
		}
	}
	w.SetLinks()
	w.Eventually("all hints to be delivered", w.Delivered)
	w.Eventually("all replicas to be identical", w.Identical)
	for i := range keys {
		key := fmt.Sprint("k", i)
		for _, n := range w.All() {
			values, err := n.Get(key)
			// Of each side at least what it wrote last is kept: neither knew the other's.
			if err != nil || !slices.Contains(values, "of B") || !slices.Contains(values, "of E") || slices.Contains(values, "before") {
				t.Fatalf("%s through %s: %q, %v", key, n.Name(), values, err)
			}
		}
	}
}

// owned are the Merkle roots of a node's own partitions. It may for a while hold
// what it owned before.
func owned(n *testnodes.Node) []uint64 {
	roots := n.Store().Merkle().Roots(nil)
	for p := range roots {
		if !slices.Contains(n.Ring().Primaries(ring.Partition(p)), n.ID()) {
			roots[p] = 0
		}
	}
	return roots
}

// instanceOf returns the instance by which a node's ring knows its disk.
func instanceOf(n *testnodes.Node) string {
	self, _ := n.Ring().Member(n.ID())
	return self.Instance
}

func TestCluster_DiskLost_AllStaysReadableAndTheNodeIsFilled(t *testing.T) {
	w := testnodes.New(t)
	w.Grow("A", "B", "C", "D")
	const keys = 300
	for i := range keys {
		w.Node("A").MustSet(fmt.Sprint("k", i), "v")
	}
	w.Eventually("all replicas to be identical", w.Identical)
	held, instance := owned(w.Node("B")), instanceOf(w.Node("B"))
	cfg := w.Crash("B")
	cfg.Store.LoseData = true
	b := w.Start(cfg)
	if again := instanceOf(b); again != instance {
		t.Errorf("the node came back as instance %s, it was %s", again, instance)
	}
	for i := range keys {
		for _, n := range w.All() {
			n.Require(fmt.Sprint("k", i), "v")
		}
	}
	w.Eventually("the node to hold what it held", func() bool { return slices.Equal(owned(b), held) })
	w.Eventually("the node to know that", func() bool { return !b.Store().DiskLoss().Unrepaired() })
	w.Settle()
	if !w.Identical() {
		t.Error("the replicas differ")
	}
}

func TestCluster_DiskLostBehindACut_WhatIsNotThereProvesNothing(t *testing.T) {
	w := testnodes.New(t)
	w.Links = new(fault.Links)
	w.Grow("A", "B", "C")
	a := w.Node("A")
	a.MustSet("k", "v")
	w.Eventually("all replicas to be identical", w.Identical)
	read := func(n *testnodes.Node, key string) (siblings int, err error) {
		r := &replica.Request{Key: []byte(key), R: 1}
		n.Do(t.Context(), []*replica.Request{r})
		return len(r.Object.Siblings), r.Err
	}
	cfg := w.Crash("B")
	w.SetLinks(
		fault.Link{From: cfg.AdvertisePeerAddr, To: a.Config.AdvertisePeerAddr, Cut: true},
		fault.Link{From: cfg.AdvertisePeerAddr, To: w.Node("C").Config.AdvertisePeerAddr, Cut: true},
	)
	cfg.Store.LoseData, cfg.RequestTimeout = true, 300*time.Millisecond
	b := w.Start(cfg)
	if n, err := read(b, "k"); err == nil {
		t.Fatalf("R=1 at a node that knows nothing found %d values", n)
	}
	// It starts again, with what it has, and still knows that this is not all.
	cfg = w.Crash("B")
	cfg.Store.LoseData = false
	b = w.Start(cfg)
	if n, err := read(b, "k"); err == nil {
		t.Fatalf("after another start: %d values", n)
	}
	w.SetLinks()
	w.Eventually("it to be filled", func() bool { return !b.Store().DiskLoss().Unrepaired() })
	for key, want := range map[string]int{"k": 1, "never written": 0} {
		if n, err := read(b, key); n != want || err != nil {
			t.Errorf("%s: %d values, %v", key, n, err)
		}
	}
}

// With interval durability a target has a delivered hint in memory. The hint is the copy
// that was on a disk, so it goes only when the target's copy is on one.
func TestCluster_IntervalDurability_HintGoesOnceItsTargetHasSyncedIt(t *testing.T) {
	w := testnodes.New(t)
	for _, name := range []string{"A", "B", "C", "D"} {
		cfg := w.Config(name)
		cfg.Store.Durability, cfg.Store.SyncEvery = engine.Interval, time.Hour // never, in this test
		cfg.AntiEntropyInterval = time.Hour
		w.Start(cfg)
	}
	w.Settle()
	view := w.Node("A").Ring()
	p := view.PartitionOf([]byte("k"))
	target := view.Name(view.Primaries(p)[1])
	cfg := w.Crash(target)
	through := w.Node(view.Name(view.Primaries(p)[0]))
	w.Eventually("the dead node to be noticed", func() bool { return !through.Alive(view.Primaries(p)[1]) })
	through.MustSet("k", "v")
	w.Start(cfg)
	w.Eventually("the hint to be delivered", w.Delivered)
	cfg = w.Crash(target)
	cfg.Store.Self, cfg.Store.Name, cfg.Store.Partitions = ring.IDOf(target), target, cfg.Partitions
	disk, err := engine.Open(cfg.Store)
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	if _, found, err := disk.Get(p, []byte("k"), nil); !found || err != nil {
		t.Errorf("the hint is gone, and its target has lost the write: found %v, %v", found, err)
	}
}
