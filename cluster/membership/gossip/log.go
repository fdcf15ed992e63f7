package gossip

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// logEvery is the least time between two lines of one kind, and maxLogKinds bounds the
// kinds that are told apart. Anybody can send a datagram, and each bad one makes
// memberlist write a line.
const (
	logEvery    = time.Minute
	maxLogKinds = 64
)

// logWriter takes memberlist's lines into the node's log: its errors as Info, the rest
// as Debug. The node itself logs what an operator must know. Of errors of one kind it
// logs the first, and then one each logEvery, with the number that it left out.
type logWriter struct {
	log *slog.Logger
	mu  struct {
		sync.Mutex
		kinds map[string]*logged
	}
}

// logged is what was logged of one kind of line.
type logged struct {
	last    time.Time
	omitted int
}

// Write logs one line.
func (w *logWriter) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line))
	if !strings.Contains(text, "[ERR]") {
		w.log.Log(context.Background(), slog.LevelDebug, "memberlist", "line", text)
		return len(line), nil
	}
	if omitted, ok := w.allow(kindOf(text), time.Now()); ok {
		args := []any{"line", text}
		if omitted > 0 {
			args = append(args, "like_it_since_the_last", omitted)
		}
		w.log.Info("memberlist", args...)
	}
	return len(line), nil
}

// allow reports whether a line of a kind is logged now, and how many were left out since
// the last one.
func (w *logWriter) allow(kind string, now time.Time) (omitted int, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.mu.kinds == nil {
		w.mu.kinds = make(map[string]*logged)
	}
	k := w.mu.kinds[kind]
	if k == nil && len(w.mu.kinds) >= maxLogKinds {
		kind = "" // all others together
		k = w.mu.kinds[kind]
	}
	if k == nil {
		w.mu.kinds[kind] = &logged{last: now}
		return 0, true
	}
	if now.Sub(k.last) < logEvery {
		k.omitted++
		return 0, false
	}
	omitted, k.omitted, k.last = k.omitted, 0, now
	return omitted, true
}

// kindOf returns the constant beginning of a line: what stands before its first value.
// The values may be the sender's choice.
func kindOf(text string) string {
	_, message, _ := strings.Cut(text, "memberlist: ")
	if end := strings.IndexAny(message, `:"'(0123456789`); end >= 0 {
		message = message[:end]
	}
	message, _, _ = strings.Cut(message, " from=")
	return strings.TrimSpace(message)
}
