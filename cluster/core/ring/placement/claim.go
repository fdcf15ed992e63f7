package placement

import (
	"cmp"
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
)

// Seat is a member of the ring that owns tokens.
type Seat struct {
	ID   causal.NodeID
	Zone string
}

// Compare orders seats by id, then by zone.
func (s Seat) Compare(o Seat) int {
	return cmp.Or(cmp.Compare(s.ID, o.ID), cmp.Compare(s.Zone, o.Zone))
}

// Owners is who owns each token of a ring.
type Owners struct {
	Seats  []Seat          // sorted by id
	Tokens []causal.NodeID // the owner by partition
}

// Size is what a ring is made for.
type Size struct {
	N          int // primaries of each partition
	Partitions int // tokens of the ring
}

// Claim returns the owner of each token after from, when wanted are the members and
// each partition has n primaries. wanted is sorted. Claim is a pure function of its
// arguments: every node computes the same owners.
//
// Its goals, in this order:
//
//  1. Balance: every member owns floor(Q/S) or ceil(Q/S) tokens.
//  2. Few moves: a joiner takes Q/S tokens, a leaver's tokens are dealt out, and
//     no other token changes its owner.
//  3. Spacing: any N consecutive tokens belong to distinct nodes, in distinct
//     zones if there are N zones. Preference lists then need no skipping, a node
//     is primary of exactly N partitions per token, and a token that goes to a
//     joiner gives no other node a new replica.
//  4. Where spacing cannot be perfect, a bounded local search evens the number of
//     partitions held, mostly among the tokens that move anyway.
//
// If one member joins as another leaves, it takes over that member's tokens as they
// are. Several joins, or several leaves, are done one after another.
func Claim(from Owners, wanted []Seat, n int) []causal.NodeID {
	ids, a := arrange(from, wanted, n)
	joiners, leavers := a.joiners(len(wanted)), a.leavers(len(wanted))
	joiners, leavers = a.replace(joiners, leavers)
	for _, node := range leavers {
		a.leave(node)
	}
	for _, node := range joiners {
		a.join(node)
	}
	return a.owners(ids)
}

// Found returns the owners of a new ring of the given size. With more than N
// members the tokens are dealt in stripes; with fewer, the members join one by one.
func Found(seats []Seat, size Size) []causal.NodeID {
	n := size.N
	ids, a := arrange(Owners{Tokens: make([]causal.NodeID, size.Partitions)}, seats, n)
	if len(seats) > n {
		a.stripe()
		return a.owners(ids)
	}
	a.add(0)
	for p := range a.owner {
		a.assign(p, 0)
	}
	for node := 1; node < len(seats); node++ {
		a.join(node)
	}
	return a.owners(ids)
}

// arrange numbers the nodes: first the wanted ones, in the order of their ids, then
// those that own tokens and are no longer wanted. A token of id 0 has no owner.
func arrange(from Owners, wanted []Seat, n int) ([]causal.NodeID, *arrangement) {
	nodes := slices.Clone(wanted)
	index := make(map[causal.NodeID]int, len(wanted))
	for i, s := range wanted {
		index[s.ID] = i
	}
	for _, s := range from.Seats {
		if _, ok := index[s.ID]; !ok {
			index[s.ID] = len(nodes)
			nodes = append(nodes, s)
		}
	}
	a := newArrangement(nodes, n, len(from.Tokens))
	for _, s := range from.Seats {
		a.add(index[s.ID])
	}
	for p, id := range from.Tokens {
		if id != 0 {
			a.assign(p, index[id])
		}
	}
	ids := make([]causal.NodeID, len(nodes))
	for i, s := range nodes {
		ids[i] = s.ID
	}
	return ids, a
}

// joiners returns the wanted nodes that have no seat yet.
func (a *arrangement) joiners(wanted int) (list []int) {
	for node := range wanted {
		if !a.member[node] {
			list = append(list, node)
		}
	}
	return list
}

// leavers returns the nodes that are no longer wanted.
func (a *arrangement) leavers(wanted int) (list []int) {
	for node := wanted; node < len(a.member); node++ {
		list = append(list, node)
	}
	return list
}

// replace gives the tokens of leavers to joiners, one leaver to one joiner, first
// within their zones. It returns the joiners and leavers that have no partner.
func (a *arrangement) replace(joiners, leavers []int) (restJoiners, restLeavers []int) {
	for _, sameZone := range [...]bool{true, false} {
		restJoiners = nil
		for _, joiner := range joiners {
			at := slices.IndexFunc(leavers, func(l int) bool { return !sameZone || a.zone[l] == a.zone[joiner] })
			if at < 0 {
				restJoiners = append(restJoiners, joiner)
				continue
			}
			a.add(joiner)
			for _, p := range a.tokensOf(leavers[at]) {
				a.assign(p, joiner)
			}
			a.remove(leavers[at])
			leavers = slices.Delete(leavers, at, at+1)
		}
		joiners = restJoiners
	}
	return joiners, leavers
}

// join moves to node its share of the tokens of the others.
func (a *arrangement) join(node int) {
	s := a.search(node)
	a.add(node)
	if a.members <= a.n {
		a.joinStripe(node)
	}
	s.run(a.pick(node))
}

// leave deals the tokens of node out to the others.
func (a *arrangement) leave(node int) {
	s := a.search(noNode)
	freed := a.tokensOf(node)
	a.remove(node)
	a.deal(freed)
	s.run(freed)
}

// owners returns the node id of each token's owner.
func (a *arrangement) owners(ids []causal.NodeID) []causal.NodeID {
	list := make([]causal.NodeID, len(a.owner))
	for p, node := range a.owner {
		list[p] = ids[node]
	}
	return list
}
