package ring

import (
	"cmp"
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
)

// Incarnation names one start of a node: the first epoch that the node may use in it.
// A disk never gives one out twice, and those of one disk grow.
type Incarnation = causal.Epoch

// maxIncarnations is how many of a node's newest incarnations the ring remembers. A
// start that the node's own disk does not know is noticed as long as it is among them.
const maxIncarnations = 8

// incarnations has the newest starts of a member, the newest first. It is a
// register of its own kind: two of them merge into the newest of both. So no start is
// lost because another one was heard of first.
type incarnations [maxIncarnations]Incarnation // zeros at the end

// join merges other into l.
func (l *incarnations) join(other incarnations) (changed bool) {
	if *l == other {
		return false
	}
	all := slices.Concat(l[:], other[:])
	slices.SortFunc(all, func(a, b Incarnation) int { return cmp.Compare(b, a) })
	var newest incarnations
	copy(newest[:], slices.Compact(all))
	changed = newest != *l
	*l = newest
	return changed
}

// known returns the incarnations without the zeros at the end.
func (l *incarnations) known() []Incarnation {
	n := slices.Index(l[:], 0)
	if n < 0 {
		n = maxIncarnations
	}
	return l[:n:n]
}

// newest returns the newest start that is known; 0: none is.
func (l *incarnations) newest() Incarnation { return l[0] }

// Started records a start of a member. Only the member itself may call it. It does
// nothing for a node that is no member.
func (s *State) Started(id NodeID, start Incarnation) {
	r, known := s.records[id]
	if !known || start == 0 {
		return
	}
	if r.incarnations.join(incarnations{start}) {
		s.records[id] = r // it decides nothing about placement
	}
}

// Incarnations returns the newest starts of a member that are known, the newest first.
func (s *State) Incarnations(id NodeID) []Incarnation {
	r := s.records[id]
	return r.incarnations.known()
}

// UnknownStart returns the newest start of a member that other has heard of and s has
// not; 0: there is none. Starts that are older than all that s remembers do not count.
func (s *State) UnknownStart(id NodeID, other *State) Incarnation {
	mine := s.Incarnations(id)
	for _, start := range other.Incarnations(id) {
		forgotten := len(mine) == maxIncarnations && start < mine[len(mine)-1]
		if !slices.Contains(mine, start) && !forgotten {
			return start
		}
	}
	return 0
}
