package handoff

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/testcluster"
	"github.com/quorate/quorate/engine"
)

func TestMover_SilentOwner_IsWaitedForThenDoneWithout(t *testing.T) {
	w := newMoving(t, 32, "A", "B", "C")
	w.Fill(200, 100)
	w.SetDown("B", true)
	w.join("D")
	w.rounds(3)
	if !w.Ring().InTransition() {
		t.Fatal("did not wait for a silent owner")
	}
	if err := w.nodes["D"].mover.Progress().LastError; !errors.Is(err, errSilentOwner) {
		t.Fatalf("progress says %v", err)
	}
	w.rounds(5)
	if w.Ring().InTransition() {
		t.Fatal("waited for ever")
	}
	// What belongs elsewhere is not dropped while one of its owners is down.
	w.rounds(10)
	view := w.Ring()
	for p := range ring.Partition(32) {
		if w.nodes["A"].Keys(p) == 0 && view.IsPrimary(ring.IDOf("B"), p) && !view.IsPrimary(ring.IDOf("A"), p) {
			t.Fatalf("partition %d was dropped with an owner down", p)
		}
	}
	w.SetDown("B", false)
	w.rounds(10)
	w.requireSettled(200)
}

func TestMover_AllOwnersSilent_WaitsForOne(t *testing.T) {
	w := newMoving(t, 8, "A")
	w.Fill(50, 10)
	w.SetDown("A", true)
	w.join("B")
	w.rounds(20)
	if !w.Ring().InTransition() {
		t.Fatal("flipped without any copy")
	}
	if err := w.nodes["B"].mover.Progress().LastError; !errors.Is(err, errTooFewOwners) {
		t.Fatalf("progress says %v", err)
	}
	w.SetDown("A", false)
	w.rounds(6)
	w.requireSettled(50)
}

// Another process on a copy of the node's disk takes the mark back for the node.
func TestMover_DoneMarkTakenBack_GainsAgain(t *testing.T) {
	w := newMoving(t, 8, "A", "B", "C")
	w.Fill(50, 10)
	w.join("D")
	w.join("E")
	w.round("D")
	pending := func() bool { return slices.Contains(w.Ring().Pending(), ring.IDOf("D")) }
	if pending() {
		t.Fatal("is not done")
	}
	w.Change(func(s *ring.State) error {
		s.Unmark(ring.IDOf("D"))
		return nil
	})
	if !pending() {
		t.Fatal("is still done")
	}
	w.rounds(10)
	w.requireSettled(50)
}

func TestMover_LastCopyRemoved_GoesOnWithWhatThereIs(t *testing.T) {
	w := newMoving(t, 8, "A", "B")
	w.Change(func(s *ring.State) error { return s.SetQuorums(ring.Quorums{N: 1, R: 1, W: 1}) })
	w.Fill(100, 10)
	w.remove("A")
	w.rounds(2)
	lost := len(w.nodes["A"].Contents())
	delete(w.nodes, "A")
	w.requireSettled(100 - lost)
}

// A write that two of three owners have acknowledged must be at the newcomers before
// they own anything: with two newcomers, a read may ask them alone.
func TestMover_TooFewOwnersAnswer_WaitsForWhatOverlapsAnyWrite(t *testing.T) {
	w := newMoving(t, 16, "A", "B", "C")
	key := "key"
	owners := w.Ring().Primaries(w.Ring().PartitionOf([]byte(key)))
	behind := w.byID(owners[2]).Name
	w.Write(w.Ring(), key, "acknowledged", testcluster.Except(behind))
	for _, id := range owners[:2] {
		w.SetDown(w.Ring().Name(id), true)
	}
	w.join("D")
	w.join("E")
	w.rounds(20)
	if !w.Ring().InTransition() {
		t.Fatalf("the ring changed though only %s answered, which has missed a write", behind)
	}
	if err := w.nodes["D"].mover.Progress().LastError; !errors.Is(err, errTooFewOwners) {
		t.Errorf("progress says %v", err)
	}
	w.SetDown(w.Ring().Name(owners[1]), false)
	w.rounds(8)
	if w.Ring().InTransition() {
		t.Fatal("two of three owners have every write between them, and D still waits")
	}
	for _, name := range []string{"D", "E"} {
		if n := w.nodes[name]; w.Ring().IsPrimary(n.ID, w.Ring().PartitionOf([]byte(key))) && n.Value(key) != "acknowledged" {
			t.Errorf("%s owns the key and has %q", name, n.Value(key))
		}
	}
}

// An owner that has lost its disk has acknowledged writes that it does not have any more:
// until the others have filled it, it is none of those who have every write between them.
func TestMover_OwnerLostItsDisk_IsNoneOfThoseThatOverlapAnyWrite(t *testing.T) {
	w := newMoving(t, 16, "A", "B", "C")
	key := "key"
	owners := w.Ring().Primaries(w.Ring().PartitionOf([]byte(key)))
	down, lost, behind := w.byID(owners[0]).Name, w.byID(owners[1]), w.byID(owners[2]).Name
	w.Write(w.Ring(), key, "acknowledged", func(id ring.NodeID) bool { return id == owners[0] })
	if err := lost.Store.DiskLoss().Mark(engine.Lost); err != nil {
		t.Fatal(err)
	}
	w.SetDown(down, true)
	w.join("D")
	w.rounds(20)
	if !w.Ring().InTransition() {
		t.Fatalf("the ring changed though only %s, which has missed a write, and %s answered, which has lost it", behind, lost.Name)
	}
	if err := w.nodes["D"].mover.Progress().LastError; !errors.Is(err, errTooFewOwners) {
		t.Errorf("progress says %v", err)
	}
	w.SetDown(down, false)
	w.rounds(8)
	if w.Ring().InTransition() {
		t.Fatal("two of three owners have every write between them, and D still waits")
	}
	if d := w.nodes["D"]; w.Ring().IsPrimary(d.ID, w.Ring().PartitionOf([]byte(key))) && d.Value(key) != "acknowledged" {
		t.Errorf("D owns the key and has %q", d.Value(key))
	}
}

// Owners that were removed never answer, and nobody waits for them.
func TestMover_TwoOwnersRemoved_TheLastOneIsEnough(t *testing.T) {
	w := newMoving(t, 16, "A", "B", "C", "D", "E")
	w.Fill(100, 10)
	w.remove("A")
	w.remove("B")
	w.rounds(3)
	delete(w.nodes, "A")
	delete(w.nodes, "B")
	w.rounds(5)
	w.syncAll("C", "D", "E")
	w.requireSettled(100)
}

// A coordinator that does not know of the newcomer yet writes to the old owners, after the
// newcomer has compared the partition with theirs.
func TestMover_WriteAfterTheComparison_IsHereBeforeTheRingChanges(t *testing.T) {
	w := newMoving(t, 16, "A", "B", "C")
	before := w.Ring()
	w.Fill(3, 10) // most partitions are empty, and not copied
	d := w.join("D")
	key := ""
	for i := 0; key == ""; i++ {
		candidate := fmt.Sprint("late:", i)
		if p := before.PartitionOf([]byte(candidate)); slices.Contains(w.Ring().Gains(d.ID), p) && w.byID(before.Primaries(p)[0]).Keys(p) == 0 {
			key = candidate
		}
	}
	var once sync.Once
	w.Intercept(func(from *testcluster.Node, _ ring.NodeID, kind peer.Kind) error {
		if from == d.Node && kind == peer.Objects { // it copies what it has found to differ
			once.Do(func() { w.Write(before, key, "late", testcluster.Everyone) })
		}
		return nil
	})
	w.round("D")
	if w.Ring().InTransition() {
		t.Fatal("the transition did not end")
	}
	if got := d.Value(key); got != "late" {
		t.Errorf("D owns the key and has %q", got)
	}
}
