package e2e

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// binary is the program under test, built once with buildFlags.
var (
	binary     string
	buildFlags = []string{"-ldflags", "-X main.clockOffsetFrom=" + clockOffset}
	slowness   []string // settings for a program that is slower for its flags
)

// clockOffset is the variable by which the program under test sets its wall clock off.
const clockOffset = "QUORATE_E2E_CLOCK_OFFSET"

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "quorate-e2e-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, "quorate")
		build := exec.Command("go", append(append([]string{"build", "-o", binary}, buildFlags...), "github.com/quorate/quorate/cmd/quorate")...)
		build.Stdout, build.Stderr = os.Stderr, os.Stderr
		if err := build.Run(); err != nil {
			fmt.Fprintln(os.Stderr, "build quorate:", err)
			return 1
		}
		return m.Run()
	}())
}

// fleet is the processes of one cluster.
type fleet struct {
	t     testing.TB
	nodes []*node
	args  []string // of every node
}

const (
	patience  = time.Minute // no test should come near it
	pollEvery = 20 * time.Millisecond
)

// newFleet starts a cluster of size nodes, A founding it and the others
// joining, and waits until all are in their places.
func newFleet(t testing.TB, size int, args ...string) *fleet {
	t.Helper()
	f := planFleet(t, size, args...)
	f.start()
	return f
}

// planFleet makes a cluster of size nodes that are not started yet.
func planFleet(t testing.TB, size int, args ...string) *fleet {
	t.Helper()
	f := &fleet{t: t, args: append([]string{
		"--gossip-profile", "local", "--partitions", "64", "--cache-size", "16mb", "--memtable-size", "4mb",
		"--anti-entropy-interval", "200ms",
	}, args...)}
	for range size {
		f.add()
	}
	t.Cleanup(f.report)
	return f
}

// start starts all nodes and waits until they are in their places.
func (f *fleet) start() {
	f.t.Helper()
	for _, n := range f.nodes {
		n.start()
	}
	f.awaitPlaces()
}

// add makes one more node, which is not started yet.
func (f *fleet) add() *node {
	f.t.Helper()
	name := string(rune('A' + len(f.nodes)))
	ports := freePorts(f.t, 3)
	n := &node{
		t: f.t, name: name, dir: filepath.Join(f.t.TempDir(), name), log: newTail(200),
		client: ports[0], peer: ports[1], admin: ports[2],
	}
	n.args = append([]string{
		"server", "--name", name, "--data-dir", n.dir, "--client-addr", n.client, "--peer-addr", n.peer, "--admin-addr", n.admin,
	}, f.args...)
	if len(f.nodes) > 0 {
		n.args = append(n.args, "--join", f.nodes[0].peer)
	} else {
		n.args = append(n.args, "--found")
	}
	f.nodes = append(f.nodes, n)
	f.t.Cleanup(n.end)
	return n
}

// report shows the logs of a test that failed.
func (f *fleet) report() {
	if !f.t.Failed() {
		return
	}
	for _, n := range f.nodes {
		f.t.Logf("--- log of node %s ---\n%s", n.name, n.log)
	}
}

// view is what a node says of its cluster.
type view struct {
	N, R, W      int
	InTransition bool `json:"in_transition"`
	Nodes        []struct {
		Name, Status string
		Alive        bool
		Keys, Hints  *int64
	}
}

// awaitPlaces waits until every running node sees all the running ones alive, up
// and settled, and nobody else on the ring but the given.
func (f *fleet) awaitPlaces(down ...*node) {
	f.t.Helper()
	var running []*node
	for _, n := range f.nodes {
		if n.running() {
			n.ready()
			running = append(running, n)
		}
	}
	within(f.t, patience, "every node in its place", func() error {
		for _, n := range running {
			var v view
			if err := n.get("/api/cluster", &v); err != nil {
				return err
			}
			if v.InTransition || len(v.Nodes) != len(running)+len(down) {
				return fmt.Errorf("%s sees %+v", n.name, v)
			}
			for _, m := range v.Nodes {
				isDown := slices.ContainsFunc(down, func(d *node) bool { return d.name == m.Name })
				if !isDown && m.Status != "up" {
					return fmt.Errorf("%s sees %+v", n.name, v)
				}
			}
		}
		return nil
	})
}

// withoutDetector skips what the race detector makes slow and finds nothing in: tests of other
// programs, of what the commands print, and of what the program says of slow nodes. They run
// without it.
func withoutDetector(t *testing.T) {
	t.Helper()
	if len(slowness) > 0 {
		t.Skip("not under the race detector")
	}
}

// within polls until try succeeds.
func within(t testing.TB, limit time.Duration, what string, try func() error) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v: %v", what, limit, err)
		}
		time.Sleep(pollEvery)
	}
}

// ports hands out loopback addresses below the range from which the system takes
// the ports of outgoing connections: those could take a node's port while it is
// down.
var ports = struct {
	sync.Mutex
	next int
}{next: 12000 + rand.IntN(18000)}

func freePorts(t testing.TB, count int) (addrs []string) {
	t.Helper()
	ports.Lock()
	defer ports.Unlock()
	for range 10000 {
		if ports.next++; ports.next > 31000 {
			ports.next = 12000
		}
		addr := fmt.Sprintf("127.0.0.1:%d", ports.next)
		l, err := net.Listen("tcp", addr)
		if err != nil {
			continue
		}
		_ = l.Close()
		p, err := net.ListenPacket("udp", addr)
		if err != nil {
			continue
		}
		_ = p.Close()
		if addrs = append(addrs, addr); len(addrs) == count {
			return addrs
		}
	}
	t.Fatal("no free ports")
	return nil
}
