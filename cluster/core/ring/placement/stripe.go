package placement

import (
	"cmp"
	"slices"
)

// stripe deals all tokens out in turns, so that a member's tokens are equally far
// apart. Members of one zone follow one another as evenly as their number allows.
// The tokens of the last, incomplete turn go where they crowd least.
func (a *arrangement) stripe() {
	for node := range a.member {
		a.add(node)
	}
	order := a.byZone()
	whole := len(a.owner) - len(a.owner)%a.members
	for p := range whole {
		a.assign(p, order[p%a.members])
	}
	var rest []int
	for p := whole; p < len(a.owner); p++ {
		rest = append(rest, p)
	}
	a.deal(rest)
}

// byZone returns the members in an order that spaces those of one zone evenly.
func (a *arrangement) byZone() []int {
	size := make(map[int]int)
	for node, is := range a.member {
		if is {
			size[a.zone[node]]++
		}
	}
	type spaced struct{ node, at, of int } // at/of of the way through
	var all []spaced
	met := make(map[int]int)
	for node, is := range a.member {
		if !is {
			continue
		}
		z := a.zone[node]
		all = append(all, spaced{node, 2*met[z] + 1, 2 * size[z]})
		met[z]++
	}
	slices.SortStableFunc(all, func(x, y spaced) int { return cmp.Compare(x.at*y.of, y.at*x.of) })
	order := make([]int, len(all))
	for i, p := range all {
		order[i] = p.node
	}
	return order
}

// joinStripe prepares the ring of N nodes while there are fewer. All nodes hold
// all partitions until then, so that the owner of a token only says who comes
// first; but the first join beyond N finds the tokens as they are now, and can
// space them only if they are in N stripes (p mod N), one per node.
//
// So every node has a home, a stripe that it owns alone, and all nodes share the
// other stripes evenly. A joiner takes one of those as its home and its part of
// each of the rest: Q/S tokens in all, each from a node that has too many.
func (a *arrangement) joinStripe(node int) {
	stripes := a.stripes()
	floor, _ := a.share()
	homed := make([]bool, len(a.member))
	home := noNode
	for s, tokens := range stripes {
		if owner := a.soleOwner(tokens); owner != noNode && !homed[owner] {
			homed[owner] = true
			stripes[s] = nil
		} else if home == noNode {
			home = s
		}
	}
	if home == noNode {
		return // not a ring of stripes (nodes have left): pick sees to it
	}
	quota := a.quotas()
	a.takeSome(node, quota, stripes[home], min(len(stripes[home]), floor))
	stripes[home] = nil
	for _, tokens := range stripes {
		a.takeSome(node, quota, tokens, min(len(tokens)/a.members, floor-a.count[node]))
	}
	// The tokens that rounding left over. None is taken from a home, which has to
	// stay whole.
	var rest []int
	for p := len(a.owner) - len(a.owner)%a.n; p < len(a.owner); p++ {
		rest = append(rest, p)
	}
	a.takeSome(node, quota, rest, min(len(rest), floor-a.count[node]))
	a.takeSome(node, quota, slices.Concat(stripes...), floor-a.count[node])
}

// stripes returns the tokens of each of N stripes. Tokens left over at the end of
// the ring are in none.
func (a *arrangement) stripes() [][]int {
	stripes := make([][]int, a.n)
	for p := range len(a.owner) - len(a.owner)%a.n {
		stripes[p%a.n] = append(stripes[p%a.n], p)
	}
	return stripes
}

// soleOwner returns the node that owns all the tokens, or noNode.
func (a *arrangement) soleOwner(tokens []int) int {
	for _, p := range tokens {
		if a.owner[p] != a.owner[tokens[0]] {
			return noNode
		}
	}
	if len(tokens) == 0 {
		return noNode
	}
	return a.owner[tokens[0]]
}

// takeSome moves want of the tokens to node, evenly along the stripe, and from
// each owner in proportion to its tokens in the stripe.
func (a *arrangement) takeSome(node int, quota, tokens []int, want int) {
	has := make([]int, len(a.count))
	for _, p := range tokens {
		has[a.owner[p]]++
	}
	for i := range want {
		best := noNode
		for j := range tokens {
			// From this pick's place on, once around.
			p := tokens[(i*len(tokens)/want+j)%len(tokens)]
			from := a.owner[p]
			if from == node || a.count[from] <= quota[from] {
				continue
			}
			if best == noNode || has[from] > has[a.owner[best]] {
				best = p
			}
		}
		if best == noNode {
			return
		}
		has[a.owner[best]]--
		a.assign(best, node)
	}
}
