package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// startQuorate starts a cluster of processes of the quorate program.
func (b *benchmark) startQuorate(ctx context.Context, program, dir string) (*target, error) {
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
			args = append(args, "--found")
		} else {
			args = append(args, "--join", first)
		}
		if err := t.launch(program, args...); err != nil {
			return t, err
		}
		if err := t.ready(ctx, client, "PING\r\n", "+PONG"); err != nil {
			return t, err
		}
	}
	return t, nil
}

// startRedis starts a master with two replicas that sync their logs every second.
func (b *benchmark) startRedis(ctx context.Context, dir string) (*target, error) {
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

// olricSettings is the configuration of one member of Olric: the same number of
// copies and the same quorums as quorate, and only errors logged.
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

// startOlric starts members of Olric, which keeps its data in memory only.
func (b *benchmark) startOlric(ctx context.Context, dir string) (*target, error) {
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
	// The first member answers before it has given the last one its partitions.
	return t, t.ready(ctx, t.addrs[0], "DM.PUT bench ready yes\r\n", "+OK")
}
