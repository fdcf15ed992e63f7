package main

// The table of settings. One line of a struct is one setting: its type, name
// (where it is not the field's), default, bounds (min, max, enum) and help. A
// variable QUORATE_NAME and a key of the --config file come with each.
//
// ${…} is a default that differs between the commands, which set it in their tag.

// nodeSettings are what every node has, alone or in a demo.
type nodeSettings struct {
	Quorum   quorumSettings  `embed:"" group:"Quorums"`
	Store    storeSettings   `embed:"" group:"Storage"`
	Conflict replicaSettings `embed:"" group:"Replication"`
	Clients  clientSettings  `embed:"" group:"Clients"`
	Admin    adminSettings   `embed:"" group:"Admin port"`
	Process  processSettings `embed:"" group:"Process"`
}

type quorumSettings struct {
	N          int `name:"n" default:"3" min:"1" max:"16" help:"Replicas of each key. A cluster that exists keeps its own; see 'quorate admin config'."`
	R          int `name:"r" default:"2" min:"1" max:"16" help:"Replicas that must answer a read."`
	W          int `name:"w" default:"2" min:"1" max:"16" help:"Replicas that must have a write before it is acknowledged."`
	Partitions int `default:"256" min:"8" max:"16384" help:"Partitions of the ring, a power of two. Fixed when the cluster is made."`
}

type storeSettings struct {
	Durability      string `default:"always" oneof:"always,interval" help:"When a write is acknowledged: 'always' after it is on the disk of W nodes, 'interval' when they have it in memory; the disk follows within a second."`
	CacheSize       size   `default:"${cache_size}" min:"1mb" max:"1024gb" help:"Memory for blocks read from disk."`
	ObjectCacheSize size   `default:"${object_cache_size}" max:"1024gb" help:"Memory for the current objects of hot keys, which then need no lookup; 0: none."`
	MemtableSize    size   `default:"${memtable_size}" min:"1mb" max:"1gb" help:"Memory for fresh writes before they become a file, at most; there are up to eight. Each start takes a size of its own up to a half below it, so that replicas do not flush at one moment."`
	HintAge         span   `default:"3h" min:"1m" max:"9d" help:"How long a write is kept for a node that is down. What is dropped is left to anti-entropy."`
	HintBytes       size   `default:"1gb" min:"1mb" max:"1024gb" help:"How much is kept for nodes that are down."`
	TombstoneGrace  span   `default:"10d" min:"1s" max:"3650d" help:"How long a deletion is remembered at least; longer than --hint-age."`
}

type replicaSettings struct {
	ConflictResolution  string `default:"lww" oneof:"lww,merge,error" help:"What a plain GET answers when writes conflicted: 'lww' the newest by time, 'merge' JSON objects merged field by field, 'error' an error."`
	RequestTimeout      span   `default:"2s" min:"50ms" max:"60s" help:"How long a request may take before it is answered -NOQUORUM."`
	SiblingsWarn        int    `default:"25" min:"1" max:"10000" help:"Concurrent values of one key above which a write is logged."`
	SiblingsRefuse      int    `default:"100" min:"2" max:"10000" help:"Concurrent values of one key beyond which a write that adds another is refused."`
	AntiEntropyInterval span   `default:"15s" min:"100ms" max:"1d" help:"How often a node compares a partition with another replica."`
	AntiEntropyRate     size   `default:"8mb" min:"16kb" max:"10gb" help:"Bytes a second that anti-entropy may move."`
	GossipProfile       string `default:"${gossip_profile}" oneof:"local,lan,wan" help:"Timing of failure detection: 'local' for one machine, 'lan' for one network, 'wan' for the internet."`
}

type clientSettings struct {
	Requirepass             string `env:"QUORATE_REQUIREPASS" placeholder:"PASSWORD" help:"Password of the client port, and of the admin port where that has no --admin-token. Without one, both are on loopback only."`
	Maxclients              int    `default:"10000" min:"1" max:"1000000" help:"Client connections at once."`
	Timeout                 span   `default:"0s" max:"3650d" help:"Close a client connection that has been idle for this long; 0: never."`
	ClusterEnabled          string `default:"yes" oneof:"yes,no" help:"Whether CLUSTER SLOTS, SHARDS and NODES show clients where keys are: 'yes', or 'no' for clients that would then refuse commands on keys of several slots."`
	ProtoMaxBulkLen         size   `default:"512mb" min:"1mb" max:"512mb" help:"The longest key or value."`
	ClientBufferLimit       size   `default:"1gb" min:"1mb" max:"64gb" help:"Bytes that one client can make a node buffer."`
	TotalBufferLimit        size   `default:"2gb" min:"16mb" max:"1024gb" help:"Bytes that all clients together can make a node buffer."`
	ClientReplyBufferLimit  size   `default:"64mb" min:"64kb" max:"64gb" help:"Bytes of replies that may wait for one client to read them."`
	SlowlogLogSlowerThan    int64  `default:"10000" min:"-1" max:"1000000000000" help:"Microseconds from which on a command is recorded in SLOWLOG; -1: none."`
	SlowlogMaxLen           int64  `default:"128" max:"10000" help:"Commands that SLOWLOG keeps."`
	LatencyMonitorThreshold int64  `default:"0" max:"1000000000" help:"Milliseconds from which on LATENCY records a slow command; 0: none."`
}

type adminSettings struct {
	AdminToken    string `placeholder:"TOKEN" help:"Password of the admin port, as HTTP Basic (any user name) or a bearer token; by default that of --requirepass. The same on all nodes."`
	AdminTLSCert  string `name:"admin-tls-cert" type:"path" placeholder:"FILE" help:"Certificate (PEM, with its chain) for HTTPS on the admin port."`
	AdminTLSKey   string `name:"admin-tls-key" type:"path" placeholder:"FILE" help:"Private key (PEM) of --admin-tls-cert."`
	AdminMaxValue size   `default:"8mb" min:"1kb" max:"512mb" help:"The longest value that the admin port takes."`
}

type processSettings struct {
	LogFormat string `default:"text" oneof:"text,json" help:"Form of the log, on standard error: 'text' or 'json'."`
	LogLevel  string `default:"${log_level}" oneof:"debug,info,warn,error" help:"Least level that is logged: 'debug', 'info', 'warn' or 'error'."`
	Pprof     bool   `help:"Serve Go's profiles at /debug/pprof on the admin port."`
}

// addressSettings are where one node listens and how others reach it.
type addressSettings struct {
	ClientAddr          string `default:"127.0.0.1:6379" help:"Where clients connect, in Redis's protocol."`
	PeerAddr            string `default:"127.0.0.1:7946" help:"Where the other nodes connect (TCP and UDP)."`
	AdminAddr           string `default:"127.0.0.1:8001" help:"Admin REST, metrics and health."`
	AdvertiseClientAddr string `placeholder:"HOST:PORT" help:"How clients reach --client-addr, behind NAT or in a container."`
	AdvertisePeerAddr   string `placeholder:"HOST:PORT" help:"How other nodes reach --peer-addr."`
	AdvertiseAdminAddr  string `placeholder:"HOST:PORT" help:"How others reach --admin-addr."`
	PeerSecret          string `placeholder:"SECRET" help:"Shared secret of the cluster's nodes; encrypts gossip and proves membership."`
	Insecure            bool   `help:"Listen beyond loopback without a password or a secret."`
}

// serverCmd is `quorate server`.
type serverCmd struct {
	Config  string          `placeholder:"FILE" type:"path" help:"File of settings: 'name: value' lines (YAML), with the names of these flags."`
	Name    string          `default:"A" group:"Node" help:"Name of the node, unique in its cluster and kept for good."`
	DataDir string          `default:"quorate-data" group:"Node" type:"path" help:"Directory of the node's data."`
	Join    listOf          `placeholder:"HOST:PORT,…" group:"Node" help:"Peer addresses of a cluster to join. Without it a fresh node founds one of its own."`
	Standby bool            `group:"Node" help:"Start with the admin port only, and wait for a request there that names the cluster to join. A data directory that belongs to a cluster starts as usual."`
	Zone    string          `group:"Node" help:"Zone or rack; the replicas of a key are spread over zones first."`
	Chaos   bool            `group:"Node" help:"Let the admin port kill and revive this node, and break its links."`
	Address addressSettings `embed:"" group:"Addresses"`

	nodeSettings
}

// demoCmd is `quorate demo`.
type demoCmd struct {
	Config     string `placeholder:"FILE" type:"path" help:"File of settings, as for 'quorate server'."`
	Nodes      int    `default:"5" min:"1" max:"26" group:"Demo" help:"How many nodes: A, B, C …"`
	DataDir    string `group:"Demo" type:"path" placeholder:"DIR" help:"Keep the data here; by default in a temporary directory that goes with the demo."`
	ClientPort int    `default:"6379" min:"1" max:"65000" group:"Demo" help:"First client port; the nodes take one each from here on, leaving out those in use."`
	PeerPort   int    `default:"7946" min:"1" max:"65000" group:"Demo" help:"First peer port."`
	AdminPort  int    `default:"8001" min:"1" max:"65000" group:"Demo" help:"First admin port."`

	nodeSettings
}
