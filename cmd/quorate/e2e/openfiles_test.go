package e2e

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Clients that connect and stay must leave the store the files that it needs: it ends
// the node when it cannot make one.
func TestServer_ClientsAndPortsFlooded_StoreHasItsFiles(t *testing.T) {
	f := &fleet{t: t, args: []string{"--partitions", "64", "--cache-size", "16mb", "--memtable-size", "1mb"}}
	n := f.add()
	const limit = 600
	cmd := exec.Command("sh", append([]string{"-c", fmt.Sprintf(`ulimit -n %d; exec "$@"`, limit), "sh", binary}, n.args...)...)
	cmd.Stdout, cmd.Stderr = n.log, n.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	within(t, patience, "the node", func() error { return n.get("/readyz", nil) })
	c := n.dial(t)
	if err := c.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{n.client, n.peer, n.admin} {
		for range limit {
			conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(t.Context(), "tcp", addr)
			if err != nil {
				break // the backlog of the port is full
			}
			t.Cleanup(func() { _ = conn.Close() })
		}
	}
	value := strings.Repeat("x", 100_000)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for i := range 100 {
		if err := c.Set(ctx, fmt.Sprint("k", i), value, 0).Err(); err != nil {
			t.Fatalf("write %d: %v\n%s", i, err, n.log)
		}
	}
	if err := c.ConfigSet(ctx, "maxclients", "10000").Err(); err == nil || !strings.Contains(err.Error(), "must be between 1 and") {
		t.Errorf("CONFIG SET maxclients above what the limit allows: %v", err)
	}
	if err := n.log.has("maxclients is lowered"); err != nil {
		t.Error(err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("the node ended with %v, want exit code 0", err)
	}
}
