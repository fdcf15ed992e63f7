package sim

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// schedule is the time of a run, what will happen when, and the generator from which
// the seed's decisions come. Everything else in a run is built on it.
type schedule struct {
	t      *testing.T
	opts   Options
	rng    *rand.Rand
	now    time.Duration
	todo   agenda
	trace  *trace
	healed bool     // all faults have ended
	faults []string // of the run: what the checks found
}

func (s *schedule) note(format string, args ...any) { s.trace.note(s.now, format, args...) }

// fail notes that a check found something.
func (s *schedule) fail(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	s.note("FAULT %s", text)
	if len(s.faults) < 20 {
		s.faults = append(s.faults, text)
	}
}

func (s *schedule) on(kind Faults) bool { return s.opts.Faults&kind != 0 && !s.healed }

// chance is true in some of many cases, if that kind of fault is on.
func (s *schedule) chance(kind Faults, some, of int) bool {
	return some > 0 && s.on(kind) && s.rng.IntN(of) < some
}

// at schedules f. The time gets some nanoseconds of its own, so that no two events
// of one node are at the same instant.
func (s *schedule) at(t time.Duration, f func()) {
	s.todo.add(max(t, s.now)/time.Microsecond*time.Microsecond+time.Duration(s.rng.IntN(1000)), f)
}

func (s *schedule) after(d time.Duration, f func()) { s.at(s.now+d, f) }
