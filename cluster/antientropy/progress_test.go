package antientropy

import (
	"fmt"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

// progress returns what is known of every pair.
func (s *Scheduler) progress() []Progress { return s.list(func(*Progress) bool { return true }) }

func TestScheduler_Failing_IsBounded(t *testing.T) {
	s := &Scheduler{cfg: ScheduleConfig{Now: time.Now}}
	s.mu.pairs = make(map[pair]*Progress)
	for p := range 3 * maxFailing {
		s.record(pair{peer: 7, partition: ring.Partition(p)}, fmt.Errorf("failure %d", p))
	}
	got := s.Failing()
	if len(got) != maxFailing || got[0].Partition != 0 || got[maxFailing-1].Partition != maxFailing-1 || got[3].Error.Error() != "failure 3" {
		t.Errorf("%d of %d failing pairs are listed: %+v", len(got), 3*maxFailing, got)
	}
}
