package antientropy

import (
	"context"
	"slices"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

const (
	// catchUpShare is how many partitions are exchanged with one peer before the
	// next peer that waits has its turn.
	catchUpShare = 16
	// lastCatchUp bounds the wait before a catch-up that failed is begun anew.
	lastCatchUp = time.Minute
)

// catchUpRequest says whether and when to catch up with a peer.
type catchUpRequest struct {
	wanted   bool
	at       time.Time // monotonic; not before
	failures int       // in a row
}

// catchUpAll catches up with the peers that are due and available, one share of
// each in turn. The requests for the others stay.
func (s *Scheduler) catchUpAll(ctx context.Context) {
	for busy := true; busy; {
		busy = false
		for _, id := range sortedPeers(s.shared) {
			if ctx.Err() != nil {
				return
			}
			if s.cfg.Available(id) && s.catchUp(ctx, id) {
				busy = true
			}
		}
	}
	for id := range s.rest {
		if s.shared[id] == nil {
			delete(s.rest, id)
			delete(s.exchanged, id)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.mu.catchUp {
		if s.shared[id] == nil {
			delete(s.mu.catchUp, id)
			delete(s.mu.begun, id)
		}
	}
}

// nextCatchUp returns the time until the next catch-up that waits for its time, if
// there is one. Peers that are not available do not count: Trigger is called when
// they are.
func (s *Scheduler) nextCatchUp() (wait time.Duration, ok bool) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.mu.paused.IsZero() {
		return 0, false
	}
	for id, a := range s.mu.catchUp {
		if !a.wanted || !s.cfg.Available(id) {
			continue
		}
		if left := max(a.at.Sub(now), time.Millisecond); !ok || left < wait {
			wait, ok = left, true
		}
	}
	return wait, ok
}

// catchUp exchanges the next share of partitions with a peer, and reports whether
// there was any.
func (s *Scheduler) catchUp(ctx context.Context, id ring.NodeID) bool {
	log := s.cfg.Logger.With("peer", s.cfg.Ring().Name(id))
	if s.catchUpDue(id) {
		differing, unknown, err := s.compare(ctx, id, s.shared[id])
		if err != nil {
			s.catchUpLater(id)
			log.Debug("catch-up with peer will be tried again", "err", err)
			return false
		}
		all := len(differing)
		s.rest[id] = slices.DeleteFunc(differing, func(p ring.Partition) bool { return !s.due(pair{id, p}) })
		if len(unknown) > 0 || len(s.rest[id]) < all {
			s.catchUpLater(id)
		}
		if s.cfg.Self > id {
			// The peer is likely to do the same at the same time. The two begin at
			// opposite ends and meet, so that neither repeats the other's work.
			slices.Reverse(s.rest[id])
		}
	}
	share := s.rest[id]
	if len(share) == 0 {
		s.caughtUp(id)
		return false
	}
	share = share[:min(len(share), catchUpShare)]
	stats, err := s.exchangeAll(ctx, id, share, unreported)
	s.exchanged[id] += stats.KeysExchanged
	if s.rest[id] = s.rest[id][len(share):]; len(s.rest[id]) == 0 {
		delete(s.rest, id)
	}
	if err != nil && ctx.Err() == nil {
		s.catchUpLater(id)
		log.Debug("catch-up with peer incomplete", "err", err)
	}
	if len(s.rest[id]) == 0 {
		if keys := s.exchanged[id]; keys > 0 {
			log.Info("copies made equal with peer", "keys", keys)
		}
		delete(s.exchanged, id)
	}
	return true
}

// catchUpDue reports whether it is time to catch up with a peer, and if so marks
// the request as being worked on.
func (s *Scheduler) catchUpDue(id ring.NodeID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.mu.catchUp[id]
	if !a.wanted || time.Now().Before(a.at) {
		return false
	}
	a.wanted = false
	s.mu.catchUp[id], s.mu.begun[id] = a, time.Now()
	return true
}

// caughtUp removes the request of a peer, unless a new one came meanwhile.
func (s *Scheduler) caughtUp(id ring.NodeID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.mu.catchUp[id].wanted {
		delete(s.mu.catchUp, id)
	}
}

// catchUpLater asks for another catch-up after a wait that doubles with each
// failure.
func (s *Scheduler) catchUpLater(id ring.NodeID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.mu.catchUp[id]
	if a.wanted {
		return // it came back meanwhile
	}
	a.wanted, a.failures = true, a.failures+1
	a.at = time.Now().Add(min(lastCatchUp, retryAfter(a.failures)))
	s.mu.catchUp[id] = a
}
