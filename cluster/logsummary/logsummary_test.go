package logsummary

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine"
)

// numbers are what a summary watches.
type numbers struct{ hints, delivered, noQuorum int64 }

// watched returns a summary of numbers about node 7, and what it logs.
func watched(n *numbers) (*Summary, *strings.Builder) {
	var text strings.Builder
	return New(Config{
		Hints: func() map[ring.NodeID]engine.HintStats {
			if n.hints == 0 {
				return nil
			}
			return map[ring.NodeID]engine.HintStats{7: {Count: n.hints}}
		},
		Delivered: func() map[ring.NodeID]int64 { return map[ring.NodeID]int64{7: n.delivered} },
		NoQuorum:  func() int64 { return n.noQuorum },
		Name:      func(id ring.NodeID) string { return fmt.Sprint("n", id) },
		Logger:    slog.New(slog.NewTextHandler(&text, nil)),
	}), &text
}

func TestSummary_States_AreLoggedWhenTheyBeginAndEndAndOnceAMinute(t *testing.T) {
	now := numbers{delivered: 100, noQuorum: 50}
	s, text := watched(&now)
	s.seen = 50
	at := time.Unix(1000, 0)
	for i, step := range []struct {
		after time.Duration // seconds
		numbers
		want []string
	}{
		{0, numbers{0, 100, 50}, nil},
		{1, numbers{3, 100, 50}, []string{`msg="hints are kept for a node" peer=n7 hints=3`}},
		{1, numbers{9, 100, 50}, nil},
		{8, numbers{0, 109, 50}, nil}, // a moment without
		{9, numbers{4, 109, 50}, nil},
		{42, numbers{5, 120, 50}, []string{`msg="hints are still kept for a node" peer=n7 hints=5 delivered=20 for=1m0s`}},
		{9, numbers{0, 125, 50}, nil},
		{1, numbers{0, 125, 50}, []string{`msg="no hint is left for a node" peer=n7 delivered=25 took=1m0s`}},
		{60, numbers{0, 125, 50}, nil},
		{1, numbers{1, 125, 52}, []string{`msg="hints are kept for a node" peer=n7 hints=1`, `level=WARN msg="requests find no quorum" requests=2`}},
		{1, numbers{1, 125, 60}, nil},
		{59, numbers{1, 125, 62}, []string{`hints are still kept`, `msg="requests still find no quorum" requests=12 for=1m0s`}},
		{9, numbers{1, 125, 62}, nil},
		{1, numbers{1, 125, 62}, []string{`msg="requests find a quorum again" failed=12 took=1m0s`}},
		{1, numbers{1, 125, 63}, []string{`msg="requests find no quorum" requests=1`}},
	} {
		at = at.Add(step.after * time.Second)
		now = step.numbers
		text.Reset()
		s.check(at)
		lines := strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")
		if text.Len() == 0 {
			lines = nil
		}
		if len(lines) != len(step.want) {
			t.Errorf("step %d: %q, want %q", i, lines, step.want)
			continue
		}
		for k, want := range step.want {
			if !strings.Contains(lines[k], want) {
				t.Errorf("step %d: %q, want %q", i, lines[k], want)
			}
		}
	}
}

// TestSummary_HintsThatComeAndGo_CostALineAMinute: on a healthy cluster under load a node
// keeps a hint now and then, for a moment.
func TestSummary_HintsThatComeAndGo_CostALineAMinute(t *testing.T) {
	var now numbers
	s, text := watched(&now)
	for second := range int64(600) {
		now.hints = second % 3 % 2
		now.delivered += now.hints
		s.check(time.Unix(1000+second, 0))
	}
	if lines := strings.Count(text.String(), "\n"); lines != 10 {
		t.Errorf("%d lines in ten minutes, want 10:\n%s", lines, text.String())
	}
}
