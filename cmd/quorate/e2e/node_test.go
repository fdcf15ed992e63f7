package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// node is one `quorate server`, running or not.
type node struct {
	t                   testing.TB
	name, dir           string
	client, peer, admin string
	args                []string
	clockOffset         time.Duration // how far its clock is set off

	log    *tail
	cmd    *exec.Cmd
	exited chan struct{} // closed when the process is gone; nil before its first start
	err    error         // its end, once exited is closed

	// away is set while the test keeps the node from serving, and absences counts
	// how often it did: what its own clients meet then counts for nothing.
	away     atomic.Bool
	absences atomic.Int64
}

// start runs the process; ready waits for it.
func (n *node) start() {
	n.t.Helper()
	cmd := exec.Command(binary, n.args...)
	cmd.Stdout, cmd.Stderr = n.log, n.log
	if n.clockOffset != 0 {
		cmd.Env = append(os.Environ(), clockOffset+"="+n.clockOffset.String())
	}
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

// goAway marks the node as about to stop serving. Call it before whatever stops it.
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

// kill sends SIGKILL.
func (n *node) kill() {
	n.t.Helper()
	n.goAway()
	n.signal(syscall.SIGKILL)
	<-n.exited
}

// stop asks the process to end, and waits until it has.
func (n *node) stop() {
	n.t.Helper()
	n.goAway()
	n.signal(syscall.SIGTERM)
	select {
	case <-n.exited:
	case <-time.After(patience):
		n.t.Fatalf("%s did not end after SIGTERM", n.name)
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
	within(n.t, patience, n.name+" ready", func() error {
		if !n.running() {
			n.t.Fatalf("%s ended: %v\n%s", n.name, n.err, n.log)
		}
		return n.get("/readyz", nil)
	})
	n.away.Store(false)
}

// get asks the admin port.
func (n *node) get(path string, into any) error { return n.call("GET", path, nil, into) }

func (n *node) call(method, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
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

// clientsOf makes a client of each node.
func clientsOf(t testing.TB, nodes []*node) (clients []*redis.Client) {
	for _, n := range nodes {
		clients = append(clients, n.dial(t))
	}
	return clients
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

// has returns an error unless a line kept so far contains text.
func (l *tail) has(text string) error {
	if !strings.Contains(l.String(), text) {
		return fmt.Errorf("no %q in the log", text)
	}
	return nil
}
