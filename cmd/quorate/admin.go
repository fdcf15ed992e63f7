package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/quorate/quorate/admin"
)

// adminCmd is `quorate admin`.
type adminCmd struct {
	AdminAddr   string `default:"127.0.0.1:8001" help:"Admin port of any node of the cluster; https://HOST:PORT where it speaks TLS."`
	AdminToken  string `placeholder:"TOKEN" help:"The admin port's token, if it has one; by default the password."`
	Requirepass string `placeholder:"PASSWORD" help:"The cluster's password, if it has one."`
	AdminCA     string `name:"admin-ca" type:"path" placeholder:"FILE" help:"Certificates (PEM) to trust on an https address; by default the system's."`

	Status adminStatus `cmd:"" help:"Show the cluster as one node sees it."`
	Leave  adminLeave  `cmd:"" help:"Let a live node go: its data moves to the others first."`
	Remove adminRemove `cmd:"" help:"Strike off a node that is dead: the others make new copies of what it held."`
	Config adminConfig `cmd:"" help:"Change N, R or W of the whole cluster, like: quorate admin config r=1 w=3"`
}

func (c *adminCmd) port() (adminPort, error) {
	p := newAdminPort(c.AdminAddr)
	p.token = cmp.Or(c.AdminToken, c.Requirepass)
	if c.AdminCA == "" {
		return p, nil
	}
	pem, err := os.ReadFile(c.AdminCA)
	if err != nil {
		return p, fmt.Errorf("--admin-ca: %w", err)
	}
	trusted := x509.NewCertPool()
	if !trusted.AppendCertsFromPEM(pem) {
		return p, fmt.Errorf("--admin-ca %s: no certificate in it", c.AdminCA)
	}
	p.secure = &tls.Config{RootCAs: trusted}
	return p, nil
}

type adminStatus struct{}

// Run implements the command.
func (adminStatus) Run(ctx context.Context, con console, cli *commands) error {
	port, err := cli.Admin.port()
	if err != nil {
		return err
	}
	var view admin.View
	if err := port.call(ctx, "GET", "/api/cluster", nil, &view); err != nil {
		return err
	}
	return printView(con.out, view)
}

func printView(out io.Writer, v admin.View) error {
	fmt.Fprintf(out, "n=%d r=%d w=%d partitions=%d ring=%d seen by %s\n", v.N, v.R, v.W, v.Partitions, v.RingVersion, v.Self)
	if v.InTransition {
		fmt.Fprintf(out, "data is moving; still to receive theirs: %s\n", strings.Join(v.Pending, ", "))
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NODE\tSTATUS\tTOKENS\tKEYS\tBYTES\tHINTS\tCLIENT\tPEER\tADMIN")
	for _, m := range v.Nodes {
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\n", m.Name, m.Status, m.Tokens,
			figure(m.Keys), figure(m.Bytes), figure(m.Hints), m.ClientAddr, m.PeerAddr, m.AdminAddr)
	}
	return table.Flush()
}

// figure is a number that may be unknown.
func figure(n *int64) string {
	if n == nil {
		return "?"
	}
	return strconv.FormatInt(*n, 10)
}

type adminLeave struct {
	Node string `arg:"" help:"Name of the node."`
}

// Run implements the command.
func (c adminLeave) Run(ctx context.Context, con console, cli *commands) error {
	port, err := cli.Admin.port()
	if err != nil {
		return err
	}
	return port.takeOff(ctx, con.out, c.Node, "leave")
}

type adminRemove struct {
	Node string `arg:"" help:"Name of the node."`
}

// Run implements the command.
func (c adminRemove) Run(ctx context.Context, con console, cli *commands) error {
	port, err := cli.Admin.port()
	if err != nil {
		return err
	}
	return port.takeOff(ctx, con.out, c.Node, "remove")
}

// takeOff takes a node off the ring and waits until the data has moved. To stop
// waiting does not stop the move.
func (p adminPort) takeOff(ctx context.Context, out io.Writer, node, how string) error {
	if err := p.call(ctx, "DELETE", "/api/nodes/"+url.PathEscape(node)+"?how="+how, nil, nil); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s goes off the ring; its data moves now (Ctrl-C stops the waiting, not the move)\n", node)
	for tick := time.NewTicker(500 * time.Millisecond); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return ctx.Err()
		case <-tick.C:
		}
		var view admin.View
		err := p.call(ctx, "GET", "/api/cluster", nil, &view)
		gone := err == nil && !slices.ContainsFunc(view.Nodes, func(m admin.MemberView) bool { return m.Name == node || m.ID == node })
		// A node that was asked to send itself away takes its port along.
		if gone || how == "leave" && errors.Is(err, errUnreachable) {
			tick.Stop()
			fmt.Fprintf(out, "%s is gone\n", node)
			return nil
		}
	}
}

type adminConfig struct {
	Settings []string `arg:"" help:"n=3 r=2 w=2: any of them."`
}

// Run implements the command.
func (c adminConfig) Run(ctx context.Context, con console, cli *commands) error {
	wanted := map[string]int{}
	for _, setting := range c.Settings {
		name, text, _ := strings.Cut(strings.ToLower(setting), "=")
		number, err := strconv.Atoi(text)
		if err != nil || name != "n" && name != "r" && name != "w" {
			return fmt.Errorf("%w: %q: write n=3, r=2 or w=2", errUsage, setting)
		}
		wanted[name] = number
	}
	port, err := cli.Admin.port()
	if err != nil {
		return err
	}
	var now struct{ N, R, W int }
	if err := port.call(ctx, "POST", "/api/cluster/config", wanted, &now); err != nil {
		return err
	}
	_, err = fmt.Fprintf(con.out, "n=%d r=%d w=%d\n", now.N, now.R, now.W)
	return err
}

// adminPort is the admin port of a node, as a client of it.
type adminPort struct {
	scheme, addr string
	token        string
	secure       *tls.Config // nil: as the system trusts
}

// newAdminPort takes HOST:PORT, or http:// or https:// before it.
func newAdminPort(at string) adminPort {
	scheme, addr, given := strings.Cut(at, "://")
	if !given {
		scheme, addr = "http", at
	}
	return adminPort{scheme: scheme, addr: localised(strings.TrimSuffix(addr, "/"))}
}

// errUnreachable: nobody answers at the port.
var errUnreachable = errors.New("no answer from the admin port")

const (
	callTimeout = 10 * time.Second
	maxAnswer   = 16 << 20
)

// call makes one request; in and out are JSON, or nil.
func (p adminPort) call(ctx context.Context, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, p.scheme+"://"+p.addr+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if p.token != "" {
		request.SetBasicAuth("quorate", p.token)
	}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: p.secure, DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("%w %s: %w", errUnreachable, p.addr, err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("%w %s: %w", errUnreachable, p.addr, err)
	}
	if response.StatusCode/100 != 2 {
		var refusal struct{ Error string }
		if json.Unmarshal(answer, &refusal) != nil || refusal.Error == "" {
			refusal.Error = response.Status
		}
		return errors.New(refusal.Error)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s is not a quorate admin port: %w", p.addr, err)
	}
	return nil
}

// localised turns an address to listen on into one to connect to: 0.0.0.0 means
// this machine.
func localised(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return addr
}
