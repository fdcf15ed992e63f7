package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/net/netutil" // its listener counts connections where http.Server counts requests
	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/admin"
	"github.com/quorate/quorate/cluster/peer/fault"
)

// foundAfter is how long a fresh node listens before it founds a cluster: members dial one
// that they cannot reach every three seconds, or sooner.
const foundAfter = 4 * time.Second

// Run implements `quorate server`: one node and its admin port, until ctx ends.
func (c *serverCmd) Run(ctx context.Context, con console) error {
	if err := usageError(c.check()); err != nil {
		return err
	}
	surviveBrokenPipes()
	hangups, unwatch := watchHangups()
	defer unwatch()
	s := &c.settings
	s.limitMemory(1)
	name := s.node.Name
	events := admin.NewEventLog(name)
	log := slog.New(events.Handler(s.log.logger(con.err).Handler()))
	s.limitFiles(1, log)
	addrs, err := c.advertised()
	if err != nil {
		return err
	}
	listener, err := s.listenAdmin(c.address.admin)
	if err != nil {
		return err
	}
	node, client := s.configs(s.node.Store.Dir, log)
	node.ClientAddr, node.AdvertisePeerAddr, node.AdminAddr = addrs.client, addrs.peer, addrs.admin
	now, err := wallClock()
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	node.Now = now // the client port gets it from the supervisor
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	client.Chaos, client.Shutdown = c.chaos, stop
	client.Rewrite = rewriterOf(c.configFile)
	recorder, err := s.tracing.open(name, log)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	if recorder != nil {
		client.Tracer = recorder
	}
	log.Info("starting", "version", version(), "node", name, "data_dir", node.Store.Dir,
		"client_addr", addrs.client, "peer_addr", addrs.peer, "admin_addr", addrs.admin)
	p := &process{supervisors: new(supervisors), links: c.links(), recorder: recorder}
	node.Links = p.links
	if !c.found && !c.standby {
		node.FoundAfter, node.FoundIfAbsent = foundAfter, c.founder == name
	}
	open := newSupervisor
	if c.standby {
		open = newStandby
	}
	h, err := open(node, client, log)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	if node.R+node.W <= node.N {
		log.Warn("r + w is not more than n: a read may miss the newest write", "n", node.N, "r", node.R, "w", node.W)
	}
	if !c.mayHaveNoPassword() {
		h.client.Users.RequirePassword()
	}
	p.own = h
	p.supervisors.add(h)
	stopRecording := startRecording(recorder)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer stop() // a node that has left takes its process with it
		return h.Run(ctx)
	})
	group.Go(func() error { return s.adminServer(p, events, log).Run(ctx, listener) })
	group.Go(func() error { return logHangups(ctx, hangups, log) })
	group.Go(func() error { return con.reportDrops(ctx, log) })
	err = errors.Join(group.Wait(), stopRecording())
	log.Info("stopped", "node", name)
	return err
}

// links returns the links that the admin port may break, or nil without --chaos.
func (c *serverCmd) links() *fault.Links {
	if !c.chaos {
		return nil
	}
	return new(fault.Links)
}

// listenAdmin binds an admin port.
func (s *nodeSettings) listenAdmin(addr string) (net.Listener, error) {
	secure, err := s.admin.secure()
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("admin port %s is in use by another process: stop it, or choose another with --admin-addr: %w", addr, err)
	}
	if err != nil {
		return nil, fmt.Errorf("admin port: %w", err)
	}
	if s.admin.connections > 0 {
		listener = netutil.LimitListener(listener, s.admin.connections)
	}
	if secure != nil {
		listener = tls.NewListener(listener, secure)
	}
	return listener, nil
}

// secure returns the TLS configuration of the admin port, or nil without a certificate.
func (s *adminSettings) secure() (*tls.Config, error) {
	if s.certFile == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(s.certFile, s.keyFile)
	if err != nil {
		return nil, fmt.Errorf("--admin-tls-cert and --admin-tls-key: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// trust returns the TLS configuration for calls to the admin ports of other nodes: it
// accepts a certificate that the system trusts, or one of this node's own chain. It is
// nil without TLS.
func (s *adminSettings) trust() *tls.Config {
	if s.certFile == "" {
		return nil
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if pem, err := os.ReadFile(s.certFile); err == nil { // it was read before
		roots.AppendCertsFromPEM(pem)
	}
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}

// adminToken returns the password of the admin port at the start; empty means that it
// asks for none.
func (s *nodeSettings) adminToken() string { return cmp.Or(s.admin.token, s.client.Password) }

// tokenNow returns a function that gives the present password of a node's admin port:
// --admin-token, or else the password of the client port, which CONFIG SET may change.
func (s *nodeSettings) tokenNow(node *supervisor) func() string {
	if s.admin.token != "" {
		return s.adminToken
	}
	return node.client.Users.Password
}

// adminServer makes the admin port of the process's own node.
func (s *nodeSettings) adminServer(p *process, events *admin.EventLog, log *slog.Logger) *admin.Server {
	return admin.New(admin.Config{
		Name: p.own.name(), Version: version(), Process: p, Metrics: admin.NewMetrics(p), Events: events,
		Token: s.tokenNow(p.own), Trust: s.admin.trust(), MaxValue: s.admin.maxValue, Pprof: s.admin.pprof, Now: p.own.node.Now,
		Logger: log.With("component", "admin"),
	})
}

// configs returns what a node and its client port are made of, with the node's data
// in dir. The settings have been checked. The caller adds what is not a setting.
func (s *nodeSettings) configs(dir string, log *slog.Logger) (nodeConfig, clientPort) {
	if absolute, err := filepath.Abs(dir); err == nil {
		dir = absolute
	}
	node, client := s.node, s.client
	node.Store.Dir, node.Logger = dir, log
	durability := node.Store.Durability.String()
	client.Settings = map[string]string{"dir": dir, "appendfsync": durability, "durability": durability}
	client.Version, client.Logger = version(), log.With("component", "server")
	return node, client
}
