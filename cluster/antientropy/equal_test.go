package antientropy

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
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
