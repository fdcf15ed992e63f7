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
	"text/tabwriter"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/admin"
	"github.com/quorate/quorate/cluster/core/quorum"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer/fault"
	"github.com/quorate/quorate/server/tracing"
)

// roomForNodes is how many added nodes the budget of open files of a demo allows for.
const roomForNodes = 3

// Run implements `quorate demo`: a cluster in this process, until ctx ends.
func (c *demoCmd) Run(ctx context.Context, con console) (err error) {
	if err := usageError(c.check()); err != nil {
		return err
	}
	surviveBrokenPipes()
	hangups, unwatch := watchHangups()
	defer unwatch()
	c.settings.limitMemory(c.nodes)
	log := c.settings.log.logger(con.err)
	c.settings.limitFiles(c.nodes+roomForNodes, log)
	dir := c.dataDir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "quorate-demo-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	recorder, err := c.settings.tracing.open("demo", log)
	if err != nil {
		return err
	}
	d, err := c.assemble(dir, log, stop, recorder)
	if err != nil {
		return err
	}
	stopRecording := startRecording(recorder)
	defer func() { err = errors.Join(err, stopRecording()) }()
	var group errgroup.Group
	group.Go(func() error { return endAtHangup(ctx, hangups, stop) })
	group.Go(func() error { return con.reportDrops(ctx, log) })
	group.Go(func() error {
		defer stop()
		return d.run(ctx, func() { d.welcome(con.out, c) })
	})
	return group.Wait()
}

// demo is a cluster in one process. Each node has its own admin port, as it
// would alone, and each port may kill and revive any of them.
type demo struct {
	settings    *nodeSettings
	dir         string
	log         *slog.Logger
	ports       demoPorts
	links       *fault.Links // between all of them
	stop        func()       // ends the whole demo
	rewrite     func(changed map[string]string) error
	recorder    *tracing.Recorder // nil: no traces
	supervisors supervisors       // all that ever ran
	nodes       []demoNode        // those that it begins with
	addRequests chan addRequest   // see demo_addnode.go
}

// demoNode is one node of a demo.
type demoNode struct {
	member     ring.Member
	supervisor *supervisor
	admin      net.Listener
	events     *admin.EventLog
	log        *slog.Logger
	ended      chan struct{} // closed when the node has lived its last life
}

// assemble opens all nodes, or none: as many founders as are asked for, and what a
// former life of the directory added to them.
func (c *demoCmd) assemble(dir string, log *slog.Logger, stop func(), recorder *tracing.Recorder) (*demo, error) {
	d := &demo{
		recorder: recorder,
		settings: &c.settings, dir: dir, log: log, ports: newDemoPorts(c), links: new(fault.Links),
		stop: stop, rewrite: rewriterOf(c.configFile), addRequests: make(chan addRequest),
	}
	var members []ring.Member
	for i := range max(c.nodes, nodesIn(dir)) {
		m, err := d.ports.member(i)
		if err != nil {
			return nil, err
		}
		members = append(members, m)
	}
	founders := members[:c.nodes]
	d.nodes = make([]demoNode, len(members))
	var group errgroup.Group // side by side: each store waits for the disk
	for i := range members {
		group.Go(func() (err error) {
			d.nodes[i], err = d.open(members[i], func(node *nodeConfig) {
				node.Whereabouts = members
				if i < len(founders) {
					node.Founders, node.ClusterID = founders, clusterID(dir)
					return
				}
				for _, f := range founders { // in case it was stopped before it had joined
					node.Join = append(node.Join, f.PeerAddr)
				}
			})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, errors.Join(err, d.close())
	}
	for _, n := range d.nodes {
		d.supervisors.add(n.supervisor)
	}
	return d, nil
}

// open opens one node, which place tells how to find its cluster.
func (d *demo) open(m ring.Member, place func(*nodeConfig)) (demoNode, error) {
	events := admin.NewEventLog(m.Name)
	log := slog.New(events.Handler(d.log.Handler())).With("self", m.Name)
	node, client := d.settings.configs(filepath.Join(d.dir, m.Name), log)
	node.Name, node.PeerAddr, node.Links = m.Name, m.PeerAddr, d.links
	node.ClientAddr, node.AdvertisePeerAddr, node.AdminAddr = m.ClientAddr, m.PeerAddr, m.AdminAddr
	place(&node)
	client.Addr, client.Chaos, client.Shutdown, client.Rewrite = m.ClientAddr, true, d.stop, d.rewrite
	if d.recorder != nil {
		client.Tracer = d.recorder
	}
	listener, err := d.settings.listenAdmin(m.AdminAddr)
	if err != nil {
		return demoNode{}, err
	}
	h, err := newSupervisor(node, client, log)
	if err != nil {
		return demoNode{}, errors.Join(err, listener.Close())
	}
	return demoNode{member: m, supervisor: h, admin: listener, events: events, log: log, ended: make(chan struct{})}, nil
}

// close gives back what stands already when another node cannot be opened.
func (d *demo) close() error {
	var errs []error
	for _, n := range d.nodes {
		if n.supervisor != nil {
			errs = append(errs, n.supervisor.Run(ended()), n.admin.Close())
		}
	}
	return errors.Join(errs...)
}

// clusterID derives the id of a demo's cluster from its directory. It stays the same when
// the demo is started again, and differs from that of every other demo.
func clusterID(dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return hex.EncodeToString(sum[:16])
}

// run lives until ctx ends. A node that leaves the ring, or fails, takes no
// other with it, unless the demo has not begun: then it ends, with that error.
func (d *demo) run(ctx context.Context, welcome func()) error {
	var group errgroup.Group
	for _, n := range d.nodes {
		d.launch(ctx, &group, n)
	}
	group.Go(func() error {
		d.serveAddRequests(ctx, &group)
		return nil
	})
	if d.awaitReady(ctx) {
		welcome()
	} else {
		d.stop()
	}
	return group.Wait()
}

// launch runs a node and its admin port.
func (d *demo) launch(ctx context.Context, group *errgroup.Group, n demoNode) {
	group.Go(func() error {
		defer close(n.ended)
		err := n.supervisor.Run(ctx)
		if err != nil && ctx.Err() == nil {
			n.log.Error("node ended", "err", err)
		}
		return err
	})
	p := &process{own: n.supervisor, supervisors: &d.supervisors, links: d.links, recorder: d.recorder, addNode: func(asking context.Context) (string, error) { return d.addNode(asking, ctx) }}
	group.Go(func() error {
		return d.settings.adminServer(p, n.events, n.log).Run(ctx, n.admin)
	})
}

// awaitReady waits until all nodes serve; it does so in vain when one of them
// ends before, or ctx.
func (d *demo) awaitReady(ctx context.Context) bool {
	for _, n := range d.nodes {
		var ready <-chan struct{}
		if l, why := n.supervisor.state(); l != nil {
			ready = l.node.Ready()
		} else if errors.Is(why, admin.ErrKilled) {
			continue // somebody was quick
		}
		select {
		case <-ready:
		case <-n.ended:
			return false
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// readyLine says how many nodes there are and which quorums are in force.
func readyLine(nodes int, q quorum.NRW) string {
	now := q.Capped(nodes)
	text := fmt.Sprintf("A cluster of %d nodes is ready: n=%d r=%d w=%d", nodes, now.N, now.R, now.W)
	if now.N < q.N {
		text += fmt.Sprintf(" until there are %d nodes, then n=%d r=%d w=%d", q.N, q.N, q.R, q.W)
	}
	return text + "."
}

// welcome tells what stands where, and what to try.
func (d *demo) welcome(out io.Writer, c *demoCmd) {
	first := d.nodes[0].member
	q := quorum.NRW{N: c.settings.node.N, R: c.settings.node.R, W: c.settings.node.W}
	fmt.Fprintln(out, readyLine(len(d.nodes), q))
	for _, skipped := range d.ports.skipped {
		fmt.Fprintln(out, skipped)
	}
	fmt.Fprintln(out)
	table := tabwriter.NewWriter(out, 2, 0, 3, ' ', 0)
	fmt.Fprintln(table, "  NODE\tCLIENTS\tADMIN\tPEERS")
	for _, n := range d.nodes {
		m := n.member
		fmt.Fprintf(table, "  %s\t%s\thttp://%s\t%s\n", m.Name, m.ClientAddr, m.AdminAddr, m.PeerAddr)
	}
	_ = table.Flush()
	_, port, _ := net.SplitHostPort(first.ClientAddr)
	last := d.nodes[len(d.nodes)-1].member
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
	case c.dataDir == "":
		fmt.Fprintln(out, "Ctrl-C ends it, and its data with it.")
	default:
		fmt.Fprintf(out, "Ctrl-C ends it; the data stays in %s.\n", c.dataDir)
	}
}
