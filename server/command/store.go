package command

import (
	"context"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/quorum"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/coverage"
	"github.com/quorate/quorate/cluster/replica"
)

// Store is the cluster as the client port sees it.
type Store interface {
	Coordinator
	Keyspace
	Cluster
}

// Coordinator carries out requests on single keys.
type Coordinator interface {
	// Do carries out a batch, in order per key, and returns when every request has
	// its result or its error. The caller reuses the requests, their keys and their
	// updates afterwards.
	Do(ctx context.Context, requests []*replica.Request)
}

// Keyspace reads and deletes keys of the whole cluster.
type Keyspace interface {
	// ScanKeys returns about count keys from cursor on, and the cursor to go on
	// from: 0 at the end. Cursors stay below 2^53, because some clients keep them in
	// a float.
	ScanKeys(ctx context.Context, cursor uint64, count int) (keys [][]byte, next uint64, err error)
	// DBSize counts the live keys.
	DBSize(ctx context.Context) (int64, error)
	// CountKeys counts the live keys and those that expire. It waits for no update, so
	// that a replica may lack the newest ones.
	CountKeys(ctx context.Context) (coverage.KeyCounts, error)
	// RandomKey returns any live key, or nil when there is none.
	RandomKey(ctx context.Context) ([]byte, error)
	// SlotKeys returns up to most live keys of a hash slot; all of them if most
	// is negative.
	SlotKeys(ctx context.Context, slot ring.Slot, most int) ([][]byte, error)
	// Flush deletes every key.
	Flush(ctx context.Context) error
}

// Cluster is what the client port shows of the node, and may change.
type Cluster interface {
	ID() ring.NodeID
	Name() string
	Ring() *ring.Ring
	// Alive reports whether a member answers this node.
	Alive(id ring.NodeID) bool
	// History returns what the members remember of the writes of a key.
	History(ctx context.Context, key []byte) replica.History
	// SetQuorums changes N, R and W for the whole cluster, or nothing.
	SetQuorums(ctx context.Context, q quorum.NRW) error
	// Policy says how a read that does not ask for the context resolves siblings.
	Policy() register.Policy
	// SetPolicy changes the policy for the whole cluster. On an error it is not saved.
	SetPolicy(ctx context.Context, p register.Policy) error
}
