package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// binary is the program under test, built once with buildFlags.
var (
	binary     string
	buildFlags []string
	slowness   []string // settings for a program that is slower for its flags
)

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

// node is one `quorate server`, running or not.
type node struct {
	t                   testing.TB
	name, dir           string
	client, peer, admin string
	args                []string

	log    *tail
	cmd    *exec.Cmd
	exited chan struct{} // closed when the process is gone; nil before its first start
	err    error         // its end, once exited is closed

	// away is set while the test keeps the node from serving, and absences counts
	// how often it did: what its own clients meet then counts for nothing.
	away     atomic.Bool
	absences atomic.Int64
}

// Deadlines that no test should come near.
const (
	patience  = 30 * time.Second
	readyIn   = 5 * time.Second // the product promises 2 s on a machine that has nothing else to do
	stoppedIn = 5 * time.Second
	pollEvery = 20 * time.Millisecond
)

// newFleet starts a cluster of so many nodes, A founding it and the others
// joining, and waits until all are in their places.
func newFleet(t testing.TB, size int, args ...string) *fleet {
	t.Helper()
	f := &fleet{t: t, args: append([]string{
		"--gossip-profile", "local", "--partitions", "64", "--cache-size", "16mb", "--memtable-size", "4mb",
		"--anti-entropy-interval", "200ms",
	}, args...)}
	for range size {
		f.add()
	}
	for _, n := range f.nodes {
		n.start()
	}
	f.awaitPlaces()
	t.Cleanup(f.report)
	return f
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

// start runs the process; ready waits for it.
func (n *node) start() {
	n.t.Helper()
	cmd := exec.Command(binary, n.args...)
	cmd.Stdout, cmd.Stderr = n.log, n.log
	// Should the test itself be killed, its nodes go too.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	fmt.Fprintf(n.log, "# start\n")
	if err := cmd.Start(); err != nil {
		n.t.Fatalf("start %s: %v", n.name, err)
	}
	exited := make(chan struct{})
	n.cmd, n.exited, n.err = cmd, exited, nil
	go func() { // ends with the process, which end() makes sure of and waits for
		n.err = cmd.Wait()
		fmt.Fprintf(n.log, "# exit: %v\n", n.err)
		close(exited)
	}()
}

// goAway must come before whatever keeps the node from serving.
func (n *node) goAway() {
	n.away.Store(true)
	n.absences.Add(1)
}

func (n *node) running() bool {
	if n.exited == nil {
		return false
	}
	select {
	case <-n.exited:
		return false
	default:
		return true
	}
}

func (n *node) signal(s syscall.Signal) {
	n.t.Helper()
	if err := n.cmd.Process.Signal(s); err != nil {
		n.t.Fatalf("signal %v to %s: %v", s, n.name, err)
	}
}

// kill is kill -9.
func (n *node) kill() {
	n.t.Helper()
	n.goAway()
	n.signal(syscall.SIGKILL)
	<-n.exited
}

// stop asks the process to end and holds it to its promise.
func (n *node) stop() {
	n.t.Helper()
	n.goAway()
	began := time.Now()
	n.signal(syscall.SIGTERM)
	select {
	case <-n.exited:
	case <-time.After(patience):
		n.t.Fatalf("%s did not end after SIGTERM", n.name)
	}
	if took := time.Since(began); took > stoppedIn {
		n.t.Errorf("%s took %v to end, want less than %v", n.name, took, stoppedIn)
	}
	if n.err != nil {
		n.t.Errorf("%s ended with %v after SIGTERM, want exit code 0", n.name, n.err)
	}
}

// freeze stops the process where it stands; thaw lets it go on.
func (n *node) freeze() {
	n.t.Helper()
	n.goAway()
	n.signal(syscall.SIGSTOP)
}

func (n *node) thaw() {
	n.t.Helper()
	n.signal(syscall.SIGCONT)
	n.ready()
}

// restart starts a process that has ended, and waits until it serves.
func (n *node) restart() {
	n.t.Helper()
	n.start()
	n.ready()
}

// end makes sure that the process is gone.
func (n *node) end() {
	if n.running() {
		_ = n.cmd.Process.Kill()
		<-n.exited
	}
}

// ready waits until the node says that it serves.
func (n *node) ready() {
	n.t.Helper()
	began := time.Now()
	within(n.t, patience, n.name+" ready", func() error {
		if !n.running() {
			n.t.Fatalf("%s ended: %v\n%s", n.name, n.err, n.log)
		}
		return n.get("/readyz", nil)
	})
	if took := time.Since(began); took > readyIn {
		n.t.Errorf("%s was ready after %v, want less than %v", n.name, took, readyIn)
	}
	n.away.Store(false)
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

// get asks the admin port.
func (n *node) get(path string, into any) error { return n.call("GET", path, nil, into) }

func (n *node) call(method, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, "http://"+n.admin+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, bytes.TrimSpace(answer))
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}

// dial makes a client of one node alone. It waits longer than any pause that is
// allowed, so that a pause is seen as one and not as an error.
func (n *node) dial(t testing.TB) *redis.Client {
	c := redis.NewClient(&redis.Options{
		Addr: n.client, MaxRetries: -1, PoolSize: 2,
		DialTimeout: 3 * time.Second, ReadTimeout: 6 * time.Second, WriteTimeout: 6 * time.Second,
	})
	t.Cleanup(func() { _ = c.Close() })
	return c
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

// tail keeps the last lines that were written to it.
type tail struct {
	mu    sync.Mutex
	keep  int
	lines []string
	part  string
}

func newTail(lines int) *tail { return &tail{keep: lines} }

func (l *tail) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	whole := strings.Split(l.part+string(b), "\n")
	l.part = whole[len(whole)-1]
	l.lines = append(l.lines, whole[:len(whole)-1]...)
	if extra := len(l.lines) - l.keep; extra > 0 {
		l.lines = slices.Delete(l.lines, 0, extra)
	}
	return len(b), nil
}

func (l *tail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(append(slices.Clone(l.lines), l.part), "\n")
}
