package cluster

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

func TestWatcher_WhatGrows_IsToldAtOnceAndThenSeldom(t *testing.T) {
	var text strings.Builder
	w := newWatcher(slog.New(slog.NewTextHandler(&text, nil)))
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
		{6, 5, 0, "hints=5"}, // it has grown since it was told
		{6, 5, 0, ""},        // it has not
		{1, 0, 2, "requests=2"},
		{1, 1, 3, "hints=1"}, // it was told long ago
		{6, 0, 3, "requests=1"},
	} {
		at = at.Add(test.after * time.Second)
		hints := map[ring.NodeID]int64{}
		if test.hints > 0 {
			hints[7] = test.hints
		}
		text.Reset()
		w.look(at, hints, test.noQuorum, func(id ring.NodeID) string { return fmt.Sprint("n", id) })
		if got := text.String(); (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("look %d: %q, want %q", i, got, test.want)
		}
	}
}
