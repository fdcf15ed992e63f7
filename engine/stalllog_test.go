package engine

import (
	"testing"
	"time"
)

func TestStallLog_ManyStalls_AreOneLineInTenSeconds(t *testing.T) {
	var l stallLog
	at := time.Unix(1000, 0)
	for i, step := range []struct {
		after time.Duration
		want  int
	}{{0, 1}, {time.Second, 0}, {8 * time.Second, 0}, {time.Second, 3}, {time.Second, 0}, {time.Hour, 2}} {
		at = at.Add(step.after)
		if got := l.note(at); got != step.want {
			t.Errorf("stall %d: %d to log, want %d", i, got, step.want)
		}
	}
}
