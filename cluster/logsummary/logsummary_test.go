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

func TestSummary_WhatGrows_IsLoggedAtOnceAndThenSeldom(t *testing.T) {
	var text strings.Builder
	var hints map[ring.NodeID]engine.HintStats
	var noQuorum int64
	s := New(Config{
		Hints: func() map[ring.NodeID]engine.HintStats { return hints }, NoQuorum: func() int64 { return noQuorum },
		Name:   func(id ring.NodeID) string { return fmt.Sprint("n", id) },
		Logger: slog.New(slog.NewTextHandler(&text, nil)),
	})
	at := time.Unix(1000, 0)
	for i, test := range []struct {
		after    time.Duration
		hints    int64
		noQuorum int64
		want     string
	}{
		{0, 0, 0, ""},
		{1, 3, 0, "hints=3"},
		{1, 5, 0, ""},        // soon after
		{6, 5, 0, "hints=5"}, // it has grown since it was logged
		{6, 5, 0, ""},        // it has not
		{1, 0, 2, "requests=2"},
		{1, 1, 3, "hints=1"}, // it was logged long ago
		{6, 0, 3, "requests=1"},
	} {
		at = at.Add(test.after * time.Second)
		hints, noQuorum = map[ring.NodeID]engine.HintStats{}, test.noQuorum
		if test.hints > 0 {
			hints[7] = engine.HintStats{Count: test.hints}
		}
		text.Reset()
		s.check(at)
		if got := text.String(); (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("check %d: %q, want %q", i, got, test.want)
		}
	}
}
