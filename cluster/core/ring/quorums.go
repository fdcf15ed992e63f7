package ring

import "github.com/quorate/quorate/cluster/core/quorum"

// MaxReplicas is the largest N.
const MaxReplicas = quorum.MaxReplicas

// Defaults of a cluster that is founded.
const (
	DefaultN          = 3
	DefaultR          = 2
	DefaultW          = 2
	DefaultPartitions = 256
)

// ErrBadQuorums is wrapped by every fault that [Quorums.Validate] finds.
var ErrBadQuorums = quorum.ErrImpossible

// Quorums are the cluster's N, R and W: copies of each key, replies that
// complete a read, and acknowledgements that complete a write.
type Quorums struct {
	N, R, W int
	// Version is the Lamport version of the change that set them.
	Version uint64
}

// NRW returns q without its version.
func (q Quorums) NRW() quorum.NRW { return quorum.NRW{N: q.N, R: q.R, W: q.W} }

// Validate reports, by an error that wraps [ErrBadQuorums], every reason why no
// cluster could run with q.
func (q Quorums) Validate() error { return q.NRW().Validate() }

// Capped limits q to a ring with this many members: see [quorum.NRW.Capped].
func (q Quorums) Capped(members int) Quorums {
	capped := q.NRW().Capped(members)
	q.N, q.R, q.W = capped.N, capped.R, capped.W
	return q
}
