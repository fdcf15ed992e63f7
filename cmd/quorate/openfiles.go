package main

import (
	"log/slog"
	"math"
	"runtime"

	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/server/limits"
)

// fileBudget divides the file descriptors that a node may have among those who take
// them. Without it clients could take all, and the store, which ends the node when it
// cannot make its next file, would find none.
type fileBudget struct {
	store   int // files that the engine keeps open
	peers   int // accepted streams of other nodes, and lanes to them beyond the first
	admin   int // connections to the admin port
	clients int // connections to the client port
}

// Bounds of a budget.
const (
	leastFiles   = 512 // below it the parts have too few, and clients may still take all
	otherFiles   = 320 // connections to the peer port before they say who they are (256), files being written, dialled streams, listeners
	mostOfStore  = 1000
	mostOfPeers  = 1024
	mostOfAdmin  = 1024
	leastClients = 64 // redis-benchmark opens 50, and for its next test 50 more while these close
)

// leastFilesOf returns how many files each of some nodes of one process needs. In a demo
// each has streams to and from all others.
func leastFilesOf(nodes int) int {
	return max(leastFiles, leastFiles-leastClients+2*peer.StreamsPerPeer(1)*nodes)
}

// budgetFiles divides the process's limit of open files among its nodes. Clients get
// what the others leave: less than half of a small limit, and nearly all of a large one.
func budgetFiles(limit uint64, nodes int) fileBudget {
	each := int(min(limit, math.MaxInt32)) / nodes
	b := fileBudget{
		store: min(max(each, leastFiles)/8, mostOfStore),
		peers: max(min(max(each, leastFiles)/16+max(each-leastFiles, 0)/8, mostOfPeers), peer.StreamsPerPeer(1)*nodes),
		admin: min(max(each, leastFiles)/16, mostOfAdmin),
	}
	least := leastClients
	if nodes > 1 {
		least *= 2 // the nodes of a demo are not flooded by strangers all at once
	}
	b.clients = min(max(each-otherFiles-b.store-b.peers-b.admin, least), int(limits.ClientCount.Most))
	return b
}

// largeCluster is how many nodes the peers' share has to suffice for.
const largeCluster = 64

// lanes returns how many lanes each of some nodes of this process opens to a peer, and how
// many streams it accepts. The lanes are as many as suit its share of the processors, and
// fewer where the files would not suffice for a large cluster.
func (b fileBudget) lanes(processors, nodes int) (lanes, accepted int) {
	cluster := max(nodes, largeCluster)
	lanes = peer.LanesFor(processors / nodes)
	opened := func() int { return (lanes - 1) * cluster } // beyond the first lanes
	for lanes > 1 && opened()+peer.StreamsPerPeer(lanes)*cluster > b.peers {
		lanes--
	}
	return lanes, b.peers - opened()
}

// limitFiles fits the settings of each node to the process's limit of open files, and
// logs it if that allows fewer clients than --maxclients. The runtime has raised the
// soft limit to the hard one before main.
func (s *nodeSettings) limitFiles(nodes int, log *slog.Logger) {
	limit, known := openFileLimit()
	if !known {
		s.node.PeerLanes = peer.LanesFor(runtime.GOMAXPROCS(0) / nodes)
		return
	}
	b := budgetFiles(limit, nodes)
	if least := nodes * leastFilesOf(nodes); limit < uint64(least) {
		log.Warn("the limit of open files is too low: a node may find none for its data, and end; raise it with 'ulimit -n' or LimitNOFILE",
			"open_files", limit, "nodes", nodes, "least", least)
	}
	s.node.Store.MaxOpenFiles, s.admin.connections = b.store, b.admin
	s.node.PeerLanes, s.node.PeerStreams = b.lanes(runtime.GOMAXPROCS(0), nodes)
	most := int64(b.clients)
	s.client.MostClients = most
	if s.client.MaxClients > most {
		log.Info("maxclients is lowered: the limit of open files leaves room for so many clients of each node; 'ulimit -n' or LimitNOFILE raises it",
			"maxclients", b.clients, "wanted", s.client.MaxClients, "open_files", limit, "room_for_nodes", nodes)
		s.client.MaxClients = most
	}
}
