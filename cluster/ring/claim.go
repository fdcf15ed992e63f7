package ring

import "slices"

// claim returns who shall own each token when wanted are the members and each
// partition has n primaries. It is a pure function of its arguments.
func claim(from *layout, wanted []seat, n int) []NodeID {
	owners := slices.Clone(from.owners)
	counts := map[NodeID]int{}
	is := map[NodeID]bool{}
	for _, s := range wanted {
		counts[s.id], is[s.id] = 0, true
	}
	for p, id := range owners {
		if !is[id] {
			owners[p] = 0
			continue
		}
		counts[id]++
	}
	q, s := len(owners), len(wanted)
	least := func() NodeID {
		best := wanted[0].id
		for _, w := range wanted {
			if counts[w.id] < counts[best] {
				best = w.id
			}
		}
		return best
	}
	for p := range owners {
		if owners[p] == 0 {
			owners[p] = least()
			counts[owners[p]]++
		}
	}
	for p := 0; p < q; p++ {
		to := least()
		if counts[to] >= q/s {
			break
		}
		if counts[owners[p]] > counts[to]+1 {
			counts[owners[p]]--
			owners[p] = to
			counts[to]++
		}
	}
	return owners
}

func found(seats []seat, n, q int) []NodeID {
	owners := make([]NodeID, q)
	for p := range owners {
		owners[p] = seats[p%len(seats)].id
	}
	return owners
}
