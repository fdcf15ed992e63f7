package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// benchReport is what `quorate bench --json` prints.
type benchReport struct {
	Machine   string   `json:"machine"`
	Program   string   `json:"program"`
	Settings  string   `json:"settings"`
	Generator string   `json:"generator"`
	Results   []result `json:"results"`
}

func (b *benchCmd) report(con console, results []result) error {
	generator := "quorate"
	if load, err := b.generator(); err == nil {
		if _, theirs := load.(*redisLoad); theirs {
			generator = "redis-benchmark"
		}
	}
	r := benchReport{
		Machine: machine(), Program: version(), Generator: generator, Results: results,
		Settings: fmt.Sprintf("%d nodes, %s, %d clients, %d requests, values of %d bytes, %d keys",
			b.Nodes, b.Durability, b.Clients, b.Requests, b.ValueSize, b.Keys),
	}
	if b.JSON {
		out := json.NewEncoder(con.out)
		out.SetIndent("", "  ")
		return out.Encode(r)
	}
	fmt.Fprintf(con.out, "%s\n%s\nload by %s\n\n", r.Machine, r.Settings, r.Generator)
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

// machine names what the figures were taken on.
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
	return fmt.Sprintf("%d cores of %s, %s, with the load's generator on it", runtime.NumCPU(), model, runtime.GOOS)
}

// tick is the unit of /proc: fixed at 100 a second for all who read it.
const tick = 10 * time.Millisecond

// processTime is what a process has used, in user and kernel mode. It is known on
// Linux only.
func processTime(pid int) (time.Duration, bool) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, false
	}
	_, rest, _ := strings.Cut(string(raw), ") ") // the name may hold blanks
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, false
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	kernel, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+kernel) * tick, err1 == nil && err2 == nil
}

// machineTime is how much time of the machine's was stolen by others, and all of
// it, in ticks; zeros where that is not known.
func machineTime() (stolen, total int64) {
	raw, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	for i, word := range strings.Fields(line) {
		n, _ := strconv.ParseInt(word, 10, 64)
		if i >= 1 && i <= 8 {
			total += n
		}
		if i == 8 {
			stolen = n
		}
	}
	return stolen, total
}
