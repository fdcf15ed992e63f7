package gossip

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestLogWriter_StrayDatagrams_AreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		w := &logWriter{log: slog.New(slog.NewTextHandler(&log, nil))}
		stray := func(n int) {
			for i := range n {
				fmt.Fprintf(w, "[ERR] memberlist: Decrypt packet failed: no key %d from=10.0.0.1:%d\n", i, i)
				fmt.Fprintf(w, "[ERR] memberlist: discarding packet with unacceptable label \"%d\": from=10.0.0.1:%d\n", i, i)
			}
		}
		stray(1000)
		if lines := strings.Count(log.String(), "\n"); lines != 2 {
			t.Fatalf("%d lines of 2 kinds, want 2", lines)
		}
		log.Reset()
		time.Sleep(logEvery)
		stray(1000)
		if lines := strings.Count(log.String(), "\n"); lines != 2 || strings.Count(log.String(), "like_it_since_the_last=999") != 2 {
			t.Errorf("after a while:\n%s", &log)
		}
	})
}

func TestLogWriter_MadeUpKinds_AreBounded(t *testing.T) {
	var log bytes.Buffer
	w := &logWriter{log: slog.New(slog.NewTextHandler(&log, nil))}
	for i := range 1000 {
		fmt.Fprintf(w, "[ERR] memberlist: %s\n", strings.Repeat("x", i+1))
	}
	if lines := strings.Count(log.String(), "\n"); lines > maxLogKinds+1 {
		t.Errorf("%d lines, want %d at most", lines, maxLogKinds+1)
	}
}
