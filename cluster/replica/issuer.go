package replica

import (
	"slices"
	"sync"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/ring"
)

// issue says which update an op carries out, where another node coordinates it or has
// sent it here.
type issue struct {
	origin  causal.Origin    // zero: it is not sent between nodes
	low     causal.Timestamp // what the same life issued before is finished
	stamp   causal.Timestamp // for its version: the origin's, or one of this node (see carryOut)
	startBy time.Time        // when it may begin at the latest; zero: whenever
	budget  time.Duration    // what the frame said of startBy
	relayed bool             // it was sent on once already
}

// late reports whether it is too late to begin the update.
func (s *issue) late() bool { return !s.startBy.IsZero() && time.Now().After(s.startBy) }

// issuer identifies the updates that this node sends to others, and knows which of them
// are finished: no node begins those any more.
type issuer struct {
	life    causal.Life
	started time.Time
	clock   *causal.Clock

	mu struct {
		sync.Mutex
		open []issued // by stamp
	}
}

type issued struct {
	stamp    causal.Timestamp
	finished bool
}

func newIssuer(self ring.NodeID, first causal.Epoch, clock *causal.Clock) *issuer {
	return &issuer{started: time.Now(), clock: clock, life: causal.LifeOf(self, first, clock.Now())}
}

// issue identifies a new update.
func (s *issuer) issue() causal.Origin {
	s.mu.Lock()
	defer s.mu.Unlock()
	stamp := s.clock.Now()
	s.mu.open = append(s.mu.open, issued{stamp: stamp})
	return causal.Origin{Life: s.life, Stamp: stamp}
}

// finish records that no node begins the update any more.
func (s *issuer) finish(o causal.Origin) {
	s.mu.Lock()
	defer s.mu.Unlock()
	open := s.mu.open
	at, found := slices.BinarySearchFunc(open, o.Stamp, func(i issued, t causal.Timestamp) int {
		if i.stamp < t {
			return -1
		}
		return int(min(i.stamp-t, 1))
	})
	if !found {
		return
	}
	open[at].finished = true
	done := 0
	for done < len(open) && open[done].finished {
		done++
	}
	if s.mu.open = open[done:]; len(s.mu.open) == 0 {
		s.mu.open = open[:0]
	}
}

// low returns a stamp before which every issued update is finished.
func (s *issuer) low() causal.Timestamp {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.mu.open) == 0 {
		return 0
	}
	return s.mu.open[0].stamp
}

// ageNow tells other nodes how long this life has lasted.
func (s *issuer) ageNow() message.Age { return message.Age{Life: s.life, Age: s.age(time.Now())} }

// age returns how long this life had lasted at an instant.
func (s *issuer) age(at time.Time) time.Duration { return at.Sub(s.started) }
