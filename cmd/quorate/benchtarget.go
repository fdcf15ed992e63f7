package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// target is a system under load: processes on loopback.
type target struct {
	name  string
	addrs []string // where clients are served; of Redis the master alone
	procs []*benchProcess
}

type benchProcess struct {
	cmd  *exec.Cmd
	said bytes.Buffer // owned by cmd until it has ended
	done chan error
}

// Bounds of starting and stopping a process.
const (
	benchStart = 30 * time.Second
	benchStop  = 10 * time.Second
)

// launch starts a process of a target.
func (t *target) launch(path string, args ...string) error {
	p := &benchProcess{cmd: exec.Command(path, args...), done: make(chan error, 1)}
	p.cmd.Stdout, p.cmd.Stderr = &p.said, &p.said
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", filepath.Base(path), err)
	}
	go func() { p.done <- p.cmd.Wait() }() // stop takes it
	t.procs = append(t.procs, p)
	return nil
}

// stop ends the processes, at once if they do not heed a signal.
func (t *target) stop() (err error) {
	for _, p := range t.procs {
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // one that has ended already is what is wanted
	}
	for _, p := range t.procs {
		select {
		case <-p.done:
		case <-time.After(benchStop):
			err = errors.Join(err, p.cmd.Process.Kill())
			<-p.done
		}
	}
	return err
}

// cpu is what all the processes have used.
func (t *target) cpu() (sum time.Duration, known bool) {
	for _, p := range t.procs {
		used, ok := processTime(p.cmd.Process.Pid)
		if !ok {
			return 0, false
		}
		sum += used
	}
	return sum, true
}

// ready waits until the newest process at addr answers a command with want.
func (t *target) ready(ctx context.Context, addr, command, want string) error {
	ctx, cancel := context.WithTimeout(ctx, benchStart)
	defer cancel()
	p := t.procs[len(t.procs)-1]
	for {
		if got, err := askOnce(addr, command); err == nil && got == want {
			return nil
		}
		select {
		case err := <-p.done:
			p.done <- err
			return fmt.Errorf("%s ended: %w\n%s", t.name, err, p.said.String())
		case <-ctx.Done():
			return fmt.Errorf("%s at %s is not ready: %w", t.name, addr, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// startQuorate starts a cluster of this very program.
func (b *benchCmd) startQuorate(ctx context.Context, dir string) (*target, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	t := &target{name: "quorate"}
	var first string
	for i := range b.Nodes {
		ports, err := unusedPorts(3)
		if err != nil {
			return t, err
		}
		client, peer, admin := ports[0], ports[1], ports[2]
		args := []string{
			"server", "--name", string(rune('A' + i)), "--data-dir", filepath.Join(dir, "quorate", strconv.Itoa(i)),
			"--client-addr", client, "--peer-addr", peer, "--admin-addr", admin,
			"--durability", b.Durability, "--gossip-profile", "local",
			"--n", strconv.Itoa(min(3, b.Nodes)), "--r", strconv.Itoa(min(2, b.Nodes)), "--w", strconv.Itoa(min(2, b.Nodes)),
		}
		t.addrs = append(t.addrs, client)
		if i == 0 {
			first = peer
		} else {
			args = append(args, "--join", first)
		}
		if err := t.launch(self, args...); err != nil {
			return t, err
		}
		if err := t.ready(ctx, client, "PING\r\n", "+PONG"); err != nil {
			return t, err
		}
	}
	return t, nil
}

// startRedis starts a master with two replicas that write their logs each second.
func (b *benchCmd) startRedis(ctx context.Context, dir string) (*target, error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, fmt.Errorf("%w: %w (Debian: redis-server)", errUsage, err)
	}
	t := &target{name: "redis"}
	ports, err := unusedPorts(3)
	if err != nil {
		return nil, err
	}
	for i, addr := range ports {
		home := filepath.Join(dir, "redis", strconv.Itoa(i))
		if err := os.MkdirAll(home, 0o750); err != nil {
			return t, err
		}
		_, port, _ := net.SplitHostPort(addr)
		args := []string{"--bind", "127.0.0.1", "--port", port, "--dir", home, "--save", "", "--appendonly", "yes", "--appendfsync", "everysec"}
		if i == 0 {
			t.addrs = []string{addr}
		} else {
			_, master, _ := net.SplitHostPort(t.addrs[0])
			args = append(args, "--replicaof", "127.0.0.1 "+master)
		}
		if err := t.launch(path, args...); err != nil {
			return t, err
		}
		if err := t.ready(ctx, addr, "PING\r\n", "+PONG"); err != nil {
			return t, err
		}
	}
	return t, t.ready(ctx, t.addrs[0], "WAIT 2 100\r\n", ":2")
}

// olricSettings is what a member of Olric is started with: as many copies and
// answers as quorate's, kept up in the same way, and nothing written to a log.
const olricSettings = `server:
  bindAddr: 127.0.0.1
  bindPort: %s
  keepAlivePeriod: 300s
  bootstrapTimeout: 5s
  partitionCount: 271
  replicaCount: %d
  writeQuorum: %d
  readQuorum: %d
  readRepair: false
  replicationMode: 0
  memberCountQuorum: 1
  routingTablePushInterval: 1m
client:
  dialTimeout: 5s
  readTimeout: 3s
  writeTimeout: 3s
logging:
  verbosity: 1
  level: ERROR
  output: stderr
memberlist:
  environment: local
  bindAddr: 127.0.0.1
  bindPort: %s
  enableCompression: false
  joinRetryInterval: 100ms
  maxJoinAttempts: 20
  peers: [%s]
dmaps:
  engine:
    name: kvstore
    config:
      tableSize: 1048576
`

// startOlric starts members of Olric that hold what they are given in memory.
func (b *benchCmd) startOlric(ctx context.Context, dir string) (*target, error) {
	path, err := exec.LookPath("olric-server")
	if err != nil {
		return nil, fmt.Errorf("%w: %w (go install github.com/olric-data/olric/cmd/olric-server@latest)", errUsage, err)
	}
	t := &target{name: "olric"}
	var first string
	for i := range b.Nodes {
		ports, err := unusedPorts(2)
		if err != nil {
			return t, err
		}
		_, client, _ := net.SplitHostPort(ports[0])
		_, gossip, _ := net.SplitHostPort(ports[1])
		settings := fmt.Sprintf(olricSettings, client, min(3, b.Nodes), min(2, b.Nodes), min(2, b.Nodes), gossip, first)
		if i == 0 {
			first = strconv.Quote(ports[1])
		}
		file := filepath.Join(dir, fmt.Sprintf("olric-%d.yaml", i))
		if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
			return t, err
		}
		if err := t.launch(path, "--config", file); err != nil {
			return t, err
		}
		t.addrs = append(t.addrs, ports[0])
		if err := t.ready(ctx, ports[0], "PING\r\n", "+PONG"); err != nil {
			return t, err
		}
	}
	// The first to answer may not have given its partitions to the last yet.
	return t, t.ready(ctx, t.addrs[0], "DM.PUT bench ready yes\r\n", "+OK")
}

// unusedPorts finds loopback addresses that nobody listens on now. They lie below
// those that systems give to outgoing connections, of which a run makes many: one
// might take a port before its server does.
func unusedPorts(n int) (addrs []string, err error) {
	const first, last = 31100, 31999
	var held []net.Listener
	defer func() {
		for _, l := range held {
			err = errors.Join(err, l.Close())
		}
	}()
	for _, i := range rand.Perm(last - first + 1) {
		if len(addrs) == n {
			return addrs, nil
		}
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(first+i)))
		if err != nil {
			continue // somebody's
		}
		held = append(held, l)
		addrs = append(addrs, l.Addr().String())
	}
	return nil, fmt.Errorf("fewer than %d ports are free from %d to %d", n, first, last)
}
