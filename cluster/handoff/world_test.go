package handoff

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/testcluster"
)

// moving is a cluster each of whose nodes has an Exchanger and a Mover, whose rounds are
// run by hand.
type moving struct {
	*testcluster.Cluster
	tb    testing.TB
	nodes map[string]*movingNode
}

type movingNode struct {
	*testcluster.Node
	exchanger *antientropy.Exchanger
	mover     *Mover
	announced atomic.Int64
}

func newMoving(tb testing.TB, partitions int, names ...string) *moving {
	tb.Helper()
	w := &moving{
		Cluster: testcluster.New(tb, partitions, ring.Quorums{N: 3, R: 2, W: 2}, names...),
		tb:      tb, nodes: make(map[string]*movingNode),
	}
	for _, name := range names {
		w.equip(w.Start(name))
	}
	return w
}

// equip gives a node its parts.
func (w *moving) equip(node *testcluster.Node) *movingNode {
	w.tb.Helper()
	n := &movingNode{Node: node}
	n.exchanger = antientropy.NewExchanger(antientropy.Config{
		Self: n.ID, Store: n.Store, Channel: n, Ring: w.Ring, TransferRate: 1 << 40, RepairRate: 1 << 40,
	})
	n.mover = NewMover(MoverConfig{
		Self: n.ID, Ring: w.Ring, Store: n.Store, Exchanger: n.exchanger, Now: w.Now,
		Announce: func(context.Context) error { n.announced.Add(1); return nil },
		Done: func(target uint64) error {
			w.Change(func(s *ring.State) error { return s.MarkDone(n.ID, target) })
			return nil
		},
		Available: n.Available, Monotonic: w.Now,
	})
	if err := n.mover.inSync.load(n.Store.State()); err != nil {
		w.tb.Fatal(err)
	}
	n.Serve(n.exchanger)
	n.Run(n.exchanger.Run)
	w.nodes[n.Name] = n
	return n
}

func (w *moving) join(name string) *movingNode {
	w.tb.Helper()
	n := w.equip(w.Start(name))
	w.Change(func(s *ring.State) error { return s.Join(testcluster.Member(name)) })
	return n
}

func (w *moving) leave(name string) {
	w.tb.Helper()
	w.Change(func(s *ring.State) error { return s.Leave(ring.IDOf(name)) })
}

// remove removes a node that is down.
func (w *moving) remove(name string) {
	w.tb.Helper()
	w.SetDown(name, true)
	w.Change(func(s *ring.State) error { return s.Remove(ring.IDOf(name)) })
}

// restart kills a node and starts it again on its disk.
func (w *moving) restart(name string) *movingNode {
	w.tb.Helper()
	return w.equip(w.Restart(name))
}

// back starts a node again that was down, and waits until it can compare.
func (w *moving) back(name string) *movingNode {
	w.tb.Helper()
	w.SetDown(name, false)
	n := w.restart(name)
	n.AwaitTrees()
	return n
}

func (w *moving) byID(id ring.NodeID) *movingNode { return w.nodes[w.Ring().Name(id)] }

// rounds lets every mover do n rounds, a second apart.
func (w *moving) rounds(n int) {
	for range n {
		for _, m := range w.Ring().Members() {
			w.round(m.Name)
		}
		for name, node := range w.nodes { // those that left may still hand over
			if m, _ := w.Ring().Member(node.ID); m.Status == ring.Removed {
				w.round(name)
			}
		}
		w.Pass(time.Second)
	}
}

func (w *moving) round(name string) {
	if n := w.nodes[name]; n != nil && n.Available(n.ID) {
		_ = n.mover.round(context.Background()) // what fails is tried again
	}
}

// flip lets time pass in which nothing is dropped, until the transition has ended.
func (w *moving) flip() {
	w.tb.Helper()
	for i := 0; w.Ring().InTransition(); i++ {
		for name := range w.nodes {
			w.round(name)
		}
		if i > 10 {
			w.tb.Fatalf("the transition does not end, it waits for %v", w.Ring().Pending())
		}
	}
}

// syncAll makes the copies of all primaries equal.
func (w *moving) syncAll(names ...string) {
	w.tb.Helper()
	for _, name := range names {
		n := w.nodes[name]
		s := antientropy.NewScheduler(antientropy.ScheduleConfig{Self: n.ID, Ring: w.Ring, Exchanger: n.exchanger, Available: n.Available})
		if _, err := s.SyncAll(w.tb.Context()); err != nil {
			w.tb.Fatalf("sync %s with all: %v", name, err)
		}
	}
}

// requireSettled checks that no transition is under way, that every partition is
// held by its primaries, identically, and by no other node, and that the number of
// keys is as given.
func (w *moving) requireSettled(keys int) {
	w.tb.Helper()
	view := w.Ring()
	if view.InTransition() {
		w.tb.Fatalf("still in transition, waiting for %v", view.Pending())
	}
	found := int64(0)
	for p := range ring.Partition(view.Partitions()) {
		first := w.byID(view.Primaries(p)[0])
		for _, n := range w.nodes {
			switch {
			case !view.IsPrimary(n.ID, p):
				if n.Keys(p) > 0 {
					w.tb.Fatalf("%s still holds %d keys of partition %d", n.Name, n.Keys(p), p)
				}
			case n.mover.root(p) != first.mover.root(p):
				w.tb.Fatalf("%s differs in partition %d", n.Name, p)
			}
		}
		found += first.Keys(p)
	}
	if found != int64(keys) {
		w.tb.Fatalf("%d keys, want %d", found, keys)
	}
}

// requireEverywhere checks what the primaries of a key that are up have of it.
func (w *moving) requireEverywhere(key, want string) {
	w.tb.Helper()
	view := w.Ring()
	for _, id := range view.Primaries(view.PartitionOf([]byte(key))) {
		if n := w.byID(id); n.Available(id) && n.Value(key) != want {
			w.tb.Errorf("%s at %s is %q, want %q", key, n.Name, n.Value(key), want)
		}
	}
}
