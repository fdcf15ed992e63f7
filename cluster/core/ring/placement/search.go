package placement

import "slices"

// A search is bounded in passes and, for big rings, in trials, so that it ends
// soon. Further passes would gain little.
const (
	searchPasses = 6
	searchTrials = 1 << 16
	searchRadius = 64
)

// search evens the loads of an arrangement by exchanging the owners of tokens. It
// accepts an exchange only if the loads become more even, or stay as even with
// better spacing. It tries in a fixed order, so that its result is a pure function
// of the arrangement.
type search struct {
	*loads
	was         []int // the owners before the join or leave
	floor, ceil int
	trials      int
}

// gainOnJoin and gainOnLeave are the penalty, in units of load variance, for each
// extra copy made by a node other than the joiner. On a join no other node should
// have to copy anything, so that a node that is down cannot delay the join. On a
// leave other nodes must copy, and a few copies more are worth an even ring.
const (
	gainOnJoin  = 1 << 20
	gainOnLeave = 2
)

// search records the arrangement before a join of joiner, or before a leave if
// joiner is noNode, so that run can improve the result.
func (a *arrangement) search(joiner int) *search {
	return &search{
		loads:  newLoads(a, nil, joiner),
		was:    slices.Clone(a.owner),
		trials: searchTrials,
	}
}

// run improves the choice of owners of the moved tokens. It moves no more tokens
// than the join or leave needs.
func (s *search) run(moved []int) {
	for p, node := range s.was {
		if !s.member[node] {
			s.was[p] = noNode
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

// done reports whether the loads are as even as the tokens allow, and only the
// joiner has to copy data.
func (s *search) done() bool {
	least, most := s.bounds()
	return most-least <= s.k*(s.ceil-s.floor) && (s.joiner == noNode || s.gains == 0)
}

// cost returns what the search minimises: uneven loads plus extra copies.
func (s *search) cost() int {
	if s.joiner == noNode {
		return s.squares + gainOnLeave*s.gains
	}
	return s.squares + gainOnJoin*s.gains
}

// pass tries each exchange once and reports whether any was accepted.
func (s *search) pass(moved []int) (better bool) {
	for i, p := range moved {
		for _, p2 := range moved[i+1:] {
			if s.trials <= 0 {
				return false
			}
			if s.exchange(proposal{p, s.owner[p2]}, proposal{p2, s.owner[p]}) {
				better = true
			}
		}
		if s.was[p] == noNode {
			for node := range s.member {
				if s.member[node] && s.reassign(p, node) {
					better = true
				}
			}
			continue
		}
		// The token goes back, and its taker takes another.
		for d := -searchRadius; d <= searchRadius; d++ {
			p2 := ((p+d)%len(s.owner) + len(s.owner)) % len(s.owner)
			if s.owner[p2] == s.was[p2] && s.owner[p] != s.was[p] && s.exchange(proposal{p, s.was[p]}, proposal{p2, s.owner[p]}) {
				moved[i] = p2
				better = true
				break
			}
		}
	}
	return better
}

// reassign gives p to node if that is better.
func (s *search) reassign(p, node int) bool {
	return s.exchange(proposal{p, node}, proposal{p, node})
}

// proposal is a token and the node that would own it.
type proposal struct{ token, node int }

// exchange makes both changes of owner if the result is better, and reports whether
// it did.
func (s *search) exchange(first, second proposal) bool {
	p1, node1, p2, node2 := first.token, first.node, second.token, second.node
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

// fair reports whether node owns as many tokens as a member should.
func (s *search) fair(node int) bool {
	return node != noNode && s.floor <= s.count[node] && s.count[node] <= s.ceil
}
