package main

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"regexp"
	"strconv"
)

// redisLoad makes the load with redis-benchmark.
type redisLoad struct {
	*benchmark
	path string
}

func (l *redisLoad) run(ctx context.Context, c contender, w workload) (result, error) {
	host, port, err := net.SplitHostPort(c.addrs[0])
	if err != nil {
		return result{}, err
	}
	cmd := exec.CommandContext(ctx, l.path, "-h", host, "-p", port, "-t", w.Test, "-P", strconv.Itoa(w.Pipeline),
		"-n", strconv.Itoa(l.Requests), "-c", strconv.Itoa(l.Clients), "-d", strconv.Itoa(l.ValueSize), "-r", strconv.Itoa(l.Keys))
	out, err := cmd.CombinedOutput()
	if err != nil {
		return result{}, fmt.Errorf("redis-benchmark: %w\n%s", err, out)
	}
	return parseRedisBenchmark(string(out))
}

var (
	throughputLine = regexp.MustCompile(`throughput summary: ([0-9.]+) requests per second`)
	percentileLine = regexp.MustCompile(`([0-9.]+)% <= ([0-9.]+) milliseconds`)
)

// parseRedisBenchmark reads the output of redis-benchmark for one test.
func parseRedisBenchmark(out string) (r result, err error) {
	rate := throughputLine.FindStringSubmatch(out)
	if rate == nil {
		return r, fmt.Errorf("redis-benchmark printed no throughput:\n%s", out)
	}
	r.PerSecond, _ = strconv.ParseFloat(rate[1], 64)
	// The first line that reaches a percentile counts: later lines of the same
	// form belong to another, cumulative histogram.
	found := [3]bool{}
	for _, line := range percentileLine.FindAllStringSubmatch(out, -1) {
		share, _ := strconv.ParseFloat(line[1], 64)
		ms, _ := strconv.ParseFloat(line[2], 64)
		for i, p := range []struct {
			share float64
			to    *float64
		}{{50, &r.P50}, {99, &r.P99}, {99.9, &r.P999}} {
			if !found[i] && share >= p.share {
				*p.to, found[i] = ms, true
			}
		}
	}
	return r, nil
}
