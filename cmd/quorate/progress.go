package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/quorate/quorate/admin/api"
)

// progressEvery is the time between two lines of progress where they are not for a terminal.
const progressEvery = 10 * time.Second

// progress tells how far long work is: as one line with a bar that is drawn again and again on a
// terminal, and else as a line now and then. It is safe for concurrent use.
type progress struct {
	out   io.Writer
	kinds []string // of the operations that count; none: all

	mu struct {
		sync.Mutex
		told  time.Time // when the last line was written
		shown int       // runes of the line that is on the terminal
	}
}

// progressTick is the time between two looks at the work.
const progressTick = 500 * time.Millisecond

// during runs fn, and shows the progress of the cluster's operations meanwhile. At the end it
// writes what fn returned as the last word.
func (p *progress) during(ctx context.Context, cluster interface {
	Operations(context.Context) (api.Operations, error)
}, fn func() (last string, err error)) error {
	ctx, stop := context.WithCancel(ctx)
	var looking sync.WaitGroup
	looking.Go(func() {
		for sleepUntil(ctx, progressTick) {
			if work, err := cluster.Operations(ctx); err == nil {
				p.show(work.Operations, time.Now())
			}
		}
	})
	last, err := fn()
	stop()
	looking.Wait()
	p.say(last)
	return err
}

// say writes a text, after it has taken the bar off the terminal.
func (p *progress) say(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.shown > 0 {
		fmt.Fprintf(p.out, "\r%*s\r", p.mu.shown, "")
		p.mu.shown = 0
	}
	fmt.Fprint(p.out, text)
}

// show tells the progress of the operations that run.
func (p *progress) show(all []api.Operation, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	work := sumOf(all, p.kinds)
	_, terminal := p.out.(colourWriter)
	switch {
	case !work.running:
	case terminal:
		line := work.line()
		fmt.Fprintf(p.out, "\r%-*s", p.mu.shown, line)
		p.mu.shown = len([]rune(line))
	case now.Sub(p.mu.told) >= progressEvery:
		fmt.Fprintln(p.out, work.text())
		p.mu.told = now
	}
}

// workSum adds up operations that run.
type workSum struct {
	running                 bool
	partitions, keys, bytes api.Amount
	rate                    float64 // bytes per second
	left                    int64   // milliseconds; 0: not known
}

// sumOf adds up those operations of some kinds that run; no kinds: of all.
func sumOf(all []api.Operation, kinds []string) (sum workSum) {
	for _, o := range all {
		if o.State != operationRunning || len(kinds) > 0 && !slices.Contains(kinds, o.Kind) {
			continue
		}
		sum.running = true
		sum.partitions, sum.keys, sum.bytes = plus(sum.partitions, o.Partitions), plus(sum.keys, o.Keys), plus(sum.bytes, o.Bytes)
		sum.rate += o.BytesPerSecond
		sum.left = max(sum.left, o.LeftMillis)
	}
	return sum
}

// plus adds two amounts. The total is known where that of each is.
func plus(a, b api.Amount) api.Amount {
	sum := api.Amount{Done: a.Done + b.Done, Total: a.Total + b.Total}
	if a.Total == 0 && a.Done > 0 || b.Total == 0 && b.Done > 0 {
		sum.Total = 0
	}
	return sum
}

// text tells the sum in words. Work that has no partitions, such as hints, is told without them.
func (s workSum) text() string {
	text := fmt.Sprintf("%s keys, %s, %s/s", amount(s.keys), sizeAmount(s.bytes), size(int64(s.rate)))
	if s.partitions != (api.Amount{}) {
		text = amount(s.partitions) + " partitions, " + text
	}
	if s.left > 0 {
		text += ", " + leftText(api.Operation{LeftMillis: s.left}) + " left"
	}
	return text
}

// line is the text behind a bar that takes the room that is left of a line, if there is any.
func (s workSum) line() string {
	const most, brackets = 20, len("[] ")
	text := s.text()
	width := min(most, lineWidth-1-brackets-len(text))
	if width < 1 {
		return text[:min(len(text), lineWidth-1)]
	}
	return progressBar(shareOf(s.partitions, s.keys), width) + " " + text
}

// shareOf returns how much of the partitions is done or, where their number is not known, of the
// keys: 0 to 1.
func shareOf(partitions, keys api.Amount) float64 {
	of := partitions
	if of.Total == 0 {
		of = keys
	}
	if of.Total == 0 {
		return 0
	}
	return min(1, max(0, float64(of.Done)/float64(of.Total)))
}

// progressBar draws a share of 0 to 1.
func progressBar(share float64, width int) string {
	full := int(share * float64(width))
	return "[" + strings.Repeat("#", full) + strings.Repeat("-", width-full) + "]"
}
