package replica

import (
	"context"
	"testing"

	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/sim/poll"
	"github.com/quorate/quorate/engine"
)

// others are the members besides the node.
func (n *worldNode) others() (ids []ring.NodeID) {
	for _, other := range n.w.nodes {
		if other != n {
			ids = append(ids, other.id)
		}
	}
	return ids
}

// agrees asks the node at a place whether the first primary may take over.
func (w *world) agrees(place int, drain bool) bool {
	return w.at(place).coordinator.letsTakeOver(message.TakeOver{Node: w.at(0).id, Drain: drain})
}

func TestTakeOver_NodeThatStarts_LeavesIncrementsToTheNextUntilAllAgree(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
	first := w.at(0)
	first.coordinator.setStage(abstains)
	for _, place := range []int{0, 1, 2, 4} {
		if r := w.at(place).must(incr(w.key)); r.Result.Dot.Actor.Node != w.at(1).id {
			t.Errorf("INCR at %d: coordinated by %s", place, first.ring.Load().Name(r.Result.Dot.Actor.Node))
		}
	}
	if r := first.must(set(w.key, "7")); r.Result.Dot.Actor.Node != first.id {
		t.Error("a plain SET needs no taking over")
	}
	if err := first.coordinator.TakeOver(t.Context(), first.others); err != nil {
		t.Fatal(err)
	}
	for _, place := range []int{0, 1, 2, 4} {
		if r := w.at(place).must(incr(w.key)); r.Result.Dot.Actor.Node != first.id {
			t.Errorf("INCR at %d after it has taken over: coordinated by %s", place, first.ring.Load().Name(r.Result.Dot.Actor.Node))
		}
	}
	if got := w.at(3).must(get(w.key)).plain(); got != "11" {
		t.Errorf("GET: %s, want 11", got)
	}
}

func TestTakeOver_NobodyElseReachable_CoordinatesAllTheSame(t *testing.T) {
	w := newWorld(t, ring.Quorums{N: 3, R: 1, W: 1}, long, "A", "B", "C")
	w.at(0).coordinator.setStage(abstains)
	w.setDown(1, 2)
	if r := w.at(0).must(incr(w.key)); r.Result.Number != 1 {
		t.Errorf("%+v", r.Result)
	}
}

// A node agrees when it sends updates to the one that asks, has no hint for it, and, if it
// is to drain, has ended all updates that it had begun.
func TestTakeOver_Agrees_WhenNothingIsLeftForTheNode(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
	if !w.agrees(1, false) || !w.agrees(1, true) {
		t.Fatal("does not agree though nothing is under way")
	}
	w.setDown(0)
	if w.agrees(1, false) || w.agrees(1, true) {
		t.Error("agrees though it cannot reach the node")
	}
	w.setDown()

	w.decide(func(to int, kind peer.Kind) fate {
		if to == 2 && kind == peer.Write {
			return isLate
		}
		return arrives
	})
	w.at(1).must(incr(w.key)) // at the first primary, whose copy for the third is late
	if r := w.at(1).must(set(w.key, "5")); r.Result.Dot.Actor.Node != w.at(1).id {
		t.Fatal("coordinated elsewhere")
	}
	if w.agrees(1, true) {
		t.Error("agrees though an update is under way")
	}
	if !w.agrees(1, false) {
		t.Error("is not to drain, and does not agree")
	}
	w.decide(nil)
	w.release()
	poll.Until(w.tb, "the node to agree", func() bool { return w.agrees(1, true) })

	// A late hint that waits to be stored may be for the node.
	counter := w.at(1).coordinator.hinting.enter()
	if w.agrees(1, false) || w.agrees(1, true) {
		t.Error("agrees though a hint is not stored")
	}
	w.at(1).coordinator.hinting.leave(counter)
	if !w.agrees(1, false) {
		t.Error("all hints are stored, and the node does not agree")
	}

	object, _, found, err := w.at(1).store.Find(w.at(1).partition(w.key), w.key, nil)
	if err != nil || !found {
		t.Fatal(found, err)
	}
	hint := &engine.Record{Partition: w.at(4).partition(w.key), Key: w.key, Hint: w.at(0).id, Merge: object}
	if _, err := w.at(4).store.Apply([]*engine.Record{hint}); err != nil || hint.Err != nil {
		t.Fatal(err, hint.Err)
	}
	if w.agrees(4, false) {
		t.Error("agrees though it has a hint")
	}
	first := w.at(0).coordinator
	if first.askToTakeOver(context.Background(), w.at(0).others(), false) {
		t.Error("one node has a hint, and the node takes over")
	}
}
