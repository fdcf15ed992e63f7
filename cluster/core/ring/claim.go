package ring

import "slices"

// claim returns who shall own each token when wanted are the members and each
// partition has n primaries. It is a pure function of its arguments: every node
// computes the same.
//
// What it is after, in this order:
//
//  1. Balance: every member owns floor(Q/S) or ceil(Q/S) tokens.
//  2. Few moves: a joiner takes Q/S tokens, and no other changes hands; a
//     leaver's tokens are dealt out, and no other changes hands.
//  3. Spacing: any N consecutive tokens belong to distinct nodes, in distinct
//     zones where there are as many. Preference lists then need no skipping, a
//     node is primary of exactly N partitions per token, and a token that goes to
//     a joiner makes nobody else gain a replica.
//  4. Where spacing cannot be perfect, a bounded local search evens the number of
//     partitions held, mostly among the tokens that move anyway.
//
// A member that comes as another goes takes over its tokens as they are. Several
// joins, or several leaves, are done one after another.
func claim(from *layout, wanted []seat, n int) []NodeID {
	ids, a := arrange(from, wanted, n)
	joiners, leavers := a.newcomers(len(wanted)), a.strangers(len(wanted))
	joiners, leavers = a.replace(joiners, leavers)
	for _, node := range leavers {
		a.leave(node)
	}
	for _, node := range joiners {
		a.join(node)
	}
	return a.owners(ids)
}

// found returns the owners of a new ring: one stripe after another where there
// are members enough, else as if they had joined one by one.
func found(seats []seat, n, q int) []NodeID {
	ids, a := arrange(&layout{owners: make([]NodeID, q)}, seats, n)
	if len(seats) > n {
		a.stripe()
		return a.owners(ids)
	}
	a.admit(0)
	for p := range a.owner {
		a.give(p, 0)
	}
	for node := 1; node < len(seats); node++ {
		a.join(node)
	}
	return a.owners(ids)
}

// arrange numbers the nodes: the wanted first, in the order of their ids, then
// those that own tokens and are wanted no longer. Tokens of nobody (id 0) belong
// to none.
func arrange(from *layout, wanted []seat, n int) ([]NodeID, *arrangement) {
	nodes := slices.Clone(wanted)
	index := make(map[NodeID]int, len(wanted))
	for i, s := range wanted {
		index[s.id] = i
	}
	for _, s := range from.seats {
		if _, ok := index[s.id]; !ok {
			index[s.id] = len(nodes)
			nodes = append(nodes, s)
		}
	}
	a := newArrangement(nodes, n, len(from.owners))
	for _, s := range from.seats {
		a.admit(index[s.id])
	}
	for p, id := range from.owners {
		if id != 0 {
			a.give(p, index[id])
		}
	}
	ids := make([]NodeID, len(nodes))
	for i, s := range nodes {
		ids[i] = s.id
	}
	return ids, a
}

// newcomers are the wanted nodes that have no seat yet.
func (a *arrangement) newcomers(wanted int) (list []int) {
	for node := range wanted {
		if !a.member[node] {
			list = append(list, node)
		}
	}
	return list
}

// strangers are the nodes that are wanted no longer.
func (a *arrangement) strangers(wanted int) (list []int) {
	for node := wanted; node < len(a.member); node++ {
		list = append(list, node)
	}
	return list
}

// replace lets joiners take over the tokens of leavers, first within their zones,
// and returns those of both that are left.
func (a *arrangement) replace(joiners, leavers []int) (restJoiners, restLeavers []int) {
	for _, sameZone := range [...]bool{true, false} {
		restJoiners = nil
		for _, joiner := range joiners {
			at := slices.IndexFunc(leavers, func(l int) bool { return !sameZone || a.zone[l] == a.zone[joiner] })
			if at < 0 {
				restJoiners = append(restJoiners, joiner)
				continue
			}
			a.admit(joiner)
			for _, p := range a.tokensOf(leavers[at]) {
				a.give(p, joiner)
			}
			a.dismiss(leavers[at])
			leavers = slices.Delete(leavers, at, at+1)
		}
		joiners = restJoiners
	}
	return joiners, leavers
}

// join lets node take its share of the tokens from the others.
func (a *arrangement) join(node int) {
	s := a.search(node)
	a.admit(node)
	if a.members <= a.n {
		a.joinStripe(node)
	}
	s.run(a.pick(node))
}

// leave deals the tokens of node out to the others.
func (a *arrangement) leave(node int) {
	s := a.search(nobody)
	freed := a.tokensOf(node)
	a.dismiss(node)
	a.deal(freed)
	s.run(freed)
}

func (a *arrangement) owners(ids []NodeID) []NodeID {
	list := make([]NodeID, len(a.owner))
	for p, node := range a.owner {
		list[p] = ids[node]
	}
	return list
}
