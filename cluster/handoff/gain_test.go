package handoff

import (
	"errors"
	"testing"

	"github.com/quorate/quorate/cluster/core/ring"
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
	now := w.Ring()
	for p := range ring.Partition(32) {
		if w.nodes["A"].Keys(p) == 0 && now.IsPrimary(ring.IDOf("B"), p) && !now.IsPrimary(ring.IDOf("A"), p) {
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
	if err := w.nodes["B"].mover.Progress().LastError; !errors.Is(err, errNoOwner) {
		t.Fatalf("progress says %v", err)
	}
	w.SetDown("A", false)
	w.rounds(6)
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
