package ring

import (
	"slices"

	"github.com/quorate/quorate/cluster/core/ring/placement"
)

// transition is one way from a layout to the next: the target, and the partitions that
// nodes gain by it. It is immutable and derived from the state's words and layout.
type transition struct {
	name   uint64 // of the target
	from   uint64 // hash of the layout that it leaves
	target *layout
	// gaining[starts[p]:starts[p+1]] are p's primaries under the target that are
	// not its primaries now.
	gaining []NodeID
	starts  []uint32
	gainers []NodeID // sorted
}

// claimVersion is part of a target's name: builds whose placement.Claim differs must
// not accept each other's marks.
const claimVersion = 1

// underWay returns the transition under way, or nil. It computes the target at the
// first call after a change: a state that was received only to be merged never needs
// one, and a mark or a renewed address does not change it.
func (s *State) underWay() *transition {
	if s.derived {
		return s.transition
	}
	s.derived = true
	wanted := s.wanted()
	settled := slices.Equal(wanted, s.layout.seats) && s.quorums.N == s.layout.n
	if settled || len(wanted) == 0 {
		// No member is wanted if two nodes each removed all others concurrently. The
		// ring then stays as it is until an operator decides.
		s.transition, s.earlier = nil, nil
		return nil
	}
	if name := s.targetName(); s.transition == nil || s.transition.name != name {
		owners := placement.Claim(s.layout.owned(), wanted, s.quorums.N)
		target := newLayout(s.layout.number+1, s.quorums.N, wanted, owners)
		s.earlier = s.earlier.with(s.transition, s.layout)
		s.transition = newTransition(name, s.layout, target)
	}
	return s.transition
}

// invalidate makes the next call of underWay compute the target again.
func (s *State) invalidate() { s.derived = false }

// targetName returns a hash of everything that the target is computed from. Among that
// are the operators' words about removed members, and their versions: undoing a word does
// not bring an old name back.
func (s *State) targetName() uint64 {
	h := newHash()
	h.uint64(claimVersion)
	h.uint64(s.layout.hash)
	h.uint64(uint64(s.quorums.N))
	h.uint64(s.quorums.nVersion)
	for _, id := range s.records.ids() {
		r := s.records[id]
		h.uint64(uint64(id))
		h.uint64(r.word.version)
		h.uint64(uint64(r.word.intent))
		h.text(r.word.instance)
		h.uint64(r.zone.version)
		h.text(r.zone.name)
	}
	return h.sum()
}

func newTransition(name uint64, from, target *layout) *transition {
	t := &transition{name: name, from: from.hash, target: target, starts: make([]uint32, 1, len(from.owners)+1)}
	for i := range from.owners {
		before := from.prefs.primaries(i)
		for _, id := range target.prefs.primaries(i) {
			if !slices.Contains(before, id) {
				t.gaining = append(t.gaining, id)
			}
		}
		t.starts = append(t.starts, uint32(len(t.gaining)))
	}
	t.gainers = slices.Clone(t.gaining)
	slices.Sort(t.gainers)
	t.gainers = slices.Compact(t.gainers)
	return t
}

func (t *transition) of(partition int) []NodeID {
	from, to := t.starts[partition], t.starts[partition+1]
	return t.gaining[from:to:to]
}

func (t *transition) gains(id NodeID) bool {
	_, ok := slices.BinarySearch(t.gainers, id)
	return ok
}

// Target returns the name of the transition under way, which the gaining nodes pass
// to MarkDone. It is zero if there is none.
func (s *State) Target() uint64 {
	if t := s.underWay(); t != nil {
		return t.name
	}
	return 0
}

// Pending returns the nodes whose done-mark the flip still waits for.
func (s *State) Pending() []NodeID {
	t := s.underWay()
	if t == nil {
		return nil
	}
	var pending []NodeID
	for _, id := range t.gainers {
		if s.records[id].done.target != t.name {
			pending = append(pending, id)
		}
	}
	return pending
}

// Flip puts the target in force if all gaining nodes are done, or none gains. It
// reports whether it did.
func (s *State) Flip() bool {
	t := s.underWay()
	if t == nil || len(s.Pending()) > 0 {
		return false
	}
	s.replaceLayout(t.target)
	return true
}
