package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"
)

// benchCmd is `quorate bench`.
type benchCmd struct {
	Nodes      int    `default:"3" min:"1" max:"9" help:"Nodes of the cluster that is started, each a process of its own."`
	Tests      listOf `default:"set,get" placeholder:"NAME,…" help:"What to run, in this order: set, get, incr, mset (of ten keys)."`
	Pipelines  listOf `default:"1,16" placeholder:"P,…" help:"Commands that a client sends before it waits."`
	Requests   int    `default:"100000" min:"100" max:"10000000" help:"Commands of each run."`
	Clients    int    `default:"50" min:"1" max:"1000" help:"Connections."`
	ValueSize  int    `default:"100" min:"1" max:"1048576" help:"Bytes of each value."`
	Keys       int    `default:"100000" min:"1" max:"100000000" help:"Keys that are drawn from, evenly."`
	Rounds     int    `default:"5" min:"1" max:"99" help:"Runs of each kind, taken in turns after one that does not count; the median does."`
	Steal      int    `default:"8" min:"0" max:"100" help:"Percent of the machine's time that other machines may take; a run with more does not count and is repeated, twice at the most."`
	Durability string `default:"interval" oneof:"always,interval" help:"As for 'quorate server'."`
	Rate       int    `default:"0" min:"0" max:"10000000" help:"Requests a second of all clients together, sent when they are due; 0: each client sends as soon as it has its replies."`
	Entry      string `default:"one" oneof:"one,all" help:"Which nodes the clients talk to: one of them, or all, evenly."`
	Redis      bool   `help:"Run Redis beside it: a master and replicas; a WAIT for one of them after each write, and again with one WAIT for a whole pipeline."`
	Olric      bool   `help:"Run Olric beside it, as many members, from the olric-server that is found on the PATH: two replicas, read and write quorums of two."`
	Generator  string `default:"auto" oneof:"auto,own,redis-benchmark" help:"Who makes the load: 'redis-benchmark', or this program, which knows rates, WAIT and Olric; 'auto' takes redis-benchmark where it is installed and suffices."`
	JSON       bool   `help:"Print JSON instead of a table."`
}

// workload is one kind of run.
type workload struct {
	Test     string `json:"test"`
	Pipeline int    `json:"pipeline"`
}

// result is one run, or the median of several.
type result struct {
	System string `json:"system"`
	workload
	PerSecond float64  `json:"requests_per_second"`
	P50       float64  `json:"p50_ms"`
	P99       float64  `json:"p99_ms"`
	P999      float64  `json:"p999_ms"`
	CPU       *float64 `json:"cpu_us_per_request"` // of all the system's processes, user and kernel; nil: not known here
	Runs      int      `json:"runs"`
	Noisy     int      `json:"noisy_runs"` // of those: kept for lack of better ones
}

// generator makes the load of one run.
type generator interface {
	run(ctx context.Context, c contender, w workload) (result, error)
}

// contender is a system under load and the way it is spoken to.
type contender struct {
	name string
	*target
	speak dialect
}

// dialect is what the generator says to a system.
type dialect struct {
	olric bool // DM.PUT and its like instead of SET
	wait  wait
}

// wait says when a write is followed by Redis's WAIT for one replica, which makes
// it a quorum's.
type wait int

const (
	waitNever wait = iota
	waitPipeline
	waitEach
)

// contends reports whether a workload shows anything that another dialect of the
// same system does not.
func (c contender) contends(w workload) bool {
	switch {
	case c.speak.olric:
		// It has no MSET, and no INCR of a key that is not there with a read quorum.
		return w.Test == "set" || w.Test == "get"
	case c.speak.wait == waitPipeline:
		return w.Pipeline > 1 && w.Test != "get"
	}
	return true
}

// Run implements the command.
func (b *benchCmd) Run(ctx context.Context, con console) (err error) {
	works, err := b.workloads()
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	load, err := b.generator()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "quorate-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var contenders []contender
	var targets []*target
	defer func() {
		for _, t := range targets {
			err = errors.Join(err, t.stop())
		}
	}()
	enter := func(start func(context.Context, string) (*target, error), as ...contender) error {
		t, err := start(ctx, dir)
		if t != nil {
			targets = append(targets, t)
		}
		for _, c := range as {
			c.target = t
			contenders = append(contenders, c)
		}
		return err
	}
	if err := enter(b.startQuorate, contender{name: "quorate"}); err != nil {
		return err
	}
	if b.Redis {
		if err := enter(b.startRedis, contender{name: "redis", speak: dialect{wait: waitEach}},
			contender{name: "redis, one WAIT a pipeline", speak: dialect{wait: waitPipeline}}); err != nil {
			return err
		}
	}
	if b.Olric {
		if err := enter(b.startOlric, contender{name: "olric", speak: dialect{olric: true}}); err != nil {
			return err
		}
	}
	results, err := b.measure(ctx, con, load, contenders, works)
	if err != nil {
		return err
	}
	return b.report(con, results)
}

// workloads are the kinds of runs, each test with each pipeline.
func (b *benchCmd) workloads() (all []workload, err error) {
	for _, test := range b.Tests {
		if !slices.Contains([]string{"set", "get", "incr", "mset"}, test) {
			return nil, fmt.Errorf("test %q: must be set, get, incr or mset", test)
		}
		for _, word := range b.Pipelines {
			var p int
			if _, err := fmt.Sscan(word, &p); err != nil || p < 1 || p > 1000 {
				return nil, fmt.Errorf("pipeline %q: must be a number from 1 to 1000", word)
			}
			all = append(all, workload{Test: test, Pipeline: p})
		}
	}
	return all, nil
}

func (b *benchCmd) generator() (generator, error) {
	path, err := exec.LookPath("redis-benchmark")
	switch {
	case b.Generator == "own" || b.Generator == "auto" && (err != nil || b.ownOnly()):
		return &ownLoad{benchCmd: b}, nil
	case b.ownOnly():
		return nil, fmt.Errorf("%w: redis-benchmark knows no rate, one entry, no WAIT and no Olric: leave out --generator", errUsage)
	case err != nil:
		return nil, fmt.Errorf("%w: %w (Debian: redis-tools)", errUsage, err)
	}
	return &redisLoad{benchCmd: b, path: path}, nil
}

// ownOnly reports whether redis-benchmark cannot make the load that is asked for.
func (b *benchCmd) ownOnly() bool {
	return b.Redis || b.Olric || b.Rate > 0 || b.Entry == "all"
}

// mostRepeats bounds how often a noisy run is repeated.
const mostRepeats = 2

// measure takes the rounds in turns, so that what changes on the machine changes
// for all.
func (b *benchCmd) measure(ctx context.Context, con console, load generator, contenders []contender, works []workload) ([]result, error) {
	type kind struct {
		system string
		workload
	}
	runs := make(map[kind][]result)
	if slices.Contains(b.Tests, "get") {
		for _, c := range contenders {
			if err := (&ownLoad{benchCmd: b}).fill(ctx, c); err != nil {
				return nil, fmt.Errorf("%s: fill: %w", c.name, err)
			}
		}
	}
	for round := range b.Rounds + 1 { // the first warms all up, and does not count
		for _, w := range works {
			for _, c := range contenders {
				if !c.contends(w) {
					continue
				}
				var r result
				for repeat := 0; ; repeat++ {
					var noise float64
					var err error
					if r, noise, err = b.runOnce(ctx, load, c, w); err != nil {
						return nil, fmt.Errorf("%s, %s with pipelines of %d: %w", c.name, w.Test, w.Pipeline, err)
					}
					if round == 0 || noise <= float64(b.Steal) {
						break
					}
					if repeat == mostRepeats {
						r.Noisy = 1
						break
					}
				}
				if round == 0 {
					continue
				}
				fmt.Fprintf(con.err, "round %d of %d: %s %s P=%d: %.0f/s\n", round, b.Rounds, c.name, w.Test, w.Pipeline, r.PerSecond)
				k := kind{c.name, w}
				runs[k] = append(runs[k], r)
			}
		}
	}
	var all []result
	for _, w := range works {
		for _, c := range contenders {
			if c.contends(w) {
				all = append(all, median(runs[kind{c.name, w}]))
			}
		}
	}
	return all, nil
}

// runOnce is one run, with the share of the machine's time, in percent, that was
// stolen meanwhile.
func (b *benchCmd) runOnce(ctx context.Context, load generator, c contender, w workload) (r result, noise float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	before, known := c.cpu()
	stolen, total := machineTime()
	if r, err = load.run(ctx, c, w); err != nil {
		return r, 0, err
	}
	r.System, r.workload, r.Runs = c.name, w, 1
	if after, still := c.cpu(); known && still {
		us := float64((after - before).Microseconds()) / float64(b.Requests)
		r.CPU = &us
	}
	if s, all := machineTime(); all > total {
		noise = 100 * float64(s-stolen) / float64(all-total)
	}
	return r, noise, nil
}

// median takes each figure's.
func median(runs []result) result {
	middle := func(figure func(result) float64) float64 {
		all := make([]float64, len(runs))
		for i, r := range runs {
			all[i] = figure(r)
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	m := runs[0]
	m.PerSecond = middle(func(r result) float64 { return r.PerSecond })
	m.P50 = middle(func(r result) float64 { return r.P50 })
	m.P99 = middle(func(r result) float64 { return r.P99 })
	m.P999 = middle(func(r result) float64 { return r.P999 })
	if m.CPU != nil {
		us := middle(func(r result) float64 { return *cmp.Or(r.CPU, m.CPU) })
		m.CPU = &us
	}
	m.Runs = len(runs)
	m.Noisy = 0
	for _, r := range runs {
		m.Noisy += r.Noisy
	}
	return m
}
