package e2e

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// A log shipper that restarts closes the pipe that a node logs to.
func TestServer_LogReaderGone_NodeGoesOn(t *testing.T) {
	_, cmd, reader, ended := startWithLogPipe(t)
	_ = reader.Close()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil { // the stop is logged
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("the node ended with %v, want exit code 0", err)
		}
	case <-time.After(patience):
		t.Error("the node did not end after SIGTERM")
	}
}

// A log shipper that hangs reads nothing more of the pipe that a node logs to. What finds no
// room is dropped; the node serves, and stops when it is told to.
func TestServer_LogReaderHangs_NodeGoesOn(t *testing.T) {
	for name, goesOn := range map[string]bool{"for good": false, "for a while": true} {
		t.Run(name, func(t *testing.T) {
			n, cmd, reader, ended := startWithLogPipe(t)
			defer reader.Close()
			client := n.dial(t)
			const batch = 400 // changes of a setting: each is logged, in more than 100 bytes
			within(t, patience, "an event that tells of dropped lines", func() error {
				_, err := client.Pipelined(t.Context(), func(p redis.Pipeliner) error {
					for range batch {
						p.ConfigSet(t.Context(), "slowlog-max-len", "128")
					}
					return nil
				})
				if err != nil {
					t.Fatalf("CONFIG SET: %v", err)
				}
				var answer struct {
					Events []struct{ Text string }
				}
				if err := n.get("/api/events?level=warn", &answer); err != nil {
					return err
				}
				for _, e := range answer.Events {
					if strings.Contains(e.Text, "lines are dropped") {
						return nil
					}
				}
				return fmt.Errorf("only %+v", answer.Events)
			})
			log := newTail(2000)
			var reading sync.WaitGroup
			if goesOn {
				reading.Go(func() { _, _ = io.Copy(log, reader) })
				within(t, patience, "the count of dropped lines", func() error { return log.has("lines of this log were dropped") })
			}
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			select {
			case err := <-ended:
				if err != nil {
					t.Errorf("the node ended with %v, want exit code 0", err)
				}
			case <-time.After(patience):
				t.Fatal("the node did not end after SIGTERM")
			}
			reading.Wait()
			if goesOn {
				if err := log.has("msg=stopped"); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestServer_Hangup_IsLoggedAndIgnored(t *testing.T) {
	heedHangup(t)
	n := newFleet(t, 1).nodes[0]
	n.signal(syscall.SIGHUP)
	within(t, patience, "a line in the log", func() error {
		if !n.running() {
			t.Fatalf("the node ended: %v", n.err)
		}
		return n.log.has("SIGHUP is ignored")
	})
	if err := n.get("/readyz", nil); err != nil {
		t.Error(err)
	}
	n.stop()
}

func TestDemo_Hangup_EndsItAndItsData(t *testing.T) {
	heedHangup(t)
	ports := freePorts(t, 3)
	port := func(i int) string { return ports[i][strings.LastIndex(ports[i], ":")+1:] }
	dir := t.TempDir()
	cmd := exec.Command(binary, "demo", "--nodes", "1", "--partitions", "16", "--client-port", port(0), "--peer-port", port(1), "--admin-port", port(2))
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(lines.Text(), "Ctrl-C ends it") {
			if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the demo ended with %v, want exit code 0", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A password is changed because it has leaked: no port of the node takes the old one.
func TestPassword_ChangedByConfigSet_GuardsTheAdminPortToo(t *testing.T) {
	f := &fleet{t: t, args: []string{"--partitions", "64", "--cache-size", "16mb", "--memtable-size", "4mb", "--requirepass", "old"}}
	n := f.add()
	n.start()
	n.ready()
	c := n.dial(t)
	if err := c.Do(t.Context(), "AUTH", "old").Err(); err != nil {
		t.Fatal(err)
	}
	admin := func(password string) (string, int) {
		return quorate(t, "admin", "--admin-addr", n.admin, "--requirepass", password, "status")
	}
	if output, code := admin("old"); code != 0 {
		t.Fatal(output)
	}
	conn := c.Conn()
	defer conn.Close()
	if err := conn.Do(t.Context(), "AUTH", "old").Err(); err != nil {
		t.Fatal(err)
	}
	if err := conn.ConfigSet(t.Context(), "requirepass", "new").Err(); err != nil {
		t.Fatal(err)
	}
	if output, code := admin("old"); code == 0 || !strings.Contains(output, "password") {
		t.Errorf("the admin port takes the old password: exit code %d\n%s", code, output)
	}
	if output, code := admin("new"); code != 0 {
		t.Errorf("the admin port refuses the new password: exit code %d\n%s", code, output)
	}
	n.stop()
}

// heedHangup keeps processes that the test starts from ignoring SIGHUP, which they inherit
// where the tests run under nohup.
func heedHangup(t *testing.T) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(hangups) })
}

// startWithLogPipe starts a node that logs to a pipe, and waits until it is ready. The
// caller has the other end of the pipe; ended gets how the process ended.
func startWithLogPipe(t *testing.T) (n *node, cmd *exec.Cmd, reader *os.File, ended chan error) {
	t.Helper()
	f := &fleet{t: t, args: []string{"--partitions", "64", "--cache-size", "16mb", "--memtable-size", "4mb"}}
	n = f.add()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command(binary, n.args...)
	cmd.Stdout, cmd.Stderr = writer, writer
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = writer.Close()
	ended = make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	within(t, patience, "the node", func() error { return n.get("/readyz", nil) })
	return n, cmd, reader, ended
}
