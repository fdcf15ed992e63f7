package ring

import "slices"

// A search is bounded in passes and, for big rings, in trials: it must end soon,
// and what it would still find by then is little.
const (
	searchPasses = 6
	searchTrials = 1 << 16
	searchRadius = 64
)

// search evens the loads of an arrangement by exchanges between tokens. It only
// ever accepts what makes the loads more even, or the tokens better spaced at
// equal loads, and it tries in a fixed order: the outcome is a pure function of
// the arrangement.
type search struct {
	*loads
	was         []int // the owners before the join or leave
	floor, ceil int
	trials      int
}

// What one copy more, made by another than the joiner, may cost in evenness. On a
// join nobody else should have to copy anything: then a node that is down cannot
// hold it up. On a leave others must, and a few more are worth an even ring.
const (
	gainOnJoin  = 1 << 20
	gainOnLeave = 2
)

// search prepares an improvement of what a join (of joiner) or a leave (of some
// node: nobody joins) is about to make of the arrangement.
func (a *arrangement) search(joiner int) *search {
	return &search{
		loads:  newLoads(a, nil, joiner),
		was:    slices.Clone(a.owner),
		trials: searchTrials,
	}
}

// run improves where the moved tokens went, without moving more of them than a
// join or leave must.
func (s *search) run(moved []int) {
	for p, node := range s.was {
		if !s.member[node] {
			s.was[p] = nobody
		}
	}
	s.loads = newLoads(s.arrangement, s.loads, s.joiner)
	s.floor, s.ceil = s.share()
	for range searchPasses {
		if s.done() || !s.pass(moved) {
			return
		}
	}
}

// done reports whether the loads are as even as the tokens are, and nobody copies
// in vain.
func (s *search) done() bool {
	least, most := s.bounds()
	return most-least <= s.k*(s.ceil-s.floor) && (s.joiner == nobody || s.gains == 0)
}

func (s *search) cost() int {
	if s.joiner == nobody {
		return s.squares + gainOnLeave*s.gains
	}
	return s.squares + gainOnJoin*s.gains
}

func (s *search) pass(moved []int) (better bool) {
	for i, p := range moved {
		for _, p2 := range moved[i+1:] {
			if s.trials <= 0 {
				return false
			}
			if s.exchange(p, s.owner[p2], p2, s.owner[p]) {
				better = true
			}
		}
		if s.was[p] == nobody {
			for node := range s.member {
				if s.member[node] && s.hand(p, node) {
					better = true
				}
			}
			continue
		}
		// The token goes back, and its taker takes another.
		for d := -searchRadius; d <= searchRadius; d++ {
			p2 := ((p+d)%len(s.owner) + len(s.owner)) % len(s.owner)
			if s.owner[p2] == s.was[p2] && s.owner[p] != s.was[p] && s.exchange(p, s.was[p], p2, s.owner[p]) {
				moved[i] = p2
				better = true
				break
			}
		}
	}
	return better
}

// hand gives p to node if that is better.
func (s *search) hand(p, node int) bool {
	return s.exchange(p, node, p, node)
}

// exchange gives p1 to node1 and p2 to node2 if that is better.
func (s *search) exchange(p1, node1, p2, node2 int) bool {
	old1, old2 := s.owner[p1], s.owner[p2]
	if old1 == node1 && old2 == node2 {
		return false
	}
	s.trials--
	before, crowded := s.cost(), s.crowding(p1, old1)+s.crowding(p2, old2)
	s.move(p1, node1)
	s.move(p2, node2)
	if s.fair(old1) && s.fair(old2) && s.fair(node1) && s.fair(node2) {
		if after := s.cost(); after < before || after == before && s.crowding(p1, node1)+s.crowding(p2, node2) < crowded {
			return true
		}
	}
	s.move(p2, old2)
	s.move(p1, old1)
	return false
}

func (s *search) fair(node int) bool {
	return node != nobody && s.floor <= s.count[node] && s.count[node] <= s.ceil
}
