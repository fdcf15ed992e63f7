package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestLogWriter_ReaderHangs_LinesAreDroppedAndCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader, pipe := io.Pipe()
		w := newLogWriter(pipe)
		log := slog.New(slog.NewTextHandler(w, nil))
		ctx, stop := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() {
			if err := w.report(ctx, log); err != nil {
				t.Error(err)
			}
		})
		const lines = 30_000
		for i := range lines { // 1.4 MB
			fmt.Fprintf(w, "line %040d\n", i)
			if i == 0 {
				synctest.Wait() // the writer hangs with the first; the others fill the buffer
			}
		}
		synctest.Wait()
		var read bytes.Buffer
		group.Go(func() { _, _ = io.Copy(&read, reader) })
		synctest.Wait()
		fmt.Fprintln(w, "later")
		stop()
		w.Close()
		_ = pipe.Close()
		group.Wait()
		text := read.String()
		kept := strings.Count(text, "line 0")
		var dropped int
		at := strings.Index(text, "lines=")
		if at < 0 {
			t.Fatalf("no count of what was dropped, %d lines kept", kept)
		}
		fmt.Sscanf(text[at:], "lines=%d", &dropped)
		if kept < lines/2 || kept == lines || dropped != lines-kept+1 { // and the line that says that lines are dropped
			t.Errorf("%d lines, %d kept, %d dropped", lines, kept, dropped)
		}
		if !strings.HasSuffix(text, "later\n") || strings.Contains(text, "line line") {
			t.Errorf("the end is %q", text[max(0, len(text)-100):])
		}
	})
}

func TestLogWriter_Close_WritesWhatWaitsAndGivesUpOnAReaderThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		w := newLogWriter(&out)
		fmt.Fprintln(w, "last words")
		w.Close()
		if out.String() != "last words\n" {
			t.Errorf("%q", out.String())
		}
		reader, pipe := io.Pipe()
		stuck := newLogWriter(pipe)
		fmt.Fprintln(stuck, "nobody reads this")
		began := time.Now()
		stuck.Close()
		if took := time.Since(began); took != logFlushTime {
			t.Errorf("closed after %v", took)
		}
		_ = reader.Close()
		<-stuck.done
	})
}
