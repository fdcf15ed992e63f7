package ring

import (
	"cmp"
	"slices"
)

// nobody owns a token that is being dealt out.
const nobody = -1

// arrangement is the tokens as a claim moves them about. Nodes are numbered.
type arrangement struct {
	n       int
	owner   []int // by partition
	count   []int // by node: tokens owned
	zone    []int // by node
	member  []bool
	members int
	zones   int // of the members
}

func newArrangement(nodes []seat, n, q int) *arrangement {
	a := &arrangement{
		n:      n,
		owner:  make([]int, q),
		count:  make([]int, len(nodes)),
		zone:   make([]int, len(nodes)),
		member: make([]bool, len(nodes)),
	}
	index := make(map[string]int)
	for i, s := range nodes {
		if _, ok := index[s.zone]; !ok {
			index[s.zone] = len(index)
		}
		a.zone[i] = index[s.zone]
	}
	for p := range a.owner {
		a.owner[p] = nobody
	}
	return a
}

func (a *arrangement) admit(node int) {
	a.member[node] = true
	a.recount()
}

// dismiss takes node off the ring. Its tokens are nobody's.
func (a *arrangement) dismiss(node int) {
	for _, p := range a.tokensOf(node) {
		a.give(p, nobody)
	}
	a.member[node] = false
	a.recount()
}

func (a *arrangement) recount() {
	a.members = 0
	zones := make(map[int]bool)
	for node, is := range a.member {
		if is {
			a.members++
			zones[a.zone[node]] = true
		}
	}
	a.zones = len(zones)
}

func (a *arrangement) give(p, node int) {
	if old := a.owner[p]; old != nobody {
		a.count[old]--
	}
	a.owner[p] = node
	if node != nobody {
		a.count[node]++
	}
}

func (a *arrangement) tokensOf(node int) (list []int) {
	for p, owner := range a.owner {
		if owner == node {
			list = append(list, p)
		}
	}
	return list
}

// share is the least and the most tokens that a member may own.
func (a *arrangement) share() (floor, ceil int) {
	q := len(a.owner)
	return q / a.members, (q + a.members - 1) / a.members
}

// quotas gives every member its share. Those who own the most keep the odd
// tokens, so that fewer move.
func (a *arrangement) quotas() []int {
	order := make([]int, 0, a.members)
	for node, is := range a.member {
		if is {
			order = append(order, node)
		}
	}
	slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(a.count[y], a.count[x]) })
	floor, _ := a.share()
	quota := make([]int, len(a.count))
	for i, node := range order {
		quota[node] = floor
		if i < len(a.owner)%a.members {
			quota[node]++
		}
	}
	return quota
}

// lookahead is how far apart a node's tokens are kept if nothing more important
// is at stake, beyond the N that matters now: N may be raised one day.
const lookahead = 7

// The weights of spacing. What breaks n distinct primaries in a row outweighs any
// number of zones shared, and that any number of tokens merely close by.
const (
	weightNode = 1 << 16
	weightZone = 1 << 8
)

// crowding is the cost of node's owning token p, given the owners around it.
func (a *arrangement) crowding(p, node int) (cost int) {
	q := len(a.owner)
	reach := min(max(a.n, lookahead), a.members, q/2+1)
	zoned := min(a.n, a.zones)
	for d := 1; d < reach; d++ {
		back, ahead := p-d, p+d
		if back < 0 {
			back += q
		}
		if ahead >= q {
			ahead -= q
		}
		for _, other := range [...]int{a.owner[back], a.owner[ahead]} {
			switch {
			case other == nobody:
			case other == node:
				cost++
				if d < a.n {
					cost += weightNode * (a.n - d)
				}
			case d < zoned && a.zone[other] == a.zone[node]:
				cost += weightZone * (zoned - d)
			}
		}
	}
	return cost
}
