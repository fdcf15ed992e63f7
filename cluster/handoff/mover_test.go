package handoff

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/sim/poll"
	"github.com/quorate/quorate/cluster/testcluster"
)

func TestMover_Join_MovesWhatIsGainedAndDropsWhatIsLost(t *testing.T) {
	w := newMoving(t, 32, "A", "B", "C")
	w.Fill(400, 100)
	d := w.join("D")
	w.rounds(1)
	if w.Ring().InTransition() {
		t.Fatal("one round is not enough")
	}
	if d.announced.Load() == 0 {
		t.Fatal("the ring was not announced before data moved")
	}
	if p := d.mover.Progress(); p.Keys == 0 || p.Bytes == 0 || p.LastError != nil {
		t.Errorf("progress: %+v", p)
	}
	for p := range ring.Partition(32) {
		if w.nodes["A"].Keys(p) == 0 {
			t.Fatalf("the old copy of partition %d was dropped before it had settled", p)
		}
	}
	w.rounds(6)
	w.requireSettled(400)
}

func TestMover_Leave_DrainsThenIsDone(t *testing.T) {
	w := newMoving(t, 32, "A", "B", "C", "D")
	w.Fill(200, 100)
	d := w.nodes["D"]
	if d.mover.Drained() {
		t.Fatal("drained, with data")
	}
	w.leave(d.Name)
	w.rounds(1)
	if d.mover.Drained() {
		t.Fatal("drained at the flip, with data")
	}
	w.rounds(6)
	w.requireSettled(200)
	if !d.mover.Drained() {
		t.Fatal("not drained")
	}
}

func TestMover_RemovedDeadNode_IsReplacedFromTheOthers(t *testing.T) {
	w := newMoving(t, 32, "A", "B", "C", "D")
	w.Fill(200, 100)
	w.remove("D")
	w.rounds(2) // no wait for it: the operator has removed it
	delete(w.nodes, "D")
	w.requireSettled(200)
}

func TestMover_TargetChanges_StartsAgain(t *testing.T) {
	w := newMoving(t, 16, "A", "B", "C")
	w.Fill(200, 100)
	w.join("D")
	var once sync.Once
	w.Intercept(func(from *testcluster.Node, _ ring.NodeID, kind peer.Kind) error {
		if from.Name == "D" && kind == peer.Objects {
			once.Do(func() { w.join("E") })
		}
		return nil
	})
	w.round("D")
	if !w.Ring().InTransition() {
		t.Fatal("flipped to a target that is no longer wanted")
	}
	w.rounds(10)
	w.requireSettled(200)
	if tokens := w.Ring().Tokens(ring.IDOf("E")); tokens == 0 {
		t.Fatal("E owns nothing")
	}
}

// TestMover_CrashAnywhere_Resumes kills the gaining node and a source at random
// points; the movers go on by themselves.
func TestMover_CrashAnywhere_Resumes(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	w := newMoving(t, 8, "A", "B", "C")
	w.Fill(300, 2000)
	w.join("D")
	errCut := errors.New("cut off by the test")
	for range 6 {
		var left atomic.Int64
		left.Store(random.Int64N(30))
		w.Intercept(func(*testcluster.Node, ring.NodeID, peer.Kind) error {
			if left.Add(-1) < 0 {
				return errCut
			}
			return nil
		})
		for _, name := range []string{"D", "A", "B", "C"} {
			w.round(name)
		}
		w.Pass(time.Second)
		w.restart([]string{"D", "A", "B", "C"}[random.IntN(4)])
	}
	w.Intercept(nil)
	for _, n := range w.nodes {
		n.AwaitTrees()
	}
	w.rounds(10)
	w.requireSettled(300)
}

// TestMover_WritesMeanwhile_Survive has writes of two kinds arrive between any two
// messages: of coordinators that know the ring, and of one that does not yet, who
// reaches a quorum of the old owners only.
func TestMover_WritesMeanwhile_Survive(t *testing.T) {
	w := newMoving(t, 16, "A", "B", "C", "D")
	w.Fill(300, 500)
	before := w.Ring()
	var mu sync.Mutex
	acknowledged := make(map[string]string)
	writing := atomic.Bool{}
	write := func(view *ring.Ring, others func(ring.NodeID) bool) {
		mu.Lock()
		defer mu.Unlock()
		i := len(acknowledged)
		key, value := fmt.Sprintf("key:%d", i*7%500), fmt.Sprintf("value %d", i)
		if i%5 == 0 {
			key = fmt.Sprintf("new:%d", i)
		}
		if _, again := acknowledged[key]; again {
			key = fmt.Sprintf("%s:%d", key, i)
		}
		w.Write(view, key, value, others)
		acknowledged[key] = value
	}
	w.Intercept(func(*testcluster.Node, ring.NodeID, peer.Kind) error {
		if !writing.CompareAndSwap(false, true) {
			return nil
		}
		defer writing.Store(false)
		write(w.Ring(), testcluster.Everyone)
		write(before, testcluster.Except("B"))
		return nil
	})
	w.join("E")
	w.rounds(3)
	w.leave("A")
	w.rounds(3)
	w.Intercept(nil)
	w.rounds(8)
	t.Logf("%d writes meanwhile", len(acknowledged))
	w.syncAll("A", "B", "C", "D", "E")
	for key, value := range acknowledged {
		w.requireEverywhere(key, value)
	}
	for name, n := range w.nodes {
		if drained := n.mover.Drained(); drained != (name == "A") {
			t.Errorf("%s drained: %v", name, drained)
		}
	}
}

func TestMover_WallClockJumps_NeitherWaitIsShortened(t *testing.T) {
	w := newMoving(t, 32, "A", "B", "C")
	w.Fill(50, 10)
	jump := time.Duration(0)
	for _, n := range w.nodes {
		n.mover.cfg.Now = func() time.Time { return w.Now().Add(jump) }
	}
	d := w.join("D")
	d.mover.cfg.Now = w.nodes["A"].mover.cfg.Now
	w.SetDown("A", true)
	w.round("D")
	jump += time.Hour
	if w.round("D"); !w.Ring().InTransition() {
		t.Error("a silent owner was given up")
	}
	w.SetDown("A", false)
	w.rounds(1)
	jump += time.Hour
	w.round("A")
	w.round("A")
	if w.nodes["A"].mover.Progress().Releasing == 0 {
		t.Error("an old copy was dropped before it had settled")
	}
	w.rounds(7)
	w.requireSettled(50)
}

// TestMover_Run_JoinsEmptyNodesInNoTime runs the real loops.
func TestMover_TriggerDuringARoundThatFails_AsksForAnotherRound(t *testing.T) {
	w := newMoving(t, 8, "A", "B", "C")
	d := w.join("D")
	calls := 0
	d.mover.cfg.Announce = func(context.Context) error {
		if calls++; calls == 1 {
			return nil // of what comes before the round
		}
		d.mover.Trigger()
		poll.Until(t, "the trigger to be taken", func() bool { return len(d.mover.trigger) == 0 })
		return peer.ErrUnavailable
	}
	if err := d.mover.round(t.Context()); !errors.Is(err, peer.ErrUnavailable) {
		t.Fatal(err)
	}
	if len(d.mover.trigger) == 0 {
		t.Error("the trigger is forgotten: the next round would wait for the backoff")
	}
}

func TestMover_Run_JoinsEmptyNodesInNoTime(t *testing.T) {
	w := newMoving(t, 256, "A")
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	run := func(n *movingNode) {
		running.Go(func() {
			if err := n.mover.Run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	run(w.nodes["A"])
	for _, name := range []string{"B", "C", "D", "E"} {
		started := time.Now()
		run(w.join(name))
		for w.Ring().InTransition() {
			if time.Since(started) > time.Minute {
				t.Fatal("not joined")
			}
			for _, n := range w.nodes {
				n.mover.Trigger()
			}
			time.Sleep(time.Millisecond)
		}
		t.Logf("%s joined in %v", name, time.Since(started).Round(time.Millisecond))
	}
	cancel()
	running.Wait()
}
