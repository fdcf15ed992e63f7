package sim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"hash/fnv"
	"strings"
	"time"
)

// shownEvents is how many of the last events a failure prints.
const shownEvents = 60

// trace is what happened, in order: a hash of all of it, and the text of the end.
type trace struct {
	sum    hash.Hash
	last   [shownEvents]string
	events int
	sink   func(line string) // sees every line; nil: nobody does
}

func newTrace() *trace { return &trace{sum: sha256.New()} }

// note appends one event.
func (t *trace) note(at time.Duration, format string, args ...any) {
	line := fmt.Sprintf("%12d  ", at) + fmt.Sprintf(format, args...)
	t.sum.Write([]byte(line))
	t.sum.Write([]byte{'\n'})
	t.last[t.events%shownEvents] = line
	t.events++
	if t.sink != nil {
		t.sink(line)
	}
}

// digest names the whole trace.
func (t *trace) digest() string { return hex.EncodeToString(t.sum.Sum(nil)[:8]) }

// tail returns the last events, the newest last.
func (t *trace) tail() string {
	var b strings.Builder
	for i := max(0, t.events-shownEvents); i < t.events; i++ {
		b.WriteString(t.last[i%shownEvents])
		b.WriteByte('\n')
	}
	return b.String()
}

// brief names some bytes in a trace.
func brief(body []byte) string {
	h := fnv.New32a()
	h.Write(body)
	return fmt.Sprintf("%d:%08x", len(body), h.Sum32())
}
