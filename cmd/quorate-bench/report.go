package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"text/tabwriter"
)

// reportBody is the output of --json.
type reportBody struct {
	Machine   string   `json:"machine"`
	Program   string   `json:"program"`
	Settings  string   `json:"settings"`
	Generator string   `json:"generator"`
	Results   []result `json:"results"`
}

// report prints the results as a table or as JSON.
func (b *benchmark) report(ctx context.Context, con console, program string, results []result) error {
	generator := "quorate-bench"
	if load, err := b.generator(); err == nil {
		if _, ok := load.(*redisLoad); ok {
			generator = "redis-benchmark"
		}
	}
	r := reportBody{
		Machine: machine(), Program: versionOf(ctx, program), Generator: generator, Results: results,
		Settings: fmt.Sprintf("%d nodes, %s, %d clients, %d requests, values of %d bytes, %d keys",
			b.Nodes, b.Durability, b.Clients, b.Requests, b.ValueSize, b.Keys),
	}
	if b.JSON {
		out := json.NewEncoder(con.out)
		out.SetIndent("", "  ")
		return out.Encode(r)
	}
	fmt.Fprintf(con.out, "%s\n%s\nload from %s\n\n", r.Machine, r.Settings, r.Generator)
	w := tabwriter.NewWriter(con.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "system\ttest\tP\trequests/s\tp50 ms\tp99 ms\tp99.9 ms\tCPU us\truns\tnoisy\t")
	for _, r := range results {
		used := "-"
		if r.CPU != nil {
			used = strconv.FormatFloat(*r.CPU, 'f', 1, 64)
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%.0f\t%.2f\t%.2f\t%.2f\t%s\t%d\t%d\t\n",
			r.System, r.Test, r.Pipeline, r.PerSecond, r.P50, r.P99, r.P999, used, r.Runs, r.Noisy)
	}
	return w.Flush()
}

// machine describes the machine that the figures were taken on.
func machine() string {
	model := runtime.GOARCH
	if f, err := os.Open("/proc/cpuinfo"); err == nil {
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if name, value, _ := strings.Cut(lines.Text(), ":"); strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%d cores of %s, %s, which also ran the load generator", runtime.NumCPU(), model, runtime.GOOS)
}
