package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestTools_RedisCLI_Modes tries redis-cli's modes against a cluster.
func TestTools_RedisCLI_Modes(t *testing.T) {
	withoutDetector(t)
	path := tool(t, "redis-cli")
	f := newFleet(t, 3)
	a, b := f.nodes[0], f.nodes[1]
	var mset []string
	for i := range 100 {
		mset = append(mset, fmt.Sprintf("key:%d", i), strings.Repeat("x", i+1))
	}
	if got := runTool(t, "", path, append(append(a.hostPort(), "MSET"), mset...)...); got != "OK\n" {
		t.Fatal(got)
	}
	dump := filepath.Join(t.TempDir(), "dump")
	for _, mode := range []struct {
		args string
		want []string
		fail bool // as it should
	}{
		{args: "--bigkeys", want: []string{"Sampled 100 keys", `"key:99"' has 100 bytes`}},
		{args: "--memkeys", want: []string{"Sampled 100 keys", `Biggest string found '"key:99"'`}},
		{args: "--memkeys-samples 5", want: []string{"Sampled 100 keys"}},
		{args: "--hotkeys", want: []string{"An LFU maxmemory policy is not selected"}, fail: true},
		{args: "--latency -i 1", want: []string{" "}},
		{args: "-3 --json HELLO 3", want: []string{`"proto":3`, `"mode":"cluster"`}},
		{args: "-c GET key:7", want: []string{"xxxxxxxx"}},
		{args: "--cluster check " + b.client, want: []string{"All nodes agree about slots configuration", "All 16384 slots covered", "3 masters"}},
		{args: "--cluster info " + b.client, want: []string{"3 masters"}},
		{args: "--cluster call " + b.client + " PING", want: []string{a.client + ": PONG", b.client + ": PONG"}},
		{args: "--rdb " + dump, want: []string{"'sync' is not supported: no dump of the data is given"}, fail: true},
		{args: "--replica", want: []string{"'sync' is not supported: no dump of the data is given"}, fail: true},
		{args: "--eval /dev/null", want: []string{"'eval' is not supported: there is no scripting"}},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		out, err := exec.CommandContext(ctx, path, append(a.hostPort(), strings.Fields(mode.args)...)...).CombinedOutput()
		cancel()
		if (err != nil) != mode.fail {
			t.Errorf("%s: %v\n%s", mode.args, err, out)
		}
		for _, want := range mode.want {
			if !strings.Contains(string(out), want) {
				t.Errorf("%s: no %q in\n%s", mode.args, want, out)
			}
		}
	}
	keys := strings.Fields(runTool(t, "", path, append(b.hostPort(), "--scan", "--pattern", "key:*")...))
	if len(keys) != 100 {
		t.Errorf("--scan finds %d keys of 100", len(keys))
	}

	// These do not end by themselves.
	endless(t, exec.Command(path, append(a.hostPort(), "--stat", "-i", "0.01")...), "100 ")
	monitor := exec.Command(path, append(a.hostPort(), "MONITOR")...)
	c := a.dial(t)
	ctx, stop := context.WithCancel(t.Context())
	var writer sync.WaitGroup
	writer.Go(func() { // until the monitor has printed one of them
		for ctx.Err() == nil {
			c.Set(ctx, "watched", strings.Repeat("y", 500), 0)
			time.Sleep(pollEvery / 4)
		}
	})
	endless(t, monitor, `"set" "watched"`)
	stop()
	writer.Wait()
}

// endless runs a program until it has printed what is wanted.
func endless(t *testing.T, cmd *exec.Cmd, want string) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	over := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	found := false
	for in := bufio.NewScanner(out); !found && in.Scan(); {
		found = strings.Contains(in.Text(), want)
	}
	over.Stop()
	_ = cmd.Process.Kill()
	_, _ = io.Copy(io.Discard, out)
	_ = cmd.Wait()
	if !found {
		t.Errorf("%v does not print %q", cmd.Args, want)
	}
}

// TestTools_RedisBenchmark_Modes runs its tests of the commands that there are in
// all the ways in which it can ask.
func TestTools_RedisBenchmark_Modes(t *testing.T) {
	withoutDetector(t)
	path := tool(t, "redis-benchmark")
	f := newFleet(t, 3, unhurried...)
	for _, mode := range []string{
		"-n 3000 -P 16", "-n 3000 -P 16 -3", "-n 3000 -P 16 -r 1000 --cluster", "-n 3000 -P 16 --threads 2", "-n 1000 -r 100000",
		"-n 1000 -P 4 -d 1", "-n 1000 -P 4 -d 1000", "-n 60 -d 100000 -c 10", "-n 300 -P 4 -r 100 --threads 2 --cluster -3",
	} {
		args := append(f.nodes[1].hostPort(), "-t", "ping,set,get,incr,mset", "--csv")
		out := runTool(t, "", path, append(args, strings.Fields(mode)...)...)
		for _, test := range []string{"PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "MSET (10 keys)"} {
			if !strings.Contains(out, `"`+test+`"`) {
				t.Errorf("%s: no result of %s in:\n%s", mode, test, out)
			}
		}
		if strings.Contains(strings.ToLower(out), "error") || strings.Contains(out, "WARNING") {
			t.Errorf("%s:\n%s", mode, out)
		}
	}
}
