package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/quorate/quorate/admin/api"
)

// progressEvery is the time between two lines of progress where they are not for a terminal.
const progressEvery = 10 * time.Second

// progress tells how far long work is: as one line with a bar that is drawn again and again on a
// terminal, and else as a line now and then.
type progress struct {
	out   io.Writer
	told  time.Time // when the last line was written
	shown int       // runes of the line that is on the terminal
}

// show tells the progress of the operations that run.
func (p *progress) show(all []api.Operation, now time.Time) {
	text := progressText(all)
	_, terminal := p.out.(colourWriter)
	switch {
	case text == "":
	case terminal:
		line := progressBar(all) + " " + text
		fmt.Fprintf(p.out, "\r%-*s", p.shown, line)
		p.shown = len([]rune(line))
	case now.Sub(p.told) >= progressEvery:
		fmt.Fprintln(p.out, text)
		p.told = now
	}
}

// end takes the bar off the terminal, before something else is written.
func (p *progress) end() {
	if p.shown > 0 {
		fmt.Fprintf(p.out, "\r%*s\r", p.shown, "")
		p.shown = 0
	}
}

// progressText adds up the operations that run; empty: none does.
func progressText(all []api.Operation) string {
	var partitions, bytes api.Amount
	var rate float64
	var left int64
	running := false
	for _, o := range all {
		if o.State != operationRunning {
			continue
		}
		running = true
		partitions.Done, partitions.Total = partitions.Done+o.Partitions.Done, partitions.Total+o.Partitions.Total
		bytes.Done += o.Bytes.Done
		rate += o.BytesPerSecond
		left = max(left, o.LeftMillis)
	}
	if !running {
		return ""
	}
	text := fmt.Sprintf("%s partitions, %s, %s/s", amount(partitions), size(bytes.Done), size(int64(rate)))
	if left > 0 {
		text += ", " + leftText(api.Operation{LeftMillis: left}) + " left"
	}
	return text
}

// progressBar draws the share of the partitions that are done.
func progressBar(all []api.Operation) string {
	const width = 20
	var done, total int64
	for _, o := range all {
		if o.State == operationRunning {
			done, total = done+o.Partitions.Done, total+o.Partitions.Total
		}
	}
	full := 0
	if total > 0 {
		full = int(min(done, total) * width / total)
	}
	return "[" + strings.Repeat("#", full) + strings.Repeat("-", width-full) + "]"
}
