package placement

// pick moves tokens to node until it has its quota: evenly around the ring, from
// members above their quota, where they crowd least. It returns all the tokens that
// node then owns.
func (a *arrangement) pick(node int) []int {
	quota := a.quotas()
	want := quota[node] - a.count[node]
	for i := range want {
		// The window of this pick: its part of the ring, or else all of it.
		q := len(a.owner)
		middle := i*q/want + q/(2*want)
		if !a.take(node, quota, middle, q/(2*want)) {
			a.take(node, quota, middle, q/2)
		}
	}
	return a.tokensOf(node)
}

// take moves the best token within radius of middle to node: the one that crowds
// least, then the one of the owner furthest above its quota, then the nearest.
func (a *arrangement) take(node int, quota []int, middle, radius int) bool {
	q := len(a.owner)
	best, bestCost, bestSpare := noNode, 0, 0
	for i := range 2*radius + 1 {
		// 0, +1, -1, +2, …: the nearest first.
		away := (i + 1) / 2
		if i%2 == 0 {
			away = -away
		}
		p := (middle + away + q) % q
		from := a.owner[p]
		if from == node || a.count[from] <= quota[from] {
			continue
		}
		cost := a.crowding(p, node) - a.crowding(p, from)
		spare := a.count[from] - quota[from]
		if best == noNode || cost < bestCost || cost == bestCost && spare > bestSpare {
			best, bestCost, bestSpare = p, cost, spare
		}
	}
	if best == noNode {
		return false
	}
	a.assign(best, node)
	return true
}

// deal gives each of the tokens, which have no owner, to the member below its quota
// where it crowds least, then to the one furthest below its quota.
func (a *arrangement) deal(tokens []int) {
	quota := a.quotas()
	for _, p := range tokens {
		best, bestCost := noNode, 0
		for node, is := range a.member {
			if !is || a.count[node] >= quota[node] {
				continue
			}
			cost := a.crowding(p, node)
			lacks := quota[node] - a.count[node]
			if best == noNode || cost < bestCost || cost == bestCost && lacks > quota[best]-a.count[best] {
				best, bestCost = node, cost
			}
		}
		a.assign(p, best)
	}
}
