package antientropy

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/operation"
)

func TestScheduler_AwaitEqual_WaitsForEachPairOnceAndForThoseThatAreAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		b, c := ring.IDOf("B"), ring.IDOf("C")
		// B's copies are equal one by one, each for a moment; C comes back later.
		begun := time.Now()
		s.differs = func(p pair) bool {
			return p.peer == b && time.Since(begun)/equalTick != time.Duration(p.partition%4)
		}
		s.down.Store(c, true)
		done := make(chan error)
		go func() { done <- s.AwaitEqual(t.Context()) }()
		time.Sleep(10 * equalTick)
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatalf("it did not wait for C: %v", err)
		default:
		}
		seen := s.compared[b]
		s.down.Delete(c)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if seen > 5 || s.compared[b] != seen {
			t.Errorf("B was compared with %d times, then %d: four would do", seen, s.compared[b])
		}
		if s.pairs() > 0 {
			t.Error("it exchanged something")
		}
		s.differs = func(pair) bool { return true }
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := s.AwaitEqual(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("never equal: %v", err)
		}
	})
}

// A node that was filled once gains partitions meanwhile, and owns them at the end of the
// transition. It has everything only when it is equal with the others in those as well.
func TestScheduler_AwaitRefilled_WaitsForWhatTheNodeGains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		state := ring.NewState("cluster", 64, ring.Quorums{N: 3, R: 2, W: 2}, fiveMembers()...)
		before := ring.NewRing(state)
		if err := state.Leave(ring.IDOf("E")); err != nil {
			t.Fatal(err)
		}
		during := ring.NewRing(state)
		for _, id := range state.Pending() {
			if err := state.MarkDone(id, during.Target()); err != nil {
				t.Fatal(err)
			}
		}
		if !state.Flip() {
			t.Fatal("the transition does not end")
		}
		after := ring.NewRing(state)
		begun := time.Now()
		elapsed := func() float64 { return time.Since(begun).Seconds() }
		s.cfg.Ring = func() *ring.Ring {
			switch {
			case elapsed() < 0.6:
				return before
			case elapsed() < 3.6: // while the node compares
				return during
			}
			return after
		}
		owned := sharedPartitions(before, s.cfg.Self)
		s.differs = func(p pair) bool {
			if !slices.Contains(owned[p.peer], p.partition) {
				return elapsed() < 7.1
			}
			return elapsed() < 1.1 || elapsed() > 2.6 && elapsed() < 4.1
		}
		if err := s.AwaitRefilled(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := elapsed(); took < 7.1 || took > 9 {
			t.Errorf("it ended after %.2f s, want when it had all that it owns, after 7.1 s", took)
		}
	})
}

func TestScheduler_AwaitEqual_Cancelled_GoesOnAfterAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.down.Store(ring.IDOf("C"), true)
		s.held.Store(100) // from before
		begun := time.Now()
		done := make(chan error)
		go func() { done <- s.AwaitEqual(t.Context()) }()
		time.Sleep(equalTick / 2)
		s.held.Store(130)
		time.Sleep(4 * equalTick)
		first := s.cfg.Operations.List()[0]
		if first.Partitions.Done == 0 || first.Partitions.Done >= first.Partitions.Total {
			t.Errorf("partitions %+v while one of the peers is away", first.Partitions)
		}
		if first.Keys.Done != 30 || first.Bytes.Done != 300 {
			t.Errorf("%d keys and %d bytes have come, want 30 and 300", first.Keys.Done, first.Bytes.Done)
		}
		if err := s.cfg.Operations.Cancel(first.ID); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		s.down.Delete(ring.IDOf("C"))
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took < equalPause {
			t.Errorf("it ended after %v, before the pause of %v was over", took, equalPause)
		}
		list := s.cfg.Operations.List()
		if len(list) != 2 || list[0].State != operation.Done || list[1].State != operation.Cancelled {
			t.Errorf("operations %+v, want one that was cancelled and one that is done", list)
		}
	})
}
