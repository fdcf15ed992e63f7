package main

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

// Bounds of a [logWriter].
const (
	logBuffer    = 1 << 20 // bytes of lines that wait while others are written
	logFlushTime = time.Second
)

// logWriter writes the log, so that nobody who logs waits for the reader of the log: a
// pipe whose reader hangs takes 64 KiB and then blocks. Lines that find no room in the
// buffer are dropped and counted. It is safe for concurrent use.
//
// One goroutine writes. Close ends it and waits for it, but not for long: nothing can end a
// write that blocks, and the process ends next.
type logWriter struct {
	to      io.Writer
	more    chan struct{} // lines wait, or the writer is closed; holds one
	changed chan struct{} // lines began to be dropped, or there is room again; holds one
	done    chan struct{} // closed when nothing is written any more

	mu struct {
		sync.Mutex
		waiting  []byte // whole lines
		spare    []byte // what was taken last
		dropping bool   // from the first line without room until all that wait are taken
		dropped  int    // lines that no report has counted
		closed   bool
	}
}

// newLogWriter returns a writer to to. The caller must close it.
func newLogWriter(to io.Writer) *logWriter {
	w := &logWriter{to: to, more: make(chan struct{}, 1), changed: make(chan struct{}, 1), done: make(chan struct{})}
	go w.run() // Close waits for it
	return w
}

// Write takes one line, or drops it. It neither waits nor fails.
func (w *logWriter) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.mu.dropping || len(w.mu.waiting)+len(line) > logBuffer {
		w.mu.dropped++
		if !w.mu.dropping {
			w.mu.dropping = true
			notify(w.changed)
		}
		return len(line), nil
	}
	w.mu.waiting = append(w.mu.waiting, line...)
	notify(w.more)
	return len(line), nil
}

// Close writes what waits, for a second at most. What is written later is lost.
func (w *logWriter) Close() {
	w.mu.Lock()
	w.mu.closed = true
	w.mu.Unlock()
	notify(w.more)
	select {
	case <-w.done:
	case <-time.After(logFlushTime):
	}
}

func (w *logWriter) run() {
	defer close(w.done)
	for range w.more {
		for {
			lines, closed := w.take()
			if len(lines) == 0 && closed {
				return
			}
			if len(lines) == 0 {
				break
			}
			_, _ = w.to.Write(lines) // a node outlives the reader of its log
		}
	}
}

// take returns the lines that wait, which are its caller's until the next call.
func (w *logWriter) take() (lines []byte, closed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	lines = w.mu.waiting
	w.mu.waiting, w.mu.spare = w.mu.spare[:0], lines
	if w.mu.dropping {
		w.mu.dropping = false
		notify(w.changed)
	}
	return lines, w.mu.closed
}

// report logs when lines begin to be dropped, which the node's events show, and how many
// were when there is room again, until ctx ends.
func (w *logWriter) report(ctx context.Context, log *slog.Logger) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.changed:
		}
		switch dropping, dropped := w.drops(); {
		case dropping:
			log.Warn("the reader of this log does not keep up: lines are dropped until it does")
		case dropped > 0:
			log.Warn("lines of this log were dropped, because its reader did not keep up", "lines", dropped)
		}
	}
}

// drops returns whether lines are dropped now and, if not, how many were since it last
// did.
func (w *logWriter) drops() (dropping bool, dropped int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.mu.dropping {
		return true, 0
	}
	dropped, w.mu.dropped = w.mu.dropped, 0
	return false, dropped
}

// notify puts a token into a channel that holds one.
func notify(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
