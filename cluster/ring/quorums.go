package ring

import (
	"errors"
	"fmt"
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

// Validate reports, by an error that wraps [ErrBadQuorums], every reason why no
// cluster could run with q.
func (q Quorums) Validate() error {
	var faults []error
	if q.N < 1 || q.N > MaxReplicas {
		faults = append(faults, fmt.Errorf("%w: n is %d, want 1 to %d", ErrBadQuorums, q.N, MaxReplicas))
	}
	if q.R < 1 || q.R > q.N {
		faults = append(faults, fmt.Errorf("%w: r is %d, want 1 to n, which is %d", ErrBadQuorums, q.R, q.N))
	}
	if q.W < 1 || q.W > q.N {
		faults = append(faults, fmt.Errorf("%w: w is %d, want 1 to n, which is %d", ErrBadQuorums, q.W, q.N))
	}
	return errors.Join(faults...)
}

// Capped returns q as it works on a ring of so many members: with fewer than N
// of them, N is their number, and R and W are at most that. So one node alone is
// a working store. Members that are down count: their death changes none of the
// three.
func (q Quorums) Capped(members int) Quorums {
	q.N = max(1, min(q.N, members))
	q.R = min(q.R, q.N)
	q.W = min(q.W, q.N)
	return q
}
