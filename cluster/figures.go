package cluster

import (
	"context"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/membership"
	"github.com/quorate/quorate/cluster/membership/gossip"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/engine"
)

// What a node knows of itself, for those who watch it. None of it asks anybody.

// Born is when this life of the node began.
func (n *Node) Born() time.Time { return n.born }

// Counters are the coordinator's; they change while they are read.
func (n *Node) Counters() *replica.Counters { return n.coordinator.Counters() }

// StoreMetrics is a reading of the engine's gauges and counters.
func (n *Node) StoreMetrics() engine.Metrics { return n.store.Metrics() }

// PeerCounters are the peer channel's; they change while they are read.
func (n *Node) PeerCounters() *peer.Counters { return n.channel.Counters() }

// PeerStatus describes this node's streams to each other member.
func (n *Node) PeerStatus() map[ring.NodeID]peer.PeerStatus { return n.channel.Status() }

// MerkleRoots is the root of each partition's hash tree on this node, 0 where it
// holds nothing: equal roots, equal data.
func (n *Node) MerkleRoots() []uint64 { return n.store.Merkle().Roots(nil) }

// MerkleReady says whether a partition's tree is complete: one that is being
// rebuilt tells nothing.
func (n *Node) MerkleReady(p ring.Partition) bool { return n.store.Merkle().PartitionReady(p) }

// MerkleKeys is how many keys a partition has here, deleted ones too.
func (n *Node) MerkleKeys(p ring.Partition) int64 {
	_, total := n.store.Partitions().Keys(p)
	return total
}

// Observe returns how this node's gossip sees a member.
func (n *Node) Observe(id ring.NodeID) gossip.Observation { return n.gossip.Observe(id) }

// GossipInterval is the time between two rounds of gossip.
func (n *Node) GossipInterval() time.Duration { return n.gossip.Interval() }

// GossipHealth is 0 when this node's part in gossip goes well.
func (n *Node) GossipHealth() int { return n.gossip.Health() }

// RingChanges are the newest states of the ring that this node had, the oldest
// of them first.
func (n *Node) RingChanges() []membership.RingChange { return n.state.History() }

// Health returns why this node refuses writes, or nil: see [engine.Store.Health].
func (n *Node) Health() error { return n.store.Health() }

// SetQuorums, Leave, Remove and Alive: see [membership.Membership].
func (n *Node) SetQuorums(ctx context.Context, N, R, W int) error {
	return n.membership.SetQuorums(ctx, N, R, W)
}
func (n *Node) Leave(ctx context.Context, id ring.NodeID) error  { return n.membership.Leave(ctx, id) }
func (n *Node) Remove(ctx context.Context, id ring.NodeID) error { return n.membership.Remove(ctx, id) }
func (n *Node) Alive(id ring.NodeID) bool                        { return n.membership.Alive(id) }
