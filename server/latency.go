package server

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
)

// latencySamples is how many samples are kept of an event.
const latencySamples = 160

// latency remembers when commands took longer than latency-monitor-threshold.
// Events are Redis's: "command", and "fast-command" for those that should never
// take long. A second has one sample, the slowest.
type latency struct {
	threshold atomic.Int64 // milliseconds; 0: nothing is remembered
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

func (l *latency) slow(took time.Duration) bool {
	threshold := l.threshold.Load()
	return threshold > 0 && took.Milliseconds() >= threshold
}

func (l *latency) add(c *command, at time.Time, took time.Duration) {
	event := "command"
	if c != nil && c.fast {
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

// history is a copy of what is kept of an event.
func (l *latency) history(event string) []latencySample {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.mu.events[event])
}

// latest lists the events in order, each with its last sample and its slowest.
func (l *latency) latest() (list []latencyEvent) {
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

// reset forgets an event, and tells whether there was anything to forget.
func (l *latency) reset(event string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, known := l.mu.events[event]
	delete(l.mu.events, event)
	delete(l.mu.most, event)
	return known
}

func runLatencyLatest(_ context.Context, s *session, _ *command, _ [][]byte) {
	events := s.server.latency.latest()
	s.out.Array(len(events))
	for _, e := range events {
		s.out.Array(4)
		s.out.Text(e.name)
		s.out.Int(e.last.second)
		s.out.Int(e.last.millis)
		s.out.Int(e.most)
	}
}

func runLatencyHistory(_ context.Context, s *session, _ *command, args [][]byte) {
	samples := s.server.latency.history(string(args[2]))
	s.out.Array(len(samples))
	for _, sample := range samples {
		s.out.Array(2)
		s.out.Int(sample.second)
		s.out.Int(sample.millis)
	}
}

// runLatencyReset serves LATENCY RESET [event …]: how many were forgotten.
func runLatencyReset(_ context.Context, s *session, _ *command, args [][]byte) {
	var names []string
	for _, arg := range args[2:] {
		names = append(names, string(arg))
	}
	if len(names) == 0 {
		for _, e := range s.server.latency.latest() {
			names = append(names, e.name)
		}
	}
	forgotten := int64(0)
	for _, name := range names {
		forgotten += int64(b2b(s.server.latency.reset(name)))
	}
	s.out.Int(forgotten)
}

// runLatencyGraph serves LATENCY GRAPH event: a bar for each sample.
func runLatencyGraph(_ context.Context, s *session, _ *command, args [][]byte) {
	event := string(args[2])
	samples := s.server.latency.history(event)
	if len(samples) == 0 {
		s.out.Error("ERR No samples available for event '" + cut(args[2]) + "'")
		return
	}
	const width = 50
	most := int64(1)
	for _, sample := range samples {
		most = max(most, sample.millis)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s: %d samples, at most %d ms\n", event, len(samples), most)
	now := s.server.cfg.Now().Unix()
	for _, sample := range samples {
		fmt.Fprintf(&text, "%8ds ago %6d ms %s\n", now-sample.second, sample.millis, strings.Repeat("#", int(max(1, sample.millis*width/most))))
	}
	s.out.Verbatim(text.String())
}

// runLatencyDoctor serves LATENCY DOCTOR: what was slow, and where to look.
func runLatencyDoctor(_ context.Context, s *session, _ *command, _ [][]byte) {
	l := &s.server.latency
	events := l.latest()
	var text strings.Builder
	switch {
	case l.threshold.Load() == 0 && len(events) == 0:
		text.WriteString("Nothing is watched. CONFIG SET latency-monitor-threshold <milliseconds> remembers what takes longer than that.\n")
	case len(events) == 0:
		fmt.Fprintf(&text, "No command took %d ms or longer.\n", l.threshold.Load())
	}
	for _, e := range events {
		fmt.Fprintf(&text, "%s: %d slow seconds are remembered, the last %d s ago with %d ms; the slowest took %d ms.\n",
			e.name, e.samples, s.server.cfg.Now().Unix()-e.last.second, e.last.millis, e.most)
	}
	if len(events) > 0 {
		text.WriteString("SLOWLOG GET shows which commands they were. DYNAMO TRACE shows which node a request waits for; " +
			"with --durability always a write waits for the disks of W nodes.\n")
	}
	s.out.Verbatim(text.String())
}

// runLatencyHistogram serves LATENCY HISTOGRAM [command …]: for each command that
// was called, how many calls took no longer than so many microseconds.
func runLatencyHistogram(_ context.Context, s *session, _ *command, args [][]byte) {
	list := s.server.table.counted
	if len(args) > 2 {
		list = nil
		for _, name := range args[2:] {
			if c := s.server.table.findFull(name); c != nil {
				list = append(list, c)
				for i := range c.subcommands {
					list = append(list, &c.subcommands[i])
				}
			}
		}
	}
	type called struct {
		command *command
		took    histogram.Counts
	}
	var all []called
	for _, c := range list {
		n := called{command: c}
		s.server.counters.commands[c.index].latency.Add(&n.took)
		if n.took.Total() > 0 {
			all = append(all, n)
		}
	}
	s.out.Map(len(all))
	for i := range all {
		s.out.Text(all[i].command.full)
		s.replyHistogram(&all[i].took)
	}
}

// longestPower is the last bound shown, in powers of two of microseconds: 67 s.
const longestPower = 26

func (s *session) replyHistogram(took *histogram.Counts) {
	type point struct{ micros, count int64 }
	var points []point
	total, last := int64(took.Total()), int64(0)
	took.Powers(0, longestPower, func(below time.Duration, n uint64) {
		if int64(n) > last {
			last = int64(n)
			points = append(points, point{below.Microseconds(), last})
		}
	})
	s.out.Map(2)
	s.out.Text("calls")
	s.out.Int(total)
	s.out.Text("histogram_usec")
	s.out.Map(len(points))
	for _, p := range points {
		s.out.Int(p.micros)
		s.out.Int(p.count)
	}
}
