package ring

import (
	"cmp"
	"slices"
)

// stripe deals all tokens out in turns: every member's follow one another at the
// same distance. Members of one zone are set apart as evenly as their number
// allows. What remains of the last turn goes to whom it crowds least.
func (a *arrangement) stripe() {
	for node := range a.member {
		a.admit(node)
	}
	order := a.byZone()
	whole := len(a.owner) - len(a.owner)%a.members
	for p := range whole {
		a.give(p, order[p%a.members])
	}
	var rest []int
	for p := whole; p < len(a.owner); p++ {
		rest = append(rest, p)
	}
	a.deal(rest)
}

// byZone lists the members so that those of one zone stand at even distances.
func (a *arrangement) byZone() []int {
	size := make(map[int]int)
	for node, is := range a.member {
		if is {
			size[a.zone[node]]++
		}
	}
	type place struct{ node, at, of int } // at/of of the way through
	var places []place
	met := make(map[int]int)
	for node, is := range a.member {
		if !is {
			continue
		}
		z := a.zone[node]
		places = append(places, place{node, 2*met[z] + 1, 2 * size[z]})
		met[z]++
	}
	slices.SortStableFunc(places, func(x, y place) int { return cmp.Compare(x.at*y.of, y.at*x.of) })
	order := make([]int, len(places))
	for i, p := range places {
		order[i] = p.node
	}
	return order
}

// joinStripe prepares the ring of N nodes while there are fewer. All nodes hold
// all partitions until then, so that the owner of a token only says who comes
// first; but the first join beyond N finds the tokens as they are now, and can
// space them only if they stand in N stripes (p mod N), one per node.
//
// So every node has a stripe of its own, its home, and the stripes without a home
// are shared evenly by all. A joiner takes one of these for its home, and its
// part of each of the rest: in all Q/S tokens, every one from somebody who has
// too many.
func (a *arrangement) joinStripe(node int) {
	stripes := a.stripes()
	floor, _ := a.share()
	homed := make([]bool, len(a.member))
	home := nobody
	for s, tokens := range stripes {
		if owner := a.soleOwner(tokens); owner != nobody && !homed[owner] {
			homed[owner] = true
			stripes[s] = nil
		} else if home == nobody {
			home = s
		}
	}
	if home == nobody {
		return // not a ring of stripes (nodes have left): pick sees to it
	}
	quota := a.quotas()
	a.takeSome(node, quota, stripes[home], min(len(stripes[home]), floor))
	stripes[home] = nil
	for _, tokens := range stripes {
		a.takeSome(node, quota, tokens, min(len(tokens)/a.members, floor-a.count[node]))
	}
	// What rounding left over: never from a home, or it would be one no more.
	var rest []int
	for p := len(a.owner) - len(a.owner)%a.n; p < len(a.owner); p++ {
		rest = append(rest, p)
	}
	a.takeSome(node, quota, rest, min(len(rest), floor-a.count[node]))
	a.takeSome(node, quota, slices.Concat(stripes...), floor-a.count[node])
}

// stripes lists the tokens of each of N stripes, without what is left over at the
// end of the ring.
func (a *arrangement) stripes() [][]int {
	stripes := make([][]int, a.n)
	for p := range len(a.owner) - len(a.owner)%a.n {
		stripes[p%a.n] = append(stripes[p%a.n], p)
	}
	return stripes
}

func (a *arrangement) soleOwner(tokens []int) int {
	for _, p := range tokens {
		if a.owner[p] != a.owner[tokens[0]] {
			return nobody
		}
	}
	if len(tokens) == 0 {
		return nobody
	}
	return a.owner[tokens[0]]
}

// takeSome moves want of the tokens to node, evenly along the stripe, and from
// each owner in proportion to what it has of it.
func (a *arrangement) takeSome(node int, quota, tokens []int, want int) {
	has := make([]int, len(a.count))
	for _, p := range tokens {
		has[a.owner[p]]++
	}
	for i := range want {
		best := nobody
		for j := range tokens {
			// From this pick's place on, once around.
			p := tokens[(i*len(tokens)/want+j)%len(tokens)]
			from := a.owner[p]
			if from == node || a.count[from] <= quota[from] {
				continue
			}
			if best == nobody || has[from] > has[a.owner[best]] {
				best = p
			}
		}
		if best == nobody {
			return
		}
		has[a.owner[best]]--
		a.give(best, node)
	}
}
