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

// benchmark is the command line: what is measured, against whom, and how.
type benchmark struct {
	Quorate    string `type:"path" placeholder:"PATH" help:"The quorate program to measure; default: the one beside this program, or on the PATH, or one that is built with 'go build'."`
	Nodes      int    `default:"3" help:"Nodes of the cluster that is started, one process each."`
	Tests      words  `default:"set,get" placeholder:"NAME,…" help:"What to run, in this order: set, get, incr, mset (of ten keys), hset, hget, hgetall, sadd, sismember, smembers, zadd, zrangebyscore (of ten members), lpush, lpop, xadd (which trims)."`
	Pipelines  words  `default:"1,16" placeholder:"P,…" help:"Commands that a client sends before it waits."`
	Requests   int    `default:"100000" help:"Commands of each run."`
	Clients    int    `default:"50" help:"Connections."`
	ValueSize  int    `default:"100" help:"Bytes of each value."`
	Keys       int    `default:"100000" help:"Number of keys, drawn from evenly."`
	Elements   int    `default:"10" help:"Elements of each hash, set, sorted set and list. Streams are trimmed to about as many."`
	Rounds     int    `default:"5" help:"Runs of each kind, in turns, after one warm-up run; the median is reported."`
	Steal      int    `default:"8" help:"Percent of the CPU time that other virtual machines may take; a run that lost more is repeated, twice at most."`
	Durability string `default:"interval" enum:"always,interval" help:"The nodes' --durability."`
	Rate       int    `default:"0" help:"Requests per second of all clients together, sent on schedule; 0: each client sends as soon as it has its replies."`
	Entry      string `default:"one" enum:"one,all" help:"Which nodes the clients connect to: one, or all evenly."`
	Redis      bool   `help:"Run Redis too: a master and two replicas; WAIT for one replica after each write, and again with one WAIT per pipeline."`
	Olric      bool   `help:"Run Olric too, with the same number of members and quorums of two; olric-server must be on the PATH."`
	Generator  string `default:"auto" enum:"auto,own,redis-benchmark" help:"Source of the load: 'redis-benchmark', or 'own', which supports rates, WAIT and Olric; 'auto' takes redis-benchmark where it is installed and sufficient."`
	JSON       bool   `help:"Print JSON instead of a table."`
}

// workload is one kind of run: a test with a pipeline length.
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
	CPU       *float64 `json:"cpu_us_per_request"` // of all the system's processes, user and kernel; nil where unknown
	Runs      int      `json:"runs"`
	Noisy     int      `json:"noisy_runs"` // runs among them that stayed noisy after the repeats
}

// generator makes the load of one run.
type generator interface {
	run(ctx context.Context, c contender, w workload) (result, error)
}

// contender is a system under load and the commands it is sent.
type contender struct {
	name string
	*target
	commands dialect
}

// dialect selects the commands that a system is sent.
type dialect struct {
	olric bool // DM.PUT, DM.GET, DM.INCR instead of SET, GET, INCR
	wait  wait
}

// wait selects after which writes Redis's WAIT for one replica follows. With it
// a write is on two of three nodes, as with a quorum of two.
type wait int

const (
	waitNever wait = iota
	waitPipeline
	waitEach
)

// runs reports whether the contender runs a workload: its system must support it, and
// the result must differ from that of the system's other dialects.
func (c contender) runs(w workload) bool {
	switch {
	case c.commands.olric:
		// Olric has no MSET, and its INCR of a missing key fails with a read quorum.
		return w.Test == "set" || w.Test == "get"
	case c.commands.wait == waitPipeline:
		t, err := testOf(w.Test)
		return err == nil && w.Pipeline > 1 && !t.reads
	}
	return true
}

// Validate reports every number that is out of bounds. kong calls it.
func (b *benchmark) Validate() error {
	var faults []error
	for _, f := range []struct {
		name                   string
		value, lowest, highest int
	}{
		{"nodes", b.Nodes, 1, 9},
		{"requests", b.Requests, 100, 10000000},
		{"clients", b.Clients, 1, 1000},
		{"value-size", b.ValueSize, 1, 1048576},
		{"keys", b.Keys, 1, 100000000},
		{"elements", b.Elements, 1, 100000},
		{"rounds", b.Rounds, 1, 99},
		{"steal", b.Steal, 0, 100},
		{"rate", b.Rate, 0, 10000000},
	} {
		if f.value < f.lowest || f.value > f.highest {
			faults = append(faults, fmt.Errorf("--%s is %d, must be from %d to %d", f.name, f.value, f.lowest, f.highest))
		}
	}
	return errors.Join(faults...)
}

// Run starts the contenders, measures them, and prints the report.
func (b *benchmark) Run(ctx context.Context, con console) (err error) {
	workloads, err := b.workloads()
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
	program, err := findQuorate(ctx, b.Quorate, dir)
	if err != nil {
		return err
	}
	var contenders []contender
	var targets []*target
	defer func() {
		for _, t := range targets {
			err = errors.Join(err, t.stop())
		}
	}()
	add := func(start func(context.Context, string) (*target, error), as ...contender) error {
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
	start := func(ctx context.Context, dir string) (*target, error) { return b.startQuorate(ctx, program, dir) }
	if err := add(start, contender{name: "quorate"}); err != nil {
		return err
	}
	if b.Redis {
		if err := add(b.startRedis, contender{name: "redis", commands: dialect{wait: waitEach}},
			contender{name: "redis, one WAIT a pipeline", commands: dialect{wait: waitPipeline}}); err != nil {
			return err
		}
	}
	if b.Olric {
		if err := add(b.startOlric, contender{name: "olric", commands: dialect{olric: true}}); err != nil {
			return err
		}
	}
	results, err := b.measure(ctx, con, load, contenders, workloads)
	if err != nil {
		return err
	}
	return b.report(ctx, con, program, results)
}

// workloads returns every test with every pipeline length.
func (b *benchmark) workloads() (all []workload, err error) {
	for _, test := range b.Tests {
		if _, err := testOf(test); err != nil {
			return nil, err
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

// generator chooses the source of the load.
func (b *benchmark) generator() (generator, error) {
	path, err := exec.LookPath("redis-benchmark")
	switch {
	case b.Generator == "own" || b.Generator == "auto" && (err != nil || b.ownOnly()):
		return &ownLoad{benchmark: b}, nil
	case b.ownOnly():
		return nil, fmt.Errorf("%w: redis-benchmark supports neither --rate, --entry all, --redis, --olric nor tests of collections: leave out --generator", errUsage)
	case err != nil:
		return nil, fmt.Errorf("%w: %w (Debian: redis-tools)", errUsage, err)
	}
	return &redisLoad{benchmark: b, path: path}, nil
}

// ownOnly reports whether the settings ask for a load that redis-benchmark cannot
// make.
func (b *benchmark) ownOnly() bool {
	foreign := slices.ContainsFunc(b.Tests, func(name string) bool { t, err := testOf(name); return err == nil && t.foreign })
	return foreign || b.Redis || b.Olric || b.Rate > 0 || b.Entry == "all"
}

// maxRepeats bounds how often a noisy run is repeated.
const maxRepeats = 2

// measure runs all contenders in turns, round by round, so that a change of the
// machine's speed affects all of them.
func (b *benchmark) measure(ctx context.Context, con console, load generator, contenders []contender, workloads []workload) ([]result, error) {
	type kind struct {
		system string
		workload
	}
	runs := make(map[kind][]result)
	for _, c := range contenders {
		if err := (&ownLoad{benchmark: b}).fillAll(ctx, c, workloads); err != nil {
			return nil, fmt.Errorf("%s: fill: %w", c.name, err)
		}
	}
	for round := range b.Rounds + 1 { // round 0 warms up
		for _, w := range workloads {
			for _, c := range contenders {
				if !c.runs(w) {
					continue
				}
				var r result
				for repeat := 0; ; repeat++ {
					var noise float64
					var err error
					if r, noise, err = b.runOnce(ctx, load, c, w); err != nil {
						return nil, fmt.Errorf("%s, %s pipeline %d: %w", c.name, w.Test, w.Pipeline, err)
					}
					if round == 0 || noise <= float64(b.Steal) {
						break
					}
					if repeat == maxRepeats {
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
	for _, w := range workloads {
		for _, c := range contenders {
			if c.runs(w) {
				all = append(all, median(runs[kind{c.name, w}]))
			}
		}
	}
	return all, nil
}

// runOnce measures one run. noise is the percentage of CPU time that other virtual
// machines took meanwhile.
func (b *benchmark) runOnce(ctx context.Context, load generator, c contender, w workload) (r result, noise float64, err error) {
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

// median returns the median of each figure.
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
