package quorum

import (
	"errors"
	"fmt"
)

// ErrImpossible is wrapped by every fault that [Policy.Validate] finds.
var ErrImpossible = errors.New("impossible quorums")

// Policy is how many nodes hold a key, and how many of them a read and a write
// wait for.
type Policy struct {
	N int // copies of each key
	R int // answers that complete a read
	W int // acknowledgements that complete a write
}

// Validate returns every reason why no cluster can work with p, each wrapping
// [ErrImpossible].
func (p Policy) Validate() error {
	var faults []error
	if p.N < 1 || p.N > MaxNodes {
		faults = append(faults, fmt.Errorf("n is %d, want 1 to %d: %w", p.N, MaxNodes, ErrImpossible))
	}
	if p.R < 1 || p.R > p.N {
		faults = append(faults, fmt.Errorf("r is %d, want 1 to n, which is %d: %w", p.R, p.N, ErrImpossible))
	}
	if p.W < 1 || p.W > p.N {
		faults = append(faults, fmt.Errorf("w is %d, want 1 to n, which is %d: %w", p.W, p.N, ErrImpossible))
	}
	return errors.Join(faults...)
}

// Capped limits p to a ring with this many members: N to their number, R and W to N, so
// that one node alone is a working store. Members count while they are down, too.
func (p Policy) Capped(members int) Policy {
	p.N = max(1, min(p.N, members))
	p.R = p.Reads(0)
	p.W = p.Writes(0)
	return p
}

// Reads returns how many answers one read waits for: what the request asks for, or R if
// that is 0; never more than N.
func (p Policy) Reads(requested int) int { return p.wanted(requested, p.R) }

// Writes returns how many acknowledgements one write waits for: what the request asks
// for, or W if that is 0; never more than N.
func (p Policy) Writes(requested int) int { return p.wanted(requested, p.W) }

func (p Policy) wanted(requested, standard int) int {
	if requested > 0 {
		standard = requested
	}
	return max(1, min(standard, p.N))
}
