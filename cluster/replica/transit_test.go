package replica

import (
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/ring"
)

func TestTransits_Lateness_CountsDelaysWhateverTheClocksSay(t *testing.T) {
	var all transits
	const from, ms = ring.NodeID(7), time.Millisecond
	for _, c := range []struct {
		what          string
		life          causal.Life
		sent, arrived time.Duration
		want          time.Duration
		first         bool // of its life
	}{
		{"first frame", 1, 100 * time.Hour, 10 * ms, 0, true},
		{"as quick", 1, 100*time.Hour + 10*ms, 20 * ms, 0, false},
		{"slower by 4 ms", 1, 100*time.Hour + 20*ms, 34 * ms, 4 * ms, false},
		{"quicker than the first", 1, 100*time.Hour + 32*ms, 40 * ms, 0, false},
		{"this process was frozen for a second", 1, 100*time.Hour + 40*ms, 1048 * ms, time.Second, false},
		{"the next life", 2, 5 * ms, 1050 * ms, 0, true},
		{"its network stalled", 2, 10 * ms, 2055 * ms, time.Second, false},
	} {
		got, measured := all.lateness(from, c.life, c.sent, c.arrived)
		if got != c.want || measured == c.first {
			t.Errorf("%s: late by %v, measured %v, want %v", c.what, got, measured, c.want)
		}
	}
}

// A machine that was suspended comes back with a monotonic clock that stood still.
func TestTransits_Lateness_HealsAfterASuspend(t *testing.T) {
	var all transits
	const from, tick = ring.NodeID(7), time.Second
	at := time.Duration(0)
	for ; at < 30*time.Second; at += tick {
		if late, _ := all.lateness(from, 1, at, at); late != 0 {
			t.Fatalf("late by %v", late)
		}
	}
	const stood = time.Hour
	if late, _ := all.lateness(from, 1, at, at+stood); late != stood {
		t.Fatalf("late by %v, want %v", late, stood)
	}
	for range 2*int(transitSpan/tick) + 2 {
		at += tick
		all.lateness(from, 1, at, at+stood)
	}
	if late, _ := all.lateness(from, 1, at, at+stood); late != 0 {
		t.Errorf("still late by %v", late)
	}
}

func TestIssuer_Low_IsTheOldestThatIsNotFinished(t *testing.T) {
	wall := int64(1_000_000)
	s := newIssuer(7, 1, causal.NewClock(func() int64 { return wall }))
	a, b, c := s.issue(), s.issue(), s.issue()
	if a.Life != b.Life || a.Stamp >= b.Stamp || b.Stamp >= c.Stamp {
		t.Fatalf("%v %v %v", a, b, c)
	}
	if other := newIssuer(8, 1, causal.NewClock(func() int64 { return wall })); other.life == s.life {
		t.Error("two nodes have one life")
	}
	for _, step := range []struct {
		finish causal.Origin
		low    causal.Timestamp
	}{{causal.Origin{}, a.Stamp}, {b, a.Stamp}, {a, c.Stamp}, {a, c.Stamp}, {c, 0}} {
		s.finish(step.finish)
		if low := s.low(); low != step.low {
			t.Errorf("after %v: low is %d, want %d", step.finish, low, step.low)
		}
	}
}
