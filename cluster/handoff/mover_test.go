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

	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
)

func TestMover_Join_MovesWhatIsGainedAndDropsWhatIsLost(t *testing.T) {
	w := newMoving(t, 32, "A", "B", "C")
	w.fill(400, 100)
	d := w.join("D")
	w.rounds(1)
	if w.ring.Load().InTransition() {
		t.Fatal("one round is not enough")
	}
	if d.announced.Load() == 0 {
		t.Fatal("the ring was not announced before data moved")
	}
	if p := d.mover.Progress(); p.Keys == 0 || p.Bytes == 0 || p.LastError != nil {
		t.Errorf("progress: %+v", p)
	}
	held := 0
	for p := range ring.Partition(32) {
		if _, total := w.nodes["A"].store.Partitions().Keys(p); total > 0 {
			held++
		}
	}
	if held != 32 {
		t.Fatal("an old copy was dropped before it had settled")
	}
	w.rounds(6)
	w.requireSettled(400)
}

func TestMover_Leave_DrainsThenIsDone(t *testing.T) {
	w := newMoving(t, 32, "A", "B", "C", "D")
	w.fill(200, 100)
	d := w.nodes["D"]
	if d.mover.Drained() {
		t.Fatal("drained, with data")
	}
	w.change(func(s *ring.State) error { return s.Leave(d.id) })
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
	w.fill(200, 100)
	w.setDown("D", true)
	w.change(func(s *ring.State) error { return s.Remove(ring.IDOf("D")) })
	w.rounds(2) // no wait for it: the operator has removed it
	delete(w.nodes, "D")
	w.requireSettled(200)
}

func TestMover_SilentOwner_IsWaitedForThenDoneWithout(t *testing.T) {
	w := newMoving(t, 32, "A", "B", "C")
	w.fill(200, 100)
	w.setDown("B", true)
	w.join("D")
	w.rounds(3)
	if !w.ring.Load().InTransition() {
		t.Fatal("did not wait for a silent owner")
	}
	if err := w.nodes["D"].mover.Progress().LastError; !errors.Is(err, errSilentOwner) {
		t.Fatalf("progress says %v", err)
	}
	w.rounds(5)
	if w.ring.Load().InTransition() {
		t.Fatal("waited for ever")
	}
	// What belongs elsewhere is not dropped while one of its owners is down.
	w.rounds(10)
	now := w.ring.Load()
	for p := range ring.Partition(32) {
		if _, total := w.nodes["A"].store.Partitions().Keys(p); total == 0 && now.IsPrimary(ring.IDOf("B"), p) && !now.IsPrimary(ring.IDOf("A"), p) {
			t.Fatalf("partition %d was dropped with an owner down", p)
		}
	}
	w.setDown("B", false)
	w.rounds(10)
	w.requireSettled(200)
}

func TestMover_AllOwnersSilent_WaitsForOne(t *testing.T) {
	w := newMoving(t, 8, "A")
	w.fill(50, 10)
	w.setDown("A", true)
	w.join("B")
	w.rounds(20)
	if !w.ring.Load().InTransition() {
		t.Fatal("flipped without any copy")
	}
	if err := w.nodes["B"].mover.Progress().LastError; !errors.Is(err, errNoOwner) {
		t.Fatalf("progress says %v", err)
	}
	w.setDown("A", false)
	w.rounds(6)
	w.requireSettled(50)
}

func TestMover_LastCopyRemoved_GoesOnWithWhatThereIs(t *testing.T) {
	w := newMoving(t, 8, "A", "B")
	w.change(func(s *ring.State) error { return s.SetQuorums(ring.Quorums{N: 1, R: 1, W: 1}) })
	w.fill(100, 10)
	w.setDown("A", true)
	w.change(func(s *ring.State) error { return s.Remove(ring.IDOf("A")) })
	w.rounds(2)
	lost := 0
	for p := range ring.Partition(8) {
		_, total := w.nodes["A"].store.Partitions().Keys(p)
		lost += int(total)
	}
	delete(w.nodes, "A")
	w.requireSettled(100 - lost)
}

// damaged is an Exchanger one of whose sources has an object that cannot be read.
type damaged struct{ Exchanger }

func (d damaged) Transfer(ctx context.Context, id ring.NodeID, p ring.Partition) (antientropy.Stats, error) {
	stats, err := d.Exchanger.Transfer(ctx, id, p)
	return stats, errors.Join(err, antientropy.ErrKeysFailed)
}

func (d damaged) Offer(ctx context.Context, id ring.NodeID, p ring.Partition) (antientropy.Stats, error) {
	stats, err := d.Exchanger.Offer(ctx, id, p)
	return stats, errors.Join(err, antientropy.ErrKeysFailed)
}

func TestMover_DamagedObject_HoldsUpTheDropButNotTheRing(t *testing.T) {
	w := newMoving(t, 8, "A", "B", "C")
	w.fill(100, 10)
	for _, n := range w.nodes {
		n.mover.cfg.Exchanger = damaged{n.exchanger}
	}
	d := w.join("D")
	d.mover.cfg.Exchanger = damaged{d.exchanger}
	w.rounds(10)
	if w.ring.Load().InTransition() {
		t.Fatal("the ring is held up")
	}
	for i := range 8 {
		p := ring.Partition(i)
		for _, name := range []string{"A", "B", "C"} {
			if _, total := w.nodes[name].store.Partitions().Keys(p); total == 0 && w.ring.Load().IsPrimary(d.id, p) {
				t.Fatal("dropped what an owner did not take")
			}
		}
	}
}

// TestMover_CrashAnywhere_Resumes kills the gaining node and a source at random
// points; the movers go on by themselves.
func TestMover_CrashAnywhere_Resumes(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	w := newMoving(t, 8, "A", "B", "C")
	w.fill(300, 2000)
	w.join("D")
	errCut := errors.New("cut off by the test")
	for range 6 {
		var left atomic.Int64
		left.Store(random.Int64N(30))
		w.before = func(*movingNode, ring.NodeID, peer.Kind) error {
			if left.Add(-1) < 0 {
				return errCut
			}
			return nil
		}
		for _, name := range []string{"D", "A", "B", "C"} {
			w.round(name)
		}
		w.pass(time.Second)
		w.crash([]string{"D", "A", "B", "C"}[random.IntN(4)])
	}
	w.before = nil
	for range 100 { // trees are rebuilt by the wall clock
		w.rounds(1)
		if ready := !w.ring.Load().InTransition() && w.idle(); ready {
			break
		}
		time.Sleep(time.Millisecond)
	}
	w.requireSettled(300)
}

// idle reports whether no mover has anything to do.
func (w *moving) idle() bool {
	for _, n := range w.nodes {
		if p := n.mover.Progress(); p.Releasing > 0 || !p.Since.IsZero() || p.LastError != nil {
			return false
		}
	}
	return true
}

// TestMover_WritesMeanwhile_Survive has writes of two kinds arrive between any two
// messages: of coordinators that know the ring, and of one that does not yet, who
// reaches a quorum of the old owners only.
func TestMover_WritesMeanwhile_Survive(t *testing.T) {
	w := newMoving(t, 16, "A", "B", "C", "D")
	w.fill(300, 500)
	before := w.ring.Load()
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
		w.set(key, value, view, others)
		acknowledged[key] = value
	}
	w.before = func(*movingNode, ring.NodeID, peer.Kind) error {
		if !writing.CompareAndSwap(false, true) {
			return nil
		}
		defer writing.Store(false)
		write(w.ring.Load(), everyone)
		primaries := make(map[ring.NodeID]bool)
		for _, m := range before.Members() {
			primaries[m.ID] = m.Name != "B"
		}
		write(before, func(id ring.NodeID) bool { return primaries[id] })
		return nil
	}
	w.join("E")
	w.rounds(3)
	w.change(func(s *ring.State) error { return s.Leave(ring.IDOf("A")) })
	w.rounds(3)
	w.before = nil
	w.rounds(8)
	t.Logf("%d writes meanwhile", len(acknowledged))
	now := w.ring.Load()
	for name, n := range w.nodes {
		s := antientropy.NewScheduler(antientropy.ScheduleConfig{Self: n.id, Ring: w.ring.Load, Exchanger: n.exchanger, Available: n.Available})
		if _, err := s.SyncAll(t.Context()); err != nil {
			t.Fatal(name, err)
		}
	}
	for key, value := range acknowledged {
		for _, id := range now.Primaries(now.PartitionOf([]byte(key))) {
			if got := w.byID(id).value(key); got != value {
				t.Fatalf("%s at %s: %q, acknowledged %q", key, now.Name(id), got, value)
			}
		}
	}
	for name, n := range w.nodes {
		if drained := n.mover.Drained(); drained != (name == "A") {
			t.Errorf("%s drained: %v", name, drained)
		}
	}
}

// TestMover_StrayWrite_IsNotDropped has a write reach the old owner after its copy
// was seen to be covered.
func TestMover_StrayWrite_IsNotDropped(t *testing.T) {
	for _, moment := range []string{"while it settles", "in the last comparison"} {
		t.Run(moment, func(t *testing.T) {
			w := newMoving(t, 8, "A", "B", "C")
			w.fill(100, 10)
			old := w.ring.Load()
			w.change(func(s *ring.State) error { return s.SetQuorums(ring.Quorums{N: 2, R: 1, W: 1}) })
			w.rounds(1)
			now := w.ring.Load()
			key := ""
			for i := 0; key == ""; i++ {
				candidate := fmt.Sprintf("stray:%d", i)
				p := now.PartitionOf([]byte(candidate))
				if !now.IsPrimary(old.Primaries(p)[0], p) {
					t.Fatal("the first owner should not change here")
				}
				if !now.IsPrimary(old.Primaries(p)[2], p) {
					key = candidate
				}
			}
			p := now.PartitionOf([]byte(key))
			loser := w.byID(old.Primaries(p)[2])
			var once sync.Once
			stray := func() {
				if err := loser.apply(editRecord(loser, p, key, "stray")); err != nil {
					t.Error(err)
				}
			}
			w.rounds(1)
			if moment == "while it settles" {
				once.Do(stray)
			} else {
				w.pass(10 * time.Second)
				w.before = func(from *movingNode, _ ring.NodeID, _ peer.Kind) error {
					if from == loser {
						once.Do(stray)
					}
					return nil
				}
			}
			w.rounds(1)
			if loser.value(key) != "stray" {
				t.Fatal("dropped with a write that no other node had")
			}
			w.rounds(8)
			w.requireSettled(101)
			for _, id := range now.Primaries(p) {
				if got := w.byID(id).value(key); got != "stray" {
					t.Fatalf("%s has %q", now.Name(id), got)
				}
			}
		})
	}
}

// TestMover_OwnerLosesWhatItTook_IsGivenItAgain has a new owner forget, as after a
// power cut, what was offered to it: the old copy must still be there.
func TestMover_OwnerLosesWhatItTook_IsGivenItAgain(t *testing.T) {
	w := newMoving(t, 8, "A", "B", "C")
	w.fill(100, 10)
	d := w.join("D")
	w.rounds(2)
	for p := range ring.Partition(8) {
		if dropped, err := d.store.Partitions().DropIf(p, d.store.Merkle().Root(p)); err != nil || !dropped {
			t.Fatalf("partition %d dropped: %v, %v", p, dropped, err)
		}
	}
	w.rounds(10)
	// Anti-entropy makes the partitions equal that no node lost to D.
	s := antientropy.NewScheduler(antientropy.ScheduleConfig{Self: d.id, Ring: w.ring.Load, Exchanger: d.exchanger, Available: d.Available})
	if _, err := s.SyncAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.requireSettled(100)
}

func TestMover_TargetChanges_StartsAgain(t *testing.T) {
	w := newMoving(t, 16, "A", "B", "C")
	w.fill(200, 100)
	w.join("D")
	var once sync.Once
	w.before = func(from *movingNode, _ ring.NodeID, kind peer.Kind) error {
		if from.name == "D" && kind == peer.Objects {
			once.Do(func() { w.join("E") })
		}
		return nil
	}
	w.round("D")
	if !w.ring.Load().InTransition() {
		t.Fatal("flipped to a target that is no longer wanted")
	}
	w.rounds(10)
	w.requireSettled(200)
	if tokens := w.ring.Load().Tokens(ring.IDOf("E")); tokens == 0 {
		t.Fatal("E owns nothing")
	}
}

func TestMover_RemovedAndLongAway_KeepsItsDataToItself(t *testing.T) {
	w := newMoving(t, 16, "A", "B", "C", "D")
	w.fill(100, 10)
	w.rounds(1) // all see each other
	w.setDown("D", true)
	w.change(func(s *ring.State) error { return s.Remove(ring.IDOf("D")) })
	w.rounds(8)
	for _, test := range []struct {
		away time.Duration
		want error
	}{{11 * 24 * time.Hour, ErrStale}, {-10 * 24 * time.Hour, nil}} {
		w.pass(test.away)
		w.setDown("D", false)
		d := w.crash("D")
		for !d.store.Merkle().Ready() {
			time.Sleep(time.Millisecond)
		}
		if err := d.mover.round(t.Context()); !errors.Is(err, test.want) {
			t.Fatalf("after %v: %v", test.away, err)
		}
		if d.mover.Drained() {
			t.Fatal("what it holds is not with others")
		}
	}
	w.rounds(8)
	w.requireSettled(100)
}

// TestMover_Run_JoinsEmptyNodesInNoTime runs the real loops.
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
		for w.ring.Load().InTransition() {
			if time.Since(started) > 5*time.Second {
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

func TestMover_WallClockJumps_NeitherWaitIsShortened(t *testing.T) {
	w := newMoving(t, 32, "A", "B", "C")
	w.fill(50, 10)
	jump := time.Duration(0)
	for _, n := range w.nodes {
		n.mover.cfg.Now = func() time.Time { return w.time().Add(jump) }
	}
	d := w.join("D")
	d.mover.cfg.Now = w.nodes["A"].mover.cfg.Now
	w.setDown("A", true)
	w.round("D")
	jump += time.Hour
	if w.round("D"); !w.ring.Load().InTransition() {
		t.Error("a silent owner was given up")
	}
	w.setDown("A", false)
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
