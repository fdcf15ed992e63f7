package quorum

import (
	"errors"
	"fmt"
)

// ErrImpossible is wrapped by every fault that [NRW.Validate] finds.
var ErrImpossible = errors.New("impossible quorums")

// MaxReplicas is the largest N. It bounds the preference lists; more copies are of no
// practical use.
const MaxReplicas = 16

// NRW has N, R and W: how many nodes hold a key, and how many of them a read and a write
// wait for.
type NRW struct {
	N int // copies of each key
	R int // answers that complete a read
	W int // acknowledgements that complete a write
}

// Validate returns why no cluster can work with q, each reason wrapping [ErrImpossible].
// It compares R and W only with a possible N.
func (q NRW) Validate() error {
	if q.N < 1 || q.N > MaxReplicas {
		return fmt.Errorf("n is %d, want 1 to %d: %w", q.N, MaxReplicas, ErrImpossible)
	}
	var faults []error
	if q.R < 1 || q.R > q.N {
		faults = append(faults, fmt.Errorf("r is %d, want 1 to n, which is %d: %w", q.R, q.N, ErrImpossible))
	}
	if q.W < 1 || q.W > q.N {
		faults = append(faults, fmt.Errorf("w is %d, want 1 to n, which is %d: %w", q.W, q.N, ErrImpossible))
	}
	return errors.Join(faults...)
}

// Capped limits q to a ring with this many members: N to their number, R and W to N, so
// that one node alone is a working store. Members count while they are down, too.
func (q NRW) Capped(members int) NRW {
	q.N = max(1, min(q.N, members))
	q.R = q.Reads(0)
	q.W = q.Writes(0)
	return q
}

// Reads returns how many answers one read waits for: what the request asks for, or R if
// that is 0; never more than N.
func (q NRW) Reads(requested int) int { return q.wanted(requested, q.R) }

// Writes returns how many acknowledgements one write waits for: what the request asks
// for, or W if that is 0; never more than N.
func (q NRW) Writes(requested int) int { return q.wanted(requested, q.W) }

func (q NRW) wanted(requested, standard int) int {
	if requested > 0 {
		standard = requested
	}
	return max(1, min(standard, q.N))
}
