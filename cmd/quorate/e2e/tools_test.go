package e2e

import (
	"context"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// tool returns a program of Redis's, or skips the test.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed (Debian: redis-tools)", name)
	}
	return path
}

func runTool(t *testing.T, stdin, path string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s %v: %v\n%s", path, args, err, out)
	}
	return string(out)
}

func (n *node) hostPort() (flags []string) {
	host, port, _ := net.SplitHostPort(n.client)
	return []string{"-h", host, "-p", port}
}

func TestTools_RedisBenchmark_RunsUnchangedAgainstEachNode(t *testing.T) {
	path := tool(t, "redis-benchmark")
	f := newFleet(t, 3, append([]string{"--durability", "interval"}, slowness...)...)
	requests := "10000"
	if len(slowness) > 0 {
		requests = "1000"
	}
	for _, n := range f.nodes {
		out := runTool(t, "", path, append(n.hostPort(), "-t", "ping,set,get,incr,mset", "-P", "16", "-c", "50", "-n", requests, "-r", "1000", "--csv")...)
		for _, test := range []string{"PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "MSET (10 keys)"} {
			if !strings.Contains(out, `"`+test+`"`) {
				t.Errorf("through %s: no result of %s in:\n%s", n.name, test, out)
			}
		}
		if strings.Contains(strings.ToLower(out), "error") || strings.Contains(out, "WARNING") {
			t.Errorf("through %s:\n%s", n.name, out)
		}
	}
}

func TestTools_RedisCLI_ConflictIsMadeSeenAndResolved(t *testing.T) {
	path := tool(t, "redis-cli")
	f := newFleet(t, 3)
	cli := func(n *node, args ...string) string {
		return strings.TrimSpace(runTool(t, "", path, append(n.hostPort(), args...)...))
	}
	a, b, c := f.nodes[0], f.nodes[1], f.nodes[2]
	cli(a, "SET", "cart", "apples", "CONTEXT", "")
	cli(b, "SET", "cart", "pears", "CONTEXT", "")
	found := strings.Split(cli(c, "GET", "cart", "CONTEXT"), "\n")
	if len(found) != 3 || !strings.Contains(strings.Join(found[1:], " "), "apples") || !strings.Contains(strings.Join(found[1:], " "), "pears") {
		t.Fatalf("GET cart CONTEXT: %q, want a context, apples and pears", found)
	}
	cli(c, "SET", "cart", "apples and pears", "CONTEXT", found[0])
	if got := cli(a, "GET", "cart"); got != "apples and pears" {
		t.Errorf("GET cart: %q", got)
	}
	if got := cli(b, "SET", "cart", "x", "CONTEXT", "nonsense"); !strings.HasPrefix(got, "BADCONTEXT") {
		t.Errorf("a mangled context: %q", got)
	}
	if got := strings.Split(cli(b, "--scan"), "\n"); len(got) != 1 || got[0] != "cart" {
		t.Errorf("--scan: %q", got)
	}
	if got := runTool(t, "SET piped 1\r\nGET piped\r\n", path, append(b.hostPort(), "--pipe")...); !strings.Contains(got, "errors: 0, replies: 2") {
		t.Errorf("--pipe: %s", got)
	}
}
