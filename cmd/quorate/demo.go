package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"text/tabwriter"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/ring"
)

// Run implements `quorate demo`: a cluster in this process, until ctx ends.
func (c *demoCmd) Run(ctx context.Context, con console) (err error) {
	if err := usageError(c.check()); err != nil {
		return err
	}
	dir := c.DataDir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "quorate-demo-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	d, err := c.assemble(dir, c.Process.logger(con.err), stop)
	if err != nil {
		return err
	}
	return d.run(ctx, func() { d.welcome(con.out, c) })
}

// demo is a cluster in one process. Each node has its own admin port, as it
// would alone, and each port may kill and revive any of them.
type demo struct {
	settings *demoCmd
	log      *slog.Logger
	members  []ring.Member
	hosts    []*host
	admins   []net.Listener
	links    *peer.Links // between all of them
	stop     func()      // ends the whole demo
}

// assemble opens all nodes, or none.
func (c *demoCmd) assemble(dir string, log *slog.Logger, stop func()) (*demo, error) {
	d := &demo{settings: c, log: log, links: peer.NewLinks(), stop: stop}
	if err := d.choosePorts(); err != nil {
		return nil, err
	}
	d.hosts, d.admins = make([]*host, len(d.members)), make([]net.Listener, len(d.members))
	var group errgroup.Group // side by side: each store waits for the disk
	for i := range d.members {
		group.Go(func() error { return d.open(i, filepath.Join(dir, d.members[i].Name)) })
	}
	if err := group.Wait(); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// open opens one node.
func (d *demo) open(i int, dir string) (err error) {
	m := d.members[i]
	log := d.logger(m.Name)
	node, client := d.settings.configs(dir, log)
	node.Name, node.PeerAddr = m.Name, m.PeerAddr
	node.ClientAddr, node.AdvertisePeerAddr, node.AdminAddr = m.ClientAddr, m.PeerAddr, m.AdminAddr
	node.Founders, node.ClusterID, node.Links = d.members, clusterID(filepath.Dir(dir)), d.links
	client.Addr, client.Chaos, client.Shutdown = m.ClientAddr, true, d.stop
	if d.admins[i], err = listenAdmin(m.AdminAddr); err != nil {
		return err
	}
	d.hosts[i], err = newHost(node, client, log)
	return err
}

// close gives back what stands already when another node cannot be opened.
func (d *demo) close() error {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	var errs []error
	for i := range d.hosts {
		if d.hosts[i] != nil {
			errs = append(errs, d.hosts[i].Run(ended))
		}
		if d.admins[i] != nil {
			errs = append(errs, d.admins[i].Close())
		}
	}
	return errors.Join(errs...)
}

// logger says of which node a line is.
func (d *demo) logger(node string) *slog.Logger { return d.log.With("self", node) }

// clusterID is the same for all nodes of a demo, however often it is started,
// and another for every other demo: they do not mix.
func clusterID(dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return hex.EncodeToString(sum[:16])
}

// choosePorts names the nodes and gives each the next ports that are free. With
// a directory that is kept, ports are never skipped: its nodes know each other
// by them.
func (d *demo) choosePorts() error {
	taken := map[int]bool{} // by another node, or for another purpose
	next := func(port *int, flag string, network ...string) (string, error) {
		for ; *port < 1<<16; *port++ {
			if taken[*port] {
				continue
			}
			addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(*port))
			err := canListen(addr, network)
			if err == nil {
				taken[*port] = true
				return addr, nil
			}
			if d.settings.DataDir != "" {
				return "", fmt.Errorf("port %s is in use: stop who holds it, or choose other ports with %s: %w", addr, flag, err)
			}
		}
		return "", fmt.Errorf("no free port is left from %s on", flag)
	}
	client, peer, admin := d.settings.ClientPort, d.settings.PeerPort, d.settings.AdminPort
	for i := range d.settings.Nodes {
		m := ring.Member{Name: string(rune('A' + i))}
		m.ID = ring.IDOf(m.Name)
		var faults [3]error
		m.ClientAddr, faults[0] = next(&client, "--client-port", "tcp")
		m.PeerAddr, faults[1] = next(&peer, "--peer-port", "tcp", "udp")
		m.AdminAddr, faults[2] = next(&admin, "--admin-port", "tcp")
		if err := errors.Join(faults[:]...); err != nil {
			return err
		}
		d.members = append(d.members, m)
	}
	return nil
}

// canListen tries an address.
func canListen(addr string, networks []string) error {
	for _, network := range networks {
		var l io.Closer
		var err error
		if network == "udp" {
			l, err = net.ListenPacket(network, addr)
		} else {
			l, err = net.Listen(network, addr)
		}
		if err != nil {
			return err
		}
		_ = l.Close()
	}
	return nil
}

// run lives until ctx ends. A node that leaves the ring, or fails, takes no
// other with it.
func (d *demo) run(ctx context.Context, welcome func()) error {
	var group errgroup.Group
	for i, h := range d.hosts {
		group.Go(func() error {
			err := h.Run(ctx)
			if err != nil && ctx.Err() == nil {
				d.log.Error("node ended", "err", err)
			}
			return err
		})
		p := &process{own: h, hosts: d.hosts, links: d.links, chaos: true}
		group.Go(func() error {
			return d.settings.adminServer(p, d.logger(h.name())).Run(ctx, d.admins[i])
		})
	}
	if d.awaitReady(ctx) {
		welcome()
	}
	return group.Wait()
}

// awaitReady waits until all nodes serve, or ctx ends.
func (d *demo) awaitReady(ctx context.Context) bool {
	for _, h := range d.hosts {
		l := h.current()
		if l == nil {
			continue
		}
		select {
		case <-l.node.Ready():
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// welcome tells what stands where, and what to try.
func (d *demo) welcome(out io.Writer, c *demoCmd) {
	first := d.members[0]
	q := c.Quorum
	fmt.Fprintf(out, "A cluster of %d nodes is ready: n=%d r=%d w=%d.\n\n", len(d.members), q.N, q.R, q.W)
	table := tabwriter.NewWriter(out, 2, 0, 3, ' ', 0)
	fmt.Fprintln(table, "  NODE\tCLIENTS\tADMIN\tPEERS")
	for _, m := range d.members {
		fmt.Fprintf(table, "  %s\t%s\thttp://%s\t%s\n", m.Name, m.ClientAddr, m.AdminAddr, m.PeerAddr)
	}
	_ = table.Flush()
	_, port, _ := net.SplitHostPort(first.ClientAddr)
	last := d.members[len(d.members)-1]
	_, otherPort, _ := net.SplitHostPort(last.ClientAddr)
	fmt.Fprintf(out, `
Any node serves any key. Try:
  redis-cli -p %s set greeting hello
  redis-cli -p %s get greeting
  redis-benchmark -p %s -t set,get -P 16 -q
  curl -X POST http://%s/api/nodes/%s/kill      # and: /revive
  quorate admin --admin-addr %s status

`, port, otherPort, port, first.AdminAddr, last.Name, first.AdminAddr)
	switch {
	case c.DataDir == "":
		fmt.Fprintln(out, "Ctrl-C ends it, and its data with it.")
	default:
		fmt.Fprintf(out, "Ctrl-C ends it; the data stays in %s.\n", c.DataDir)
	}
}
