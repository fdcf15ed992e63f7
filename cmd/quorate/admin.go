package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/quorate/quorate/admin/api"
)

// adminCmd is `quorate admin`.
type adminCmd struct {
	AdminAddr   string `default:"${admin_addr}" help:"Admin port of any node of the cluster; https://HOST:PORT where it speaks TLS."`
	AdminToken  string `placeholder:"TOKEN" help:"The admin port's token, if it has one; by default the password."`
	Requirepass string `placeholder:"PASSWORD" help:"The cluster's password, if it has one."`
	AdminCA     string `name:"admin-ca" type:"path" placeholder:"FILE" help:"Certificates (PEM) to trust on an https address; by default the system's."`

	JSON  bool `name:"json" help:"Print the answer of the admin port, as JSON."`
	Watch bool `env:"-" help:"Of commands that only show something: show it every two seconds."`

	Status   adminStatus   `cmd:"" help:"Show the cluster as one node sees it, and what is wrong; exit with 1 if anything is."`
	Problems adminProblems `cmd:"" help:"Show what is wrong; exit with 1 if anything is."`
	Check    adminCheck    `cmd:"" help:"Say whether one node may be stopped now, as for a restart; exit with 0 if so, else with 1."`
	Drain    adminDrain    `cmd:"" help:"Make the node at this admin port safe to stop: it refuses new clients, and hands over what it has for others."`
	Nodes    adminNodes    `cmd:"" aliases:"members" help:"Show the members with their zones and addresses."`
	Ring     adminRing     `cmd:"" help:"Show which share of the ring each node has."`
	Preflist adminPreflist `cmd:"" help:"Show where a key lives: its preference list."`
	Versions adminVersions `cmd:"" help:"Show the history of a key."`
	Hints    adminHints    `cmd:"" help:"Show who keeps hints for whom."`
	Events   adminEvents   `cmd:"" help:"Show the newest lines of all nodes' logs."`
	Repair   adminRepair   `cmd:"" help:"Show whether replicas are equal, or make them so."`

	Plan    adminPlan    `cmd:"" help:"Show what a join, leave, remove or replace would move, before it is done."`
	Join    adminJoin    `cmd:"" help:"Let a node that waits with --standby join the cluster."`
	Leave   adminLeave   `cmd:"" help:"Let a live node go: its data moves to the others first."`
	Remove  adminRemove  `cmd:"" help:"Take a dead node off the ring: the others make new copies of its data."`
	Replace adminReplace `cmd:"" help:"Let a fresh node of the same name take the place of a dead one: it joins with an empty data directory, and the others fill it."`

	Config adminConfig `cmd:"" help:"Show or change N, R, W and the conflict policy of the whole cluster, like: quorate admin config r=1 w=3"`

	Operations adminOperations `cmd:"" help:"Show the long work of all nodes: its progress, and what delays it."`
	Cancel     adminCancel     `cmd:"" help:"Cancel an operation."`
}

// client returns a client of the admin port that the flags name, for a command that changes
// something or waits for an end. It refuses --watch.
func (c *adminCmd) client() (*api.Client, error) { return c.patientClient(0) }

// patientClient is [adminCmd.client] for one that waits for an answer for a time; 0: the default.
func (c *adminCmd) patientClient(timeout time.Duration) (*api.Client, error) {
	if c.Watch {
		return nil, fmt.Errorf("%w: --watch is for commands that only show something: this one changes the cluster or waits for an end (see --help)", errUsage)
	}
	return c.watchingClient(timeout)
}

// watchingClient returns a client that waits for an answer for a time; 0: the default.
func (c *adminCmd) watchingClient(timeout time.Duration) (*api.Client, error) {
	cfg := api.Config{Addr: reachableURL(c.AdminAddr), Token: cmp.Or(c.AdminToken, c.Requirepass), Timeout: timeout}
	if c.AdminCA == "" {
		return api.NewClient(cfg), nil
	}
	pem, err := os.ReadFile(c.AdminCA)
	if err != nil {
		return nil, fmt.Errorf("--admin-ca: %w", err)
	}
	trusted := x509.NewCertPool()
	if !trusted.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("--admin-ca %s: no certificate in it", c.AdminCA)
	}
	cfg.TLS = &tls.Config{RootCAs: trusted}
	return api.NewClient(cfg), nil
}

// figure formats a number that may be unknown.
func figure(n *int64) string {
	if n == nil {
		return "?"
	}
	return strconv.FormatInt(*n, 10)
}

// sizeFigure formats bytes whose number may be unknown.
func sizeFigure(n *int64) string {
	if n == nil {
		return "?"
	}
	return size(*n)
}

type adminLeave struct {
	Node string `arg:"" help:"Name of the node."`
}

// Run implements the command.
func (c adminLeave) Run(ctx context.Context, con console, cli *commands) error {
	port, err := cli.Admin.client()
	if err != nil {
		return err
	}
	defer port.Close()
	return cli.Admin.removed(ctx, con.out, port, departure{c.Node, api.Leave})
}

type adminRemove struct {
	Node string `arg:"" help:"Name of the node."`
}

// Run implements the command.
func (c adminRemove) Run(ctx context.Context, con console, cli *commands) error {
	port, err := cli.Admin.client()
	if err != nil {
		return err
	}
	defer port.Close()
	return cli.Admin.removed(ctx, con.out, port, departure{c.Node, api.Remove})
}

// departure says which node leaves the ring, and how.
type departure struct {
	node string
	how  api.Departure
}

// removed takes a node off the ring. With --json it tells nothing but the end.
func (c *adminCmd) removed(ctx context.Context, out io.Writer, port *api.Client, d departure) error {
	if !c.JSON {
		return removeNode(ctx, out, port, d.node, d.how)
	}
	if err := removeNode(ctx, io.Discard, port, d.node, d.how); err != nil {
		return err
	}
	return printJSON(out, api.MemberChange{Name: d.node, Status: "gone"})
}

// removeNode takes a node off the ring and waits until its data has moved. The end
// of ctx ends the wait, not the move.
func removeNode(ctx context.Context, out io.Writer, port *api.Client, node string, how api.Departure) error {
	if _, err := port.RemoveNode(ctx, node, how); err != nil {
		return err
	}
	if view, err := port.Cluster(ctx); err == nil {
		printFewerCopies(out, view)
	}
	fmt.Fprintf(out, "%s leaves the ring; its data moves now (Ctrl-C ends the wait, not the move)\n", node)
	told := &progress{out: out, kinds: movingKinds}
	return told.await(ctx, port, func(view api.Cluster, err error) (string, error) {
		gone := err == nil && !slices.ContainsFunc(view.Nodes, func(m api.Member) bool { return m.Name == node || m.ID == node })
		// The port of a node that was asked to remove itself ends with the node.
		if gone || how == api.Leave && errors.Is(err, api.ErrUnreachable) {
			return goneText(node, how), nil
		}
		return "", nil
	})
}

// movingKinds are the operations that a change of the members consists of.
var movingKinds = []string{"gain", "release", "refill"}

// goneText says that a node is out of the ring, and what becomes of it.
func goneText(node string, how api.Departure) string {
	if how == api.Leave {
		return fmt.Sprintf("%s is gone from the ring; it stops by itself in some seconds\n", node)
	}
	return fmt.Sprintf("%s is gone from the ring\n", node)
}

// printFewerCopies says so if the members that stay are fewer than N.
func printFewerCopies(out io.Writer, v api.Cluster) {
	if stay := staying(v.Nodes); stay < v.N {
		fmt.Fprintf(out, "%d members stay, fewer than n=%d: each key will have %d copies until another node joins\n", stay, v.N, stay)
	}
}

// reachableURL turns the address of an admin port, HOST:PORT with or without http://
// or https://, into a URL to connect to.
func reachableURL(at string) string {
	scheme, addr, given := strings.Cut(at, "://")
	if !given {
		scheme, addr = "http", at
	}
	return scheme + "://" + reachable(strings.TrimSuffix(addr, "/"))
}

// reachable turns an address to listen on into one to connect to: it replaces
// 0.0.0.0 by this machine's loopback address.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return addr
}
