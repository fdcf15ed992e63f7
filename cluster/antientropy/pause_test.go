package antientropy

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

// runAside runs the scheduler until stop is called.
func (s *stage) runAside(t *testing.T) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	return func() {
		cancel()
		running.Wait()
	}
}

// exchanges counts the exchanges that have begun.
func (s *stage) exchanges() (n int) {
	s.scripted.mu.Lock()
	defer s.scripted.mu.Unlock()
	for _, of := range s.synced {
		n += of
	}
	return n
}

func TestScheduler_Pause_StopsWithinTheExchangesUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.differs = func(p pair) bool { return s.synced[p] == 0 }
		s.takes = time.Second
		s.untilCancelled = true
		defer s.runAside(t)()
		time.Sleep(2500 * time.Millisecond)
		since := time.Now()
		s.Pause()
		synctest.Wait()
		begun := s.exchanges()
		if begun == 0 || begun >= s.total() {
			t.Fatalf("%d of %d exchanges before the pause, want some", begun, s.total())
		}
		if s.scripted.running != 0 {
			t.Errorf("%d exchanges run on", s.scripted.running)
		}
		time.Sleep(time.Hour)
		s.Pause() // keeps the time of the first
		s.Trigger(ring.IDOf("B"))
		time.Sleep(time.Hour)
		if n := s.exchanges(); n != begun {
			t.Errorf("%d exchanges begun in a pause", n-begun)
		}
		if f := s.Failing(); len(f) > 0 {
			t.Errorf("what the pause cut short counts as failed: %+v", f)
		}
		if !s.PausedSince().Equal(since) {
			t.Errorf("paused since %v, want %v", s.PausedSince(), since)
		}
		s.Resume()
		s.Resume()
		time.Sleep(time.Duration(s.total()) * time.Second)
		if s.pairs() != s.total() || !s.PausedSince().IsZero() {
			t.Errorf("after it was resumed %d of %d pairs are exchanged; paused since %v", s.pairs(), s.total(), s.PausedSince())
		}
		for _, p := range s.progress() {
			if p.Differs || p.Error != nil {
				t.Errorf("after it was resumed: %+v", p)
			}
		}
	})
}

func TestScheduler_PausedBeforeItRuns_ComparesOnlyByHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.Pause()
		defer s.runAside(t)()
		time.Sleep(time.Hour)
		if n := s.comparisons(ring.IDOf("B")); n != 0 {
			t.Fatalf("%d comparisons in a pause", n)
		}
		s.differs = func(pair) bool { return true }
		if _, err := s.SyncAll(t.Context()); err != nil || s.pairs() != s.total() {
			t.Errorf("by hand: %d of %d pairs, %v", s.pairs(), s.total(), err)
		}
	})
}
