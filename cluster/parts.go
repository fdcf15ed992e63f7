package cluster

import (
	"time"

	"github.com/quorate/quorate/cluster/clear"
	"github.com/quorate/quorate/cluster/coverage"
	"github.com/quorate/quorate/cluster/membership"
	"github.com/quorate/quorate/cluster/membership/gossip"
	"github.com/quorate/quorate/cluster/operation"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/repair"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/cluster/settings"
	"github.com/quorate/quorate/engine"
)

// Ready returns a channel that is closed when the node has a ring and serves.
func (n *Node) Ready() <-chan struct{} { return n.ready }

// Name returns the node's name.
func (n *Node) Name() string { return n.cfg.Name }

// Uptime returns how long ago this life of the node began.
func (n *Node) Uptime() time.Duration { return time.Since(n.born) }

// The parts of the node, which alone runs and ends them. Those that need a ring may be
// used once the node is ready.

// Store returns the engine.
func (n *Node) Store() *engine.Store { return n.store }

// Channel returns the peer channel.
func (n *Node) Channel() *peer.Channel { return n.channel }

// Gossip returns the failure detector: it knows which members answer.
func (n *Node) Gossip() *gossip.Gossip { return n.gossip }

// Membership returns the membership, which changes the ring for operators.
func (n *Node) Membership() *membership.Membership { return n.membership }

// Settings returns the disseminator of the settings of the whole cluster, which changes them.
func (n *Node) Settings() *settings.Disseminator { return n.disseminator }

// Coordinator returns the coordinator, which carries out requests on keys.
func (n *Node) Coordinator() *replica.Coordinator { return n.coordinator }

// Coverage returns the reader over all partitions.
func (n *Node) Coverage() *coverage.Reader { return n.coverage }

// Clearer returns what removes all keys of the cluster at once.
func (n *Node) Clearer() *clear.Clearer { return n.clearer }

// Repair returns what makes copies equal, and moves data to where it belongs.
func (n *Node) Repair() *repair.Repair { return n.repair }

// Operations returns the list of the node's long work.
func (n *Node) Operations() *operation.Registry { return n.operations }
