package handoff

import (
	"errors"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/operation"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/testcluster"
)

func (n *movingNode) operations() []operation.Status { return n.mover.cfg.Operations.List() }

func TestMover_Join_IsAnOperationOfEachNodeThatMovesData(t *testing.T) {
	w := newMoving(t, 32, "A", "B", "C")
	w.Fill(400, 100)
	d := w.join("D")
	gains := int64(len(w.Ring().Gains(d.ID)))
	w.rounds(7)
	w.requireSettled(400)
	gained := d.operations()
	if len(gained) != 1 || gained[0].Kind != operation.Gain || gained[0].State != operation.Done {
		t.Fatalf("operations of the joiner: %+v, want one gain that is done", gained)
	}
	if want := (operation.Amount{Done: gains, Total: gains}); gained[0].Partitions != want {
		t.Errorf("partitions gained %+v, want %+v", gained[0].Partitions, want)
	}
	if gained[0].Keys.Done == 0 || gained[0].Bytes.Done == 0 {
		t.Errorf("keys %+v and bytes %+v of a gain", gained[0].Keys, gained[0].Bytes)
	}
	released := int64(0)
	for _, name := range []string{"A", "B", "C"} {
		for _, o := range w.nodes[name].operations() {
			if o.Kind != operation.Release || o.State != operation.Done {
				t.Errorf("operation of %s: %+v, want a release that is done", name, o)
			}
			if o.Partitions.Done != o.Partitions.Total {
				t.Errorf("partitions released by %s: %+v, want all", name, o.Partitions)
			}
			released += o.Partitions.Done
		}
	}
	if released != gains {
		t.Errorf("%d partitions released, want the %d that were gained", released, gains)
	}
}

func TestMover_GainCancelled_RestsAndBeginsAgain(t *testing.T) {
	w := newMoving(t, 32, "A", "B", "C")
	w.Fill(200, 100)
	d := w.join("D")
	w.Intercept(func(from *testcluster.Node, _ ring.NodeID, kind peer.Kind) error {
		if from == d.Node && kind == peer.MerkleNodes {
			_ = d.mover.cfg.Operations.Cancel(1)
		}
		return nil
	})
	w.round("D")
	if list := d.operations(); len(list) != 1 || list[0].State != operation.Cancelled {
		t.Fatalf("operations: %+v, want one that was cancelled", list)
	}
	if err := d.mover.Progress().LastError; err != nil {
		t.Errorf("a cancelled transfer counts as a fault: %v", err)
	}
	w.Pass(59 * time.Second)
	w.round("D")
	if list := d.operations(); len(list) != 1 {
		t.Fatalf("operations: %+v, want none that began in the pause", list)
	}
	w.Pass(time.Second)
	w.round("D")
	list := d.operations()
	if len(list) != 2 || list[0].State != operation.Done {
		t.Fatalf("operations: %+v, want a second one that is done", list)
	}
	w.rounds(7)
	w.requireSettled(200)
}

func TestMover_GainCancelled_AnotherChangeOfTheRing_BeginsAtOnce(t *testing.T) {
	w := newMoving(t, 32, "A", "B", "C")
	w.Fill(100, 10)
	d := w.join("D")
	w.SetDown("A", true)
	w.round("D")
	if err := d.mover.cfg.Operations.Cancel(1); err != nil {
		t.Fatal(err)
	}
	w.round("D")
	w.SetDown("A", false)
	w.join("E")
	w.round("D")
	if list := d.operations(); len(list) != 2 || list[0].State != operation.Done {
		t.Errorf("operations: %+v, want a second one that is done", list)
	}
}

func TestMover_GainHeldUp_OperationShowsWhy(t *testing.T) {
	w := newMoving(t, 32, "A", "B", "C")
	w.Fill(100, 10)
	d := w.join("D")
	w.SetDown("A", true)
	w.round("D")
	list := d.operations()
	if len(list) != 1 || list[0].State != operation.Running {
		t.Fatalf("operations: %+v, want one that runs", list)
	}
	if !errors.Is(list[0].Err, errSilentOwner) {
		t.Errorf("error %v, want %v", list[0].Err, errSilentOwner)
	}
	w.join("E")
	w.SetDown("A", false)
	w.round("D")
	list = d.operations()
	if len(list) != 2 || list[1].State != operation.Cancelled || !errors.Is(list[1].Err, errRingMoved) {
		t.Errorf("operations: %+v, want the first superseded because the ring changed", list)
	}
}

func TestMover_ReleaseCancelled_KeepsTheDataUntilItBeginsAgain(t *testing.T) {
	w := newMoving(t, 32, "A", "B", "C")
	w.Fill(200, 100)
	w.join("D")
	w.rounds(1)
	a := w.nodes["A"]
	w.round("A")
	if err := a.mover.cfg.Operations.Cancel(a.operations()[0].ID); err != nil {
		t.Fatal(err)
	}
	w.round("A")
	if got := a.operations()[0].State; got != operation.Cancelled {
		t.Fatalf("state %s, want %s", got, operation.Cancelled)
	}
	w.Pass(30 * time.Second)
	w.round("A")
	if a.mover.Progress().Releasing == 0 {
		t.Error("data was dropped by a release that was cancelled")
	}
	w.Pass(30 * time.Second)
	w.rounds(7)
	w.requireSettled(200)
}
