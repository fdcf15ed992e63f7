package e2e

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// quorate runs a command to its end and returns what it wrote on both outputs,
// and its exit code. A command that may wait for patience still ends in time.
func quorate(t testing.TB, args ...string) (output string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience*4/3)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	_ = cmd.Run()
	if ctx.Err() != nil {
		t.Errorf("quorate %v did not end:\n%s", args, &out)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

func TestStart_Obstacle_IsReportedWithTheRemedy(t *testing.T) {
	withoutDetector(t)
	f := newFleet(t, 1)
	a := f.nodes[0]
	other := newFleet(t, 1).nodes[0]
	stranger := newFleet(t, 1).nodes[0]
	stranger.stop()
	spare := func() []string {
		ports := freePorts(t, 3)
		return []string{"server", "--data-dir", filepath.Join(t.TempDir(), "A"), "--partitions", "64",
			"--client-addr", ports[0], "--peer-addr", ports[1], "--admin-addr", ports[2]}
	}
	for _, test := range []struct {
		what string
		args []string
		code int
		want []string
	}{
		{"client port in use", append(spare(), "--client-addr", a.client), 1, []string{a.client, "in use", "--client-addr"}},
		{"peer port in use", append(spare(), "--peer-addr", a.peer), 1, []string{a.peer, "--peer-addr"}},
		{"admin port in use", append(spare(), "--admin-addr", a.admin), 1, []string{a.admin, "in use", "--admin-addr"}},
		{"directory of a running node", append(spare(), "--data-dir", a.dir), 1, []string{a.dir, "in use", "--data-dir"}},
		{"directory of another node", append(spare(), "--data-dir", stranger.dir, "--name", "Z"), 1, []string{stranger.dir, "belongs to", "--name"}},
		{"directory of another cluster", append(spare(), "--data-dir", stranger.dir, "--join", a.peer), 1, []string{"another cluster", "--data-dir"}},
		{"directory of other partitions", append(spare(), "--data-dir", stranger.dir, "--partitions", "128"), 1, []string{"64", "128"}},
		{"name taken", append(spare(), "--name", "A", "--join", other.peer), 1, []string{"name is taken", "--name"}},
		{"bad flag", []string{"server", "--nam", "x"}, 2, []string{"unknown flag --nam", "--name"}},
		{"bad value", []string{"server", "--r", "4"}, 2, []string{"--r is 4"}},
	} {
		output, code := quorate(t, test.args...)
		if code != test.code {
			t.Errorf("%s: exit code %d, want %d", test.what, code, test.code)
		}
		for _, want := range test.want {
			if !strings.Contains(output, want) {
				t.Errorf("%s: no %q in:\n%s", test.what, want, output)
			}
		}
	}
	f.awaitPlaces() // nobody came to harm
}

func TestCommands_AdminAndHealth_Work(t *testing.T) {
	withoutDetector(t)
	f := newFleet(t, 3)
	admin := f.nodes[1].admin
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"version"}, 0, "quorate "},
		{[]string{"health", "--admin-addr", admin}, 0, "ready"},
		{[]string{"health", "--admin-addr", freePorts(t, 1)[0]}, 1, "no answer"},
		{[]string{"admin", "--admin-addr", admin, "status"}, 0, "n=3 r=2 w=2"},
		{[]string{"admin", "--admin-addr", admin, "config", "r=4"}, 1, "impossible quorums"},
		{[]string{"admin", "--admin-addr", admin, "config", "n=9"}, 0, "in force until there are 9 nodes: n=3 r=2 w=2"},
		{[]string{"admin", "--admin-addr", admin, "config", "n=3", "r=1", "w=3"}, 0, "n=3 r=1 w=3"},
		{[]string{"admin", "--admin-addr", admin, "config", "conflict-resolution=newest"}, 1, "newest"},
		{[]string{"admin", "--admin-addr", admin, "config", "conflict-resolution=merge"}, 0, "conflict-resolution=merge"},
		{[]string{"admin", "--admin-addr", admin, "config"}, 0, "n=3 r=1 w=3\nconflict-resolution=merge (changed through B)"},
		{[]string{"admin", "--admin-addr", admin, "config", "size=3"}, 2, "conflict-resolution=merge"},
		{[]string{"admin", "--admin-addr", admin, "operations"}, 0, "gain"},
		{[]string{"admin", "--admin-addr", admin, "cancel", "B-9999"}, 1, "no such operation: B-9999"},
		{[]string{"admin", "--admin-addr", admin, "remove", "C"}, 1, "the node is up"},
		{[]string{"admin", "--admin-addr", admin, "remove", "Q"}, 1, "no such member"},
		{[]string{"admin", "--admin-addr", admin, "replace", "C"}, 1, "the node is up"},
		{[]string{"admin", "--admin-addr", admin, "leave", "C"}, 0, "C is gone from the ring"},
	} {
		output, code := quorate(t, test.args...)
		if code != test.code || !strings.Contains(output, test.want) {
			t.Errorf("quorate %v: exit code %d, want %d, with %q:\n%s", test.args, code, test.code, test.want, output)
		}
	}
	if err := f.nodes[1].log.has("lower quorums are in force until more nodes join"); err != nil { // after n=9
		t.Error(err)
	}
	within(t, patience, "the change everywhere", func() error {
		for _, n := range f.nodes[:2] {
			var v view
			if err := n.get("/api/cluster", &v); err != nil {
				return err
			}
			if v.R != 1 || v.W != 3 {
				t.Fatalf("%s sees %+v", n.name, v)
			}
		}
		return nil
	})
}

// startDemo runs a demo of five nodes until the test ends, or until it is told to
// end before.
func startDemo(t *testing.T) (nodes []*node, cmd *exec.Cmd) {
	t.Helper()
	ports := freePorts(t, 3)
	port := func(i int) string { return ports[i][strings.LastIndex(ports[i], ":")+1:] }
	cmd = exec.CommandContext(t.Context(), binary, "demo", "--client-port", port(0), "--peer-port", port(1), "--admin-port", port(2))
	cmd.Env = append(cmd.Environ(), "TMPDIR="+t.TempDir())
	log := newTail(100)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed, or has ended and been waited for
		if t.Failed() {
			t.Logf("--- demo ---\n%s", log)
		}
	})
	within(t, patience, "the demo's last word", func() error {
		if !strings.Contains(log.String(), "Ctrl-C ends it") {
			return errors.New("not yet")
		}
		return nil
	})
	rows := regexp.MustCompile(`(?m)^ +([A-E]) +(\S+) +http://(\S+)`).FindAllStringSubmatch(log.String(), -1)
	if len(rows) != 5 {
		t.Fatalf("the table has %d nodes:\n%s", len(rows), log)
	}
	for _, row := range rows {
		nodes = append(nodes, &node{t: t, name: row[1], client: row[2], admin: row[3]})
	}
	return nodes, cmd
}

func TestDemo_StartsServesAndEnds(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	nodes, cmd := startDemo(t)
	first, last := nodes[0], nodes[4]
	if err := first.dial(t).Set(ctx, "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := first.call("POST", "/api/nodes/E/kill", nil, nil); err != nil {
		t.Fatal(err)
	}
	within(t, patience, "E killed", func() error {
		if err := last.get("/readyz", nil); err == nil {
			return errors.New("it serves")
		}
		return nil
	})
	if err := first.dial(t).Set(ctx, "k", "v2", 0).Err(); err != nil {
		t.Errorf("with E killed: %v", err)
	}
	if err := first.call("POST", "/api/nodes/E/revive", nil, nil); err != nil {
		t.Fatal(err)
	}
	within(t, patience, "E revived", func() error { return last.get("/readyz", nil) })
	if got, err := last.dial(t).Get(ctx, "k").Result(); err != nil || got != "v2" {
		t.Errorf("through E: %q, %v", got, err)
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("demo ended with %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(t.TempDir()), "*", "quorate-demo-*")); len(left) > 0 {
		t.Errorf("the demo left %v behind", left)
	}
}

// A node neither starts nor stops by waiting in vain, for settings or for a peer. One quick round
// of a few shows it, however busy the machine is.
func TestNode_StartAndStop_WaitForNothing(t *testing.T) {
	const (
		rounds    = 5
		startedIn = 8 * time.Second // it takes 9 to wait in vain for settings
		stoppedIn = 5 * time.Second
	)
	n := newFleet(t, 3).nodes[1]
	for range rounds {
		began := time.Now()
		n.stop()
		stopped := time.Now()
		n.restart()
		stopping, starting := stopped.Sub(began), time.Since(stopped)
		if stopping < stoppedIn && starting < startedIn {
			return
		}
		t.Logf("the node stopped in %v and was ready %v later", stopping, starting)
	}
	t.Errorf("in none of %d rounds a node stopped in less than %v and was ready less than %v later", rounds, stoppedIn, startedIn)
}
