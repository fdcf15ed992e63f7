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

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/admin"
	"github.com/quorate/quorate/cluster"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/peer/fault"
	"github.com/quorate/quorate/engine"
	"github.com/quorate/quorate/server"
)

// Run implements `quorate server`: one node and its admin port, until ctx ends.
func (c *serverCmd) Run(ctx context.Context, con console) error {
	if err := usageError(c.check()); err != nil {
		return err
	}
	c.limitMemory(1)
	events := admin.NewEventLog(c.Name)
	log := slog.New(events.Handler(c.Process.logger(con.err).Handler()))
	addrs, err := c.Address.advertised()
	if err != nil {
		return err
	}
	listener, err := c.listenAdmin(c.Address.AdminAddr)
	if err != nil {
		return err
	}
	node, client := c.nodeSettings.configs(c.DataDir, log)
	node.Name, node.Zone, node.Join, node.Secret = c.Name, c.Zone, c.Join, c.Address.PeerSecret
	node.PeerAddr = c.Address.PeerAddr
	node.ClientAddr, node.AdvertisePeerAddr, node.AdminAddr = addrs.client, addrs.peer, addrs.admin
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	client.Addr, client.Chaos, client.Shutdown = c.Address.ClientAddr, c.Chaos, stop
	client.Rewrite = rewriterOf(c.Config)
	log.Info("starting", "version", version(), "node", c.Name, "data_dir", node.Store.Dir,
		"client_addr", addrs.client, "peer_addr", addrs.peer, "admin_addr", addrs.admin)
	p := &process{supervisors: new(supervisors), links: c.links()}
	node.Links = p.links
	open := newSupervisor
	if c.Standby {
		open = newStandby
	}
	h, err := open(node, client, log)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	if c.Quorum.R+c.Quorum.W <= c.Quorum.N {
		log.Warn("r + w is not more than n: a read may miss the newest write", "n", c.Quorum.N, "r", c.Quorum.R, "w", c.Quorum.W)
	}
	p.own = h
	p.supervisors.add(h)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer stop() // a node that has left takes its process with it
		return h.Run(ctx)
	})
	group.Go(func() error { return c.adminServer(p, events, log).Run(ctx, listener) })
	err = group.Wait()
	log.Info("stopped", "node", c.Name)
	return err
}

// links are those that the admin port may break; nil if it must not.
func (c *serverCmd) links() *fault.Links {
	if !c.Chaos {
		return nil
	}
	return new(fault.Links)
}

// listenAdmin binds an admin port.
func (s *nodeSettings) listenAdmin(addr string) (net.Listener, error) {
	secure, err := s.Admin.secure()
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
	if secure != nil {
		listener = tls.NewListener(listener, secure)
	}
	return listener, nil
}

// secure is how the admin port speaks TLS; nil if it does not.
func (s *adminSettings) secure() (*tls.Config, error) {
	if s.AdminTLSCert == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(s.AdminTLSCert, s.AdminTLSKey)
	if err != nil {
		return nil, fmt.Errorf("--admin-tls-cert and --admin-tls-key: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// trust is how the admin ports of other nodes are known: by a certificate that
// the system trusts, or by one of this node's own chain. Nil without TLS.
func (s *adminSettings) trust() *tls.Config {
	if s.AdminTLSCert == "" {
		return nil
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if pem, err := os.ReadFile(s.AdminTLSCert); err == nil { // it was read before
		roots.AppendCertsFromPEM(pem)
	}
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}

// adminToken is what the admin port asks for; empty: nothing.
func (s *nodeSettings) adminToken() string {
	return cmp.Or(s.Admin.AdminToken, s.Clients.Requirepass)
}

// adminServer makes the admin port of the process's own node.
func (s *nodeSettings) adminServer(p *process, events *admin.EventLog, log *slog.Logger) *admin.Server {
	return admin.New(admin.Config{
		Name: p.own.name(), Process: p, Metrics: admin.NewMetrics(p), Events: events,
		Token: s.adminToken(), Trust: s.Admin.trust(), MaxValue: int64(s.Admin.AdminMaxValue), Pprof: s.Process.Pprof,
		Logger: log.With("component", "admin"),
	})
}

// configs turns settings, which have been checked, into what a node and its
// client port are made of. The caller adds names and addresses.
func (s *nodeSettings) configs(dir string, log *slog.Logger) (cluster.Config, clientPort) {
	durability, err := engine.ParseDurability(s.Store.Durability)
	if err != nil {
		panic(err) // it was checked
	}
	policy, err := register.ParsePolicy(s.Conflict.ConflictResolution)
	if err != nil {
		panic(err)
	}
	if absolute, err := filepath.Abs(dir); err == nil {
		dir = absolute
	}
	node := cluster.Config{
		GossipProfile: s.Conflict.GossipProfile,
		N:             s.Quorum.N, R: s.Quorum.R, W: s.Quorum.W,
		Partitions: s.Quorum.Partitions,
		Store: engine.Options{
			Dir: dir, Durability: durability,
			CacheBytes: int64(s.Store.CacheSize), MemtableBytes: int64(s.Store.MemtableSize),
			ObjectCacheBytes: cmp.Or(int64(s.Store.ObjectCacheSize), -1), // 0 is its default
			HintBytes:        int64(s.Store.HintBytes), HintAge: time.Duration(s.Store.HintAge),
		},
		Policy:              policy,
		RequestTimeout:      time.Duration(s.Conflict.RequestTimeout),
		SiblingsWarn:        s.Conflict.SiblingsWarn,
		SiblingsRefuse:      s.Conflict.SiblingsRefuse,
		AntiEntropyInterval: time.Duration(s.Conflict.AntiEntropyInterval),
		AntiEntropyRate:     int64(s.Conflict.AntiEntropyRate),
		TombstoneGrace:      time.Duration(s.Store.TombstoneGrace),
		Logger:              log,
	}
	client := server.Config{
		Password: s.Clients.Requirepass, Version: version(),
		MaxClients: s.Clients.Maxclients, ProtoMaxBulkLen: int64(s.Clients.ProtoMaxBulkLen),
		IdleTimeout: time.Duration(s.Clients.Timeout), Standalone: s.Clients.ClusterEnabled == "no",
		InputLimit: int64(s.Clients.ClientBufferLimit), OutputLimit: int64(s.Clients.ClientReplyBufferLimit),
		BufferedLimit: int64(s.Clients.TotalBufferLimit),
		Slowlog: &server.SlowlogConfig{
			SlowerThanMicros: s.Clients.SlowlogLogSlowerThan, Entries: s.Clients.SlowlogMaxLen,
		},
		LatencyThresholdMillis: s.Clients.LatencyMonitorThreshold,
		Settings:               map[string]string{"dir": dir, "appendfsync": s.Store.Durability, "durability": s.Store.Durability},
		Logger:                 log.With("component", "server"),
	}
	return node, clientPort{Config: client}
}
