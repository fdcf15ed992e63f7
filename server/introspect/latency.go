package introspect

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/cluster/core/histogram"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/command"
)

// latencySamples is the number of samples that are kept of each event.
const latencySamples = 160

// Latency keeps samples of the commands that took latency-monitor-threshold or longer.
// They belong to Redis's events: "command", and "fast-command" for the commands with the
// flag fast. There is one sample a second, of the slowest command.
type Latency struct {
	Threshold atomic.Int64 // milliseconds; 0: no samples are kept
	mu        struct {
		sync.Mutex
		events map[string][]latencySample // oldest first
		most   map[string]int64           // ms, since the last reset
	}
}

type latencySample struct {
	second int64 // unix
	millis int64
}

// Slow reports whether a command took long enough for a sample.
func (l *Latency) Slow(took time.Duration) bool {
	threshold := l.Threshold.Load()
	return threshold > 0 && took.Milliseconds() >= threshold
}

// Add adds the sample of a slow command; r is nil if the command is not known.
func (l *Latency) Add(r *command.Row, at time.Time, took time.Duration) {
	event := "command"
	if r != nil && r.Fast() {
		event = "fast-command"
	}
	sample := latencySample{second: at.Unix(), millis: took.Milliseconds()}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mu.events == nil {
		l.mu.events, l.mu.most = make(map[string][]latencySample), make(map[string]int64)
	}
	l.mu.most[event] = max(l.mu.most[event], sample.millis)
	list := l.mu.events[event]
	if last := len(list) - 1; last >= 0 && list[last].second == sample.second {
		list[last].millis = max(list[last].millis, sample.millis)
		return
	}
	if len(list) == latencySamples {
		list = slices.Delete(list, 0, 1)
	}
	l.mu.events[event] = append(list, sample)
}

// history returns a copy of the samples of an event.
func (l *Latency) history(event string) []latencySample {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.mu.events[event])
}

// latest returns the events by name, each with its last sample and its slowest.
func (l *Latency) latest() (list []latencyEvent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(l.mu.events)) {
		samples := l.mu.events[name]
		list = append(list, latencyEvent{name: name, last: samples[len(samples)-1], most: l.mu.most[name], samples: len(samples)})
	}
	return list
}

type latencyEvent struct {
	name    string
	last    latencySample
	most    int64 // ms
	samples int
}

// reset drops the samples of an event, and reports whether there were any.
func (l *Latency) reset(event string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, known := l.mu.events[event]
	delete(l.mu.events, event)
	delete(l.mu.most, event)
	return known
}

func (f *Family) runLatencyLatest(_ context.Context, c *command.Call) {
	events := f.Latency.latest()
	c.Out.Array(len(events))
	for _, e := range events {
		c.Out.Array(4)
		c.Out.Text(e.name)
		c.Out.Int(e.last.second)
		c.Out.Int(e.last.millis)
		c.Out.Int(e.most)
	}
}

func (f *Family) runLatencyHistory(_ context.Context, c *command.Call) {
	samples := f.Latency.history(string(c.Args[2]))
	c.Out.Array(len(samples))
	for _, sample := range samples {
		c.Out.Array(2)
		c.Out.Int(sample.second)
		c.Out.Int(sample.millis)
	}
}

// runLatencyReset serves LATENCY RESET [event …]. It answers with the number of events
// that had samples.
func (f *Family) runLatencyReset(_ context.Context, c *command.Call) {
	var names []string
	for _, arg := range c.Args[2:] {
		names = append(names, string(arg))
	}
	if len(names) == 0 {
		for _, e := range f.Latency.latest() {
			names = append(names, e.name)
		}
	}
	dropped := int64(0)
	for _, name := range names {
		if f.Latency.reset(name) {
			dropped++
		}
	}
	c.Out.Int(dropped)
}

// runLatencyGraph serves LATENCY GRAPH event. It draws a bar for each sample.
func (f *Family) runLatencyGraph(_ context.Context, c *command.Call) {
	event := string(c.Args[2])
	samples := f.Latency.history(event)
	if len(samples) == 0 {
		c.Out.Error("ERR No samples available for event '" + command.Cut(c.Args[2]) + "'")
		return
	}
	const width = 50
	most := int64(1)
	for _, sample := range samples {
		most = max(most, sample.millis)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s: %d samples, at most %d ms\n", event, len(samples), most)
	now := c.Node.Now().Unix()
	for _, sample := range samples {
		fmt.Fprintf(&text, "%8ds ago %6d ms %s\n", now-sample.second, sample.millis, strings.Repeat("#", int(max(1, sample.millis*width/most))))
	}
	c.Out.Verbatim(text.String())
}

// runLatencyDoctor serves LATENCY DOCTOR. It tells what was slow, and where to look.
func (f *Family) runLatencyDoctor(_ context.Context, c *command.Call) {
	l := f.Latency
	events := l.latest()
	var text strings.Builder
	switch {
	case l.Threshold.Load() == 0 && len(events) == 0:
		text.WriteString("Nothing is watched. CONFIG SET latency-monitor-threshold <milliseconds> keeps samples of what takes longer than that.\n")
	case len(events) == 0:
		fmt.Fprintf(&text, "No command took %d ms or longer.\n", l.Threshold.Load())
	}
	for _, e := range events {
		fmt.Fprintf(&text, "%s: %d seconds with slow commands, the last %d s ago with %d ms; the slowest took %d ms.\n",
			e.name, e.samples, c.Node.Now().Unix()-e.last.second, e.last.millis, e.most)
	}
	if len(events) > 0 {
		text.WriteString("SLOWLOG GET shows which commands they were. DYNAMO TRACE shows which node a request waits for; " +
			"with --durability always a write waits for the disks of W nodes.\n")
	}
	c.Out.Verbatim(text.String())
}

// runLatencyHistogram serves LATENCY HISTOGRAM [command …]. For each command that was
// called it shows how many calls took less than each of some numbers of microseconds.
func (f *Family) runLatencyHistogram(_ context.Context, c *command.Call) {
	list := c.Node.Table.All()
	if len(c.Args) > 2 {
		list = nil
		for _, name := range c.Args[2:] {
			if r := c.Node.Table.FindFull(name); r != nil {
				list = append(list, r)
				for i := range r.Subcommands {
					list = append(list, &r.Subcommands[i])
				}
			}
		}
	}
	type called struct {
		row  *command.Row
		took histogram.Counts
	}
	var all []called
	for _, r := range list {
		n := called{row: r}
		f.Counters.commands[r.Index()].latency.Add(&n.took)
		if n.took.Total() > 0 {
			all = append(all, n)
		}
	}
	c.Out.Map(len(all))
	for i := range all {
		c.Out.Text(all[i].row.Full())
		replyHistogram(c, &all[i].took)
	}
}

// longestPower is the last bound shown, in powers of two of microseconds: 67 s.
const longestPower = 26

func replyHistogram(c *command.Call, took *histogram.Counts) {
	type point struct{ micros, count int64 }
	var points []point
	total, last := int64(took.Total()), int64(0)
	took.Powers(number.Range[int]{Most: longestPower}, func(below time.Duration, n uint64) {
		if int64(n) > last {
			last = int64(n)
			points = append(points, point{below.Microseconds(), last})
		}
	})
	c.Out.Map(2)
	c.Out.Text("calls")
	c.Out.Int(total)
	c.Out.Text("histogram_usec")
	c.Out.Map(len(points))
	for _, p := range points {
		c.Out.Int(p.micros)
		c.Out.Int(p.count)
	}
}
