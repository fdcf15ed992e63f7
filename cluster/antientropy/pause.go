package antientropy

import (
	"context"
	"time"
)

// Pause stops what the Scheduler does by itself: comparisons on schedule, and catching up
// with peers. An exchange under way is given up. What is asked for by hand goes on
// ([Scheduler.SyncAll]), and so does what peers begin. It is not remembered across a restart,
// so that a forgotten pause ends at the latest then.
func (s *Scheduler) Pause() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.mu.paused.IsZero() {
		return
	}
	s.mu.paused = s.cfg.Now()
	s.mu.endRound()
	s.cfg.Logger.Info("anti-entropy is paused by an operator")
}

// Resume ends a pause: the Scheduler catches up with every peer now.
func (s *Scheduler) Resume() {
	s.mu.Lock()
	if s.mu.paused.IsZero() {
		s.mu.Unlock()
		return
	}
	s.mu.paused = time.Time{}
	s.mu.resumed = true
	s.mu.Unlock()
	s.wake()
	s.cfg.Logger.Info("anti-entropy is resumed by an operator")
}

// PausedSince returns when Pause was called, by the wall clock; zero: it is not paused.
func (s *Scheduler) PausedSince() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mu.paused
}

// round returns the context of one round of Run, which a pause ends: while the Scheduler is
// paused it has ended already. end must be called when the round is over.
func (s *Scheduler) round(ctx context.Context) (round context.Context, end func()) {
	round, end = context.WithCancel(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.mu.paused.IsZero() {
		end()
		return round, end
	}
	s.mu.endRound = end
	if s.mu.resumed { // what the pause cut short is begun anew
		s.mu.resumed = false
		clear(s.rest)
		for id := range s.shared {
			s.mu.catchUp[id] = catchUpRequest{wanted: true}
		}
	}
	return round, end
}

// wake makes Run look for work now.
func (s *Scheduler) wake() {
	select {
	case s.trigger <- struct{}{}:
	default:
	}
}
