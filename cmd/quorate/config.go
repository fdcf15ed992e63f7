package main

import (
	"log/slog"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/alecthomas/kong"

	"github.com/quorate/quorate/admin"
	"github.com/quorate/quorate/cluster"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine"
	"github.com/quorate/quorate/server"
	"github.com/quorate/quorate/server/limits"
)

// The table of settings. A row is a setting: its name, the field that it sets, its
// default, its bounds, whether CONFIG SET changes it, and its help text. Defaults and
// bounds that a component has are taken from the component. The numbers of the client port
// that CONFIG SET changes have their table in package server ([server.Settings]).

// nodeSettings are the settings that every node has, alone or in a demo.
type nodeSettings struct {
	table []setting // all settings of the command, these among them

	node    nodeConfig
	client  clientPort
	admin   adminSettings
	log     logSettings
	tracing tracingSettings
}

// adminSettings are the settings of the admin port.
type adminSettings struct {
	token    string // empty: the password of the client port
	certFile string // PEM; empty: no TLS
	keyFile  string
	maxValue int64
	pprof    bool
	// connections bounds those that are open at once; 0: no bound.
	connections int
}

// logSettings are the settings of the log.
type logSettings struct {
	json  bool
	level slog.Level
}

// addressSettings are where the admin port listens, and how others reach the node.
type addressSettings struct {
	admin     string
	advertise advertised // empty: derived from where the node listens
	insecure  bool       // listen beyond loopback without a password
}

// Ports that are listened on by default.
const (
	defaultClientPort = 6379
	defaultPeerPort   = 7946
	defaultAdminPort  = 8001
)

// loopback returns the address of a port of this machine.
func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
	day = 24 * time.Hour
)

// commandDefaults are the defaults that differ between the commands.
type commandDefaults struct {
	cacheBytes, objectCacheBytes, memtableBytes int64
	gossipProfile, logLevel                     string
}

// rows returns the settings that every node has.
func (s *nodeSettings) rows(d commandDefaults) []setting {
	type (
		size = number.Range[int64]
		span = number.Range[time.Duration]
	)
	s.client.Slowlog = new(server.SlowlogConfig)
	replicas := number.Range[int]{Least: 1, Most: ring.MaxReplicas}
	n, c := &s.node, &s.client
	return slices.Concat(
		group("Quorums",
			setting{name: "n", value: count(&n.N, ring.DefaultN, replicas), live: true,
				help: "Replicas of each key. A cluster that exists keeps its own; see 'quorate admin config'."},
			setting{name: "r", value: count(&n.R, ring.DefaultR, replicas), live: true,
				help: "Replicas that must answer a read."},
			setting{name: "w", value: count(&n.W, ring.DefaultW, replicas), live: true,
				help: "Replicas that must have a write before it is acknowledged."},
			setting{name: "partitions", value: count(&n.Partitions, ring.DefaultPartitions, number.Range[int]{Least: 8, Most: ring.Slots}),
				help: "Partitions of the ring, a power of two. Fixed when the cluster is made."},
		),
		group("Storage",
			setting{name: "durability", value: choice(&n.Store.Durability, engine.Always.String(), named(engine.Always, engine.Interval)...),
				help: "When a write is acknowledged: 'always' after it is on the disk of W nodes, 'interval' when they have it in memory; the disk follows within a second."},
			setting{name: "cache-size", value: byteSize(&n.Store.CacheBytes, d.cacheBytes, size{Least: mib, Most: 1024 * gib}),
				help: "Memory for blocks read from disk."},
			setting{name: "object-cache-size", value: byteSizeOrNone(&n.Store.ObjectCacheBytes, d.objectCacheBytes, 1024*gib),
				help: "Memory for the current objects of hot keys, which then need no lookup; 0: none."},
			setting{name: "memtable-size", value: byteSize(&n.Store.MemtableBytes, d.memtableBytes, size{Least: mib, Most: engine.MaxMemtableBytes}),
				help: "Memory for fresh writes before they become a file, at most; there are up to eight. Each start takes a size of its own up to a half below it, so that replicas do not flush at one moment."},
			setting{name: "hint-age", value: duration(&n.Store.HintAge, engine.DefaultHintAge, span{Least: time.Minute, Most: 9 * day}),
				help: "How long a write is kept for a node that is down, and longer until other primaries have it. What is dropped is left to anti-entropy."},
			setting{name: "hint-bytes", value: byteSize(&n.Store.HintBytes, engine.DefaultHintBytes, size{Least: mib, Most: 1024 * gib}),
				help: "How much is kept for nodes that are down."},
			setting{name: "tombstone-grace", value: duration(&n.TombstoneGrace, cluster.DefaultTombstoneGrace, span{Least: time.Second, Most: 3650 * day}),
				help: "How long a deletion is remembered at least; longer than --hint-age."},
		),
		group("Replication",
			setting{name: "conflict-resolution", value: choice(&n.Policy, register.LWW.String(), named(register.LWW, register.MergeJSON, register.Refuse)...), live: true,
				help: "What a plain GET answers when writes conflicted: 'lww' the newest by time, 'merge' JSON objects merged field by field, 'error' an error. A cluster that exists keeps its own; CONFIG SET on any node changes it on all."},
			setting{name: "request-timeout", value: duration(&n.RequestTimeout, cluster.DefaultRequestTimeout, span{Least: 50 * time.Millisecond, Most: time.Minute}),
				help: "How long a request may take before it is answered -NOQUORUM."},
			setting{name: "siblings-warn", value: count(&n.SiblingsWarn, cluster.DefaultSiblingsWarn, number.Range[int]{Least: 1, Most: 10_000}),
				help: "Concurrent values of one key above which a write is logged."},
			setting{name: "siblings-refuse", value: count(&n.SiblingsRefuse, cluster.DefaultSiblingsRefuse, number.Range[int]{Least: 2, Most: 10_000}),
				help: "Concurrent values of one key beyond which a write that adds another is refused."},
			setting{name: "anti-entropy-interval", value: duration(&n.AntiEntropyInterval, cluster.DefaultAntiEntropyInterval, span{Least: 100 * time.Millisecond, Most: day}),
				help: "How often a node compares a partition with another replica."},
			setting{name: "anti-entropy-rate", value: byteSize(&n.AntiEntropyRate, cluster.DefaultAntiEntropyRate, size{Least: 16 * kib, Most: 10 * gib}),
				help: "Bytes a second that anti-entropy may move."},
			setting{name: "gossip-profile", value: word(&n.GossipProfile, d.gossipProfile, "local", "lan", "wan"),
				help: "Timing of failure detection: 'local' for one machine, 'lan' for one network, 'wan' for the internet."},
		),
		group("Clients",
			setting{name: "requirepass", value: text(&c.Password, ""), hint: "PASSWORD", live: true,
				help: "Password of the client port, and of the admin port where that has no --admin-token. Without one, both are on loopback only."},
			setting{name: "cluster-enabled", value: choice(&c.Standalone, "yes", option[bool]{"yes", false}, option[bool]{"no", true}),
				help: "Whether CLUSTER SLOTS, SHARDS and NODES show clients where keys are: 'yes', or 'no' for clients that would then refuse commands on keys of several slots."},
		),
		group("Clients", s.clientNumbers()...),
		group("Admin port",
			setting{name: "admin-token", value: text(&s.admin.token, ""), hint: "TOKEN",
				help: "Password of the admin port, as HTTP Basic (any user name) or a bearer token; by default that of --requirepass, also after CONFIG SET requirepass. The same on all nodes."},
			setting{name: "admin-tls-cert", value: path(&s.admin.certFile, ""), hint: "FILE",
				help: "Certificate (PEM, with its chain) for HTTPS on the admin port."},
			setting{name: "admin-tls-key", value: path(&s.admin.keyFile, ""), hint: "FILE",
				help: "Private key (PEM) of --admin-tls-cert."},
			setting{name: "admin-max-value", value: byteSize(&s.admin.maxValue, admin.DefaultMaxValue, size{Least: kib, Most: register.MaxValue}),
				help: "The longest value that the admin port takes."},
		),
		group("Tracing", s.tracing.rows()...),
		group("Process",
			setting{name: "log-format", value: choice(&s.log.json, "text", option[bool]{"text", false}, option[bool]{"json", true}),
				help: "Form of the log, on standard error: 'text' or 'json'."},
			setting{name: "log-level", value: choice(&s.log.level, d.logLevel, option[slog.Level]{"debug", slog.LevelDebug},
				option[slog.Level]{"info", slog.LevelInfo}, option[slog.Level]{"warn", slog.LevelWarn}, option[slog.Level]{"error", slog.LevelError}),
				help: "Least level that is logged: 'debug', 'info', 'warn' or 'error'."},
			setting{name: "pprof", value: toggle(&s.admin.pprof),
				help: "Serve Go's profiles at /debug/pprof on the admin port."},
		),
	)
}

// clientNumbers returns the settings of the client port that the table of package server
// has.
func (s *nodeSettings) clientNumbers() (rows []setting) {
	for _, row := range server.Settings() {
		field := row.Field(&s.client.Config)
		v := count(field, row.Fallback, row.Within)
		switch row.Unit {
		case limits.Bytes:
			v = byteSize(field, row.Fallback, row.Within)
		case limits.Nanoseconds:
			v = duration((*time.Duration)(field), time.Duration(row.Fallback),
				number.Range[time.Duration]{Least: time.Duration(row.Within.Least), Most: time.Duration(row.Within.Most)})
		}
		rows = append(rows, setting{name: row.Name, value: v, live: true, help: row.Help})
	}
	return rows
}

// serverCmd is `quorate server`.
type serverCmd struct {
	configFile string
	standby    bool
	found      bool
	founder    string
	chaos      bool
	address    addressSettings
	settings   nodeSettings
}

// bind makes the table of the command.
func (c *serverCmd) bind() {
	s := &c.settings
	s.table = slices.Concat(
		[]setting{{name: "config", value: path(&c.configFile, ""), hint: "FILE",
			help: "File of settings: 'name: value' lines (YAML), with the names of these flags."}},
		group("Node",
			setting{name: "name", value: text(&s.node.Name, "A"),
				help: "Name of the node, unique in its cluster and kept for good."},
			setting{name: "data-dir", value: notEmpty(path(&s.node.Store.Dir, "quorate-data")),
				help: "Directory of the node's data."},
			setting{name: "join", value: list(&s.node.Join), hint: "HOST:PORT,…",
				help: "Peer addresses of a cluster to join, and places to look for members that have moved. A host may be a name of several nodes. Without it a fresh node founds a cluster of its own."},
			setting{name: "replace", value: toggle(&s.node.Replace),
				help: "Let an empty data directory take the place of the dead member of this name, and be filled from the others."},
			setting{name: "found", value: toggle(&c.found),
				help: "Found a cluster at once. Otherwise an empty data directory without --join listens for four seconds whether members of a cluster take the node for one of them, and then does not start."},
			setting{name: "founder", value: text(&c.founder, ""), hint: "NAME",
				help: "The node that founds the cluster, if it is new and no node at the addresses of --join belongs to one. All nodes may have the same --founder and --join."},
			setting{name: "standby", value: toggle(&c.standby),
				help: "Start with the admin port only, and wait for a request there that names the cluster to join. A data directory that belongs to a cluster starts as usual."},
			setting{name: "zone", value: text(&s.node.Zone, ""),
				help: "Zone or rack; the replicas of a key are spread over zones first."},
			setting{name: "chaos", value: toggle(&c.chaos),
				help: "Let the admin port kill and revive this node, break its links, fill its disk, hold its hints, and set its clock off, all on purpose."},
		),
		group("Addresses",
			setting{name: "client-addr", value: text(&s.client.Addr, loopback(defaultClientPort)),
				help: "Where clients connect, in Redis's protocol."},
			setting{name: "peer-addr", value: text(&s.node.PeerAddr, loopback(defaultPeerPort)),
				help: "Where the other nodes connect (TCP and UDP)."},
			setting{name: "admin-addr", value: text(&c.address.admin, loopback(defaultAdminPort)),
				help: "Admin REST, metrics and health."},
			setting{name: "advertise-client-addr", value: text(&c.address.advertise.client, ""), hint: "HOST:PORT",
				help: "How clients reach --client-addr, behind NAT or in a container."},
			setting{name: "advertise-peer-addr", value: text(&c.address.advertise.peer, ""), hint: "HOST:PORT",
				help: "How other nodes reach --peer-addr."},
			setting{name: "advertise-admin-addr", value: text(&c.address.advertise.admin, ""), hint: "HOST:PORT",
				help: "How others reach --admin-addr."},
			setting{name: "peer-secret", value: text(&s.node.Secret, ""), hint: "SECRET",
				help: "Shared secret of the cluster's nodes; encrypts gossip and proves membership."},
			setting{name: "peer-secret-accepted", value: list(&s.node.AcceptSecrets), hint: "SECRET,…",
				help: "Secrets that are accepted besides --peer-secret, while it is changed node by node: see .github/SECURITY.md."},
			setting{name: "insecure", value: toggle(&c.address.insecure),
				help: "Listen beyond loopback without a password or a secret."},
		),
		s.rows(commandDefaults{
			cacheBytes: engine.DefaultCacheBytes, objectCacheBytes: engine.DefaultObjectCacheBytes, memtableBytes: engine.DefaultMemtableBytes,
			gossipProfile: cluster.DefaultGossipProfile, logLevel: "info",
		}),
	)
}

// demoCmd is `quorate demo`.
type demoCmd struct {
	configFile string
	nodes      int
	dataDir    string
	ports      struct{ client, peer, admin int } // the first of each kind
	settings   nodeSettings
}

// bind makes the table of the command.
func (c *demoCmd) bind() {
	ports := number.Range[int]{Least: 1, Most: 65_000}
	c.settings.table = slices.Concat(
		[]setting{{name: "config", value: path(&c.configFile, ""), hint: "FILE",
			help: "File of settings, as for 'quorate server'."}},
		group("Demo",
			setting{name: "nodes", value: count(&c.nodes, 5, number.Range[int]{Least: 1, Most: maxDemoNodes}),
				help: "How many nodes: A to Z, then AA, AB and so on."},
			setting{name: "data-dir", value: path(&c.dataDir, ""), hint: "DIR",
				help: "Keep the data here; by default in a temporary directory that goes with the demo."},
			setting{name: "client-port", value: count(&c.ports.client, defaultClientPort, ports),
				help: "First client port; the nodes take one each from here on, leaving out those in use."},
			setting{name: "peer-port", value: count(&c.ports.peer, defaultPeerPort, ports),
				help: "First peer port."},
			setting{name: "admin-port", value: count(&c.ports.admin, defaultAdminPort, ports),
				help: "First admin port."},
		),
		c.settings.rows(commandDefaults{cacheBytes: 32 * mib, objectCacheBytes: 16 * mib, memtableBytes: 8 * mib, gossipProfile: "local", logLevel: "warn"}),
	)
}

// bindSettings gives the commands the flags of their settings.
func (c *commands) bindSettings(k *kong.Kong) error {
	c.Server.bind()
	c.Demo.bind()
	tables := map[string][]setting{"server": c.Server.settings.table, "demo": c.Demo.settings.table}
	for _, command := range k.Model.Children {
		table := tables[command.Name]
		for i := range table {
			command.Flags = append(command.Flags, table[i].flag())
		}
	}
	return nil
}
