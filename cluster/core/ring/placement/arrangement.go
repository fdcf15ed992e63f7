package placement

import (
	"cmp"
	"slices"
)

// noNode is the owner of a token that is being dealt out.
const noNode = -1

// arrangement is the state of a claim in progress. Nodes are numbered.
type arrangement struct {
	n       int
	owner   []int // by partition
	count   []int // by node: tokens owned
	zone    []int // by node
	member  []bool
	members int
	zones   int   // of the members
	inZone  []int // members, by zone
}

func newArrangement(nodes []Seat, n, q int) *arrangement {
	a := &arrangement{
		n:      n,
		owner:  make([]int, q),
		count:  make([]int, len(nodes)),
		zone:   make([]int, len(nodes)),
		member: make([]bool, len(nodes)),
	}
	index := make(map[string]int)
	for i, s := range nodes {
		if _, ok := index[s.Zone]; !ok {
			index[s.Zone] = len(index)
		}
		a.zone[i] = index[s.Zone]
	}
	a.inZone = make([]int, len(index))
	for p := range a.owner {
		a.owner[p] = noNode
	}
	return a
}

// add makes node a member, which it is not yet.
func (a *arrangement) add(node int) {
	a.member[node] = true
	a.members++
	if a.inZone[a.zone[node]]++; a.inZone[a.zone[node]] == 1 {
		a.zones++
	}
}

// remove takes node off the ring. Its tokens then have no owner.
func (a *arrangement) remove(node int) {
	for _, p := range a.tokensOf(node) {
		a.assign(p, noNode)
	}
	a.member[node] = false
	a.members--
	if a.inZone[a.zone[node]]--; a.inZone[a.zone[node]] == 0 {
		a.zones--
	}
}

// assign makes node the owner of token p.
func (a *arrangement) assign(p, node int) {
	if old := a.owner[p]; old != noNode {
		a.count[old]--
	}
	a.owner[p] = node
	if node != noNode {
		a.count[node]++
	}
}

// tokensOf returns the tokens that node owns.
func (a *arrangement) tokensOf(node int) (list []int) {
	for p, owner := range a.owner {
		if owner == node {
			list = append(list, p)
		}
	}
	return list
}

// share returns the least and the most tokens that a member may own.
func (a *arrangement) share() (floor, ceil int) {
	q := len(a.owner)
	return q / a.members, (q + a.members - 1) / a.members
}

// quotas returns the number of tokens that each member shall own. If Q is not a
// multiple of the members, those that own the most get one more, so that fewer
// tokens move.
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

// lookahead is the distance that a node's tokens keep where it costs nothing else.
// It is more than today's N needs, because N may be raised.
const lookahead = 7

// The weights of spacing. A node twice among n consecutive tokens outweighs any
// number of shared zones, which outweigh any number of tokens that are merely near.
const (
	weightNode = 1 << 16
	weightZone = 1 << 8
)

// crowding returns the cost of node as the owner of token p, given the owners
// around p.
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
			case other == noNode:
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
