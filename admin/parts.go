package admin

import (
	"context"
	"time"

	"github.com/quorate/quorate/cluster"
	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/quorum"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/settings"
	"github.com/quorate/quorate/cluster/coverage"
	"github.com/quorate/quorate/cluster/membership"
	"github.com/quorate/quorate/cluster/membership/gossip"
	"github.com/quorate/quorate/cluster/operation"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/repair"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/engine"
)

// Node is the node behind the port, by those of its parts that the port uses. Before the
// node is ready, only Lifecycle, Coordinator, Store and Channel may be used.
type Node struct {
	Lifecycle
	Membership
	Coverage
	Copies
	Syncer
	Repair      Repair
	Changes     Changes
	Coordinator Coordinator
	Settings    Settings
	Store       Store
	Disk        Disk
	Trees       Trees
	Partitions  Partitions
	Channel     Channel
	Gossip      Gossip
}

// NodeOf returns a node by its parts.
func NodeOf(n *cluster.Node) Node {
	return Node{
		Lifecycle: n, Membership: n.Membership(), Coverage: n.Coverage(), Copies: n.Repair().Exchanger(), Syncer: n.Repair().Scheduler(),
		Repair:  n.Repair(),
		Changes: n.Membership().Changes(), Coordinator: n.Coordinator(), Settings: n.Settings(), Store: n.Store(), Disk: n.Store().DiskLoss(),
		Trees: n.Store().Merkle(), Partitions: n.Store().Partitions(), Channel: n.Channel(), Gossip: n.Gossip(),
	}
}

// Lifecycle is the node as a whole.
type Lifecycle interface {
	Name() string
	// Ready returns a channel that is closed when the node has its place in the ring.
	Ready() <-chan struct{}
	// Uptime returns how long ago the node was started.
	Uptime() time.Duration
	// Operations lists the node's long work.
	Operations() *operation.Registry
}

// Membership knows who belongs to the ring.
type Membership interface {
	Ring() *ring.Ring
	// RingChanges returns the newest states of the ring that the node had, the oldest
	// of them first.
	RingChanges() []membership.RingChange
	// Alive reports whether a member answers.
	Alive(id ring.NodeID) bool
}

// Changes changes the ring on request.
type Changes interface {
	// SetQuorums changes N, R and W for the whole cluster, or nothing.
	SetQuorums(ctx context.Context, q quorum.NRW) error
	// Leave makes a live member move its data to the others and leave.
	Leave(ctx context.Context, id ring.NodeID) error
	// Remove takes a dead member off the ring.
	Remove(ctx context.Context, id ring.NodeID) error
	// Vacate lets a fresh node take the place of a dead member under its name.
	Vacate(ctx context.Context, id ring.NodeID) error
}

// Coverage reads over all partitions.
type Coverage interface {
	// Status asks every member what it holds. A member that does not answer is in the
	// list without figures.
	Status(ctx context.Context) []coverage.MemberStatus
	// Figures returns what this node holds.
	Figures() coverage.Figures
	// ScanKeys returns about count keys from a cursor on, and the next cursor.
	ScanKeys(ctx context.Context, cursor uint64, count int) (keys [][]byte, next uint64, err error)
	// History returns the versions of a key that the nodes still remember.
	History(ctx context.Context, key []byte) replica.History
}

// Copies shows the node's copies of partitions, to be compared with those of others.
type Copies interface {
	// Tree returns the hashes of the node's Merkle tree of p, level by level from the root down.
	Tree(p ring.Partition) ([][]uint64, error)
	// HeldIn lists the keys of p in some leaves of the tree; more: there are others.
	HeldIn(p ring.Partition, leaves []int) (keys []antientropy.Held, more bool, err error)
}

// Syncer makes copies of partitions equal.
type Syncer interface {
	// SyncAll makes this node's copies equal with those of all other members.
	SyncAll(ctx context.Context) (antientropy.Stats, error)
}

// Repair makes copies equal, and moves data to where it belongs.
type Repair interface {
	// Status returns how hint delivery, transfers, anti-entropy and reaping go.
	Status() repair.Status
	// Pause stops anti-entropy until Resume is called or the node starts again.
	Pause()
	Resume()
	// HoldHints keeps hints from being delivered, and ReleaseHints lets them go: see
	// [handoff.Deliverer.Hold].
	HoldHints()
	ReleaseHints()
}

// Coordinator carries out requests on keys.
type Coordinator interface {
	// Do carries out requests as those of the client port.
	Do(ctx context.Context, requests []*replica.Request)
	Counters() *replica.Counters
}

// Settings has the settings of the whole cluster.
type Settings interface {
	// Document returns them as the node has them, not to be changed.
	Document() *settings.Document
	// Policy says how one value is made of several siblings.
	Policy() register.Policy
	// SetPolicy changes the conflict policy on all nodes. On an error it is not saved.
	SetPolicy(ctx context.Context, p register.Policy) error
}

// Store is what the node has on disk.
type Store interface {
	Metrics() engine.Metrics
	// Health returns why the node refuses writes; nil if it accepts them.
	Health() error
}

// Disk tells whether the node may lack what it has acknowledged.
type Disk interface {
	// Doubt returns why; [engine.NoDoubt]: it lacks nothing.
	Doubt() engine.Doubt
}

// Trees has the Merkle trees of the node's partitions.
type Trees interface {
	// Roots appends the root of each partition's tree; 0: the partition is empty.
	Roots(dst []uint64) []uint64
	// PartitionReady reports whether a partition's tree is complete.
	PartitionReady(ring.Partition) bool
}

// Partitions has the figures of the node's partitions.
type Partitions interface {
	// Keys returns the numbers of keys of a partition here: live ones, and all,
	// deleted ones included.
	Keys(ring.Partition) (live, total int64)
	// Bytes returns the size of a partition's keys and objects, before compression.
	Bytes(ring.Partition) int64
}

// Channel is the node's streams to the others.
type Channel interface {
	Counters() *peer.Counters
	// Status describes the streams to each other member.
	Status() map[ring.NodeID]peer.PeerStatus
}

// Gossip is the node's part in gossip.
type Gossip interface {
	// Observe returns how gossip sees a member.
	Observe(id ring.NodeID) gossip.Observation
	// Interval returns the time between two rounds.
	Interval() time.Duration
	// Health returns memberlist's health score of the node itself; 0 is best.
	Health() int
}
