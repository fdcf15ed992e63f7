package ring

import (
	"errors"
	"fmt"

	"github.com/quorate/quorate/cluster/core/quorum"
)

// MaxReplicas is the largest N. Nobody needs so many copies; it bounds the
// preference lists and the tallies.
const MaxReplicas = 16

// ErrBadQuorums is returned by [Quorums.Validate].
var ErrBadQuorums = errors.New("impossible quorums")

// Quorums are the cluster's N, R and W: copies of each key, replies that
// complete a read, and acknowledgements that complete a write.
type Quorums struct {
	N, R, W int
	// Version is the Lamport version of the word that set them.
	Version uint64
}

// Policy is q without its version.
func (q Quorums) Policy() quorum.Policy { return quorum.Policy{N: q.N, R: q.R, W: q.W} }

// Validate reports, by an error that wraps [ErrBadQuorums], every reason why no
// cluster could run with q.
func (q Quorums) Validate() error {
	if q.N > MaxReplicas {
		return fmt.Errorf("%w: n is %d, want 1 to %d", ErrBadQuorums, q.N, MaxReplicas)
	}
	if err := q.Policy().Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrBadQuorums, err)
	}
	return nil
}

// Capped returns q as it works on a ring of so many members: see
// [quorum.Policy.Capped].
func (q Quorums) Capped(members int) Quorums {
	p := q.Policy().Capped(members)
	q.N, q.R, q.W = p.N, p.R, p.W
	return q
}
