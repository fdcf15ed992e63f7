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

// Validate tells every reason why no cluster could work by p, each wrapping
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

// Overlaps says whether, while no stand-in is at work, every read hears of every
// write that completed before it: any R nodes and any W nodes have one in common.
func (p Policy) Overlaps() bool { return p.R+p.W > p.N }

// Capped is p on a ring of so many members, where N is at most their number, and
// R and W at most N: one node alone is a working store. Members count even while
// they are down.
func (p Policy) Capped(members int) Policy {
	p.N = max(1, min(p.N, members))
	p.R = p.Reads(0)
	p.W = p.Writes(0)
	return p
}

// Reads is how many answers one read waits for: its own number if it names one
// (0: it does not), else R; never more than N.
func (p Policy) Reads(own int) int { return p.wanted(own, p.R) }

// Writes is how many acknowledgements one write waits for: its own number if it
// names one (0: it does not), else W; never more than N.
func (p Policy) Writes(own int) int { return p.wanted(own, p.W) }

func (p Policy) wanted(own, standard int) int {
	if own > 0 {
		standard = own
	}
	return max(1, min(standard, p.N))
}
