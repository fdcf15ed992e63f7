package placement

import "slices"

// loads counts the partitions that each node of an arrangement holds while tokens
// change owners. A change costs only the few preference lists that the token is in.
type loads struct {
	*arrangement
	k              int // primaries per partition
	rounds, extras int // see ZoneRounds
	lists          []int
	reach          []int // by partition: tokens walked until the list was full
	held           []int // by node
	squares        int   // sum of the squares of held: least when loads are even

	// gains counts the copies that nodes other than the joiner would have to make:
	// those that are on a list and were not before.
	gains  int
	before *loads
	joiner int

	met   []int // scratch, by node: the last walk that met it
	walk  int
	given []int // scratch, by zone
}

func newLoads(a *arrangement, before *loads, joiner int) *loads {
	q := len(a.owner)
	l := &loads{
		arrangement: a,
		k:           min(a.n, a.members),
		reach:       make([]int, q),
		held:        make([]int, len(a.member)),
		met:         make([]int, len(a.member)),
		given:       make([]int, len(a.member)),
		before:      before,
		joiner:      joiner,
	}
	sizes := make([]int, len(a.member))
	for node, is := range a.member {
		if is {
			sizes[a.zone[node]]++
		}
	}
	l.rounds, l.extras = ZoneRounds(sizes, l.k)
	l.lists = make([]int, q*l.k)
	for p := range q {
		l.fill(p)
		l.tally(p, 1)
	}
	return l
}

func (l *loads) list(p int) []int { return l.lists[p*l.k : (p+1)*l.k] }

// tally adds p's list to the counts (sign 1) or subtracts it (sign -1).
func (l *loads) tally(p, sign int) {
	for _, node := range l.list(p) {
		if node == noNode {
			break
		}
		before := l.held[node]
		l.held[node] += sign
		l.squares += l.held[node]*l.held[node] - before*before
		if l.before != nil && node != l.joiner && !slices.Contains(l.before.list(p), node) {
			l.gains += sign
		}
	}
}

// fill walks from p until it has k primaries. It chooses the nodes that the ring's
// preference lists do; their order does not matter here.
func (l *loads) fill(p int) {
	l.walk++
	clear(l.given)
	list, extras := l.list(p), l.extras
	q, chosen := len(l.owner), 0
	for i := range q {
		at := p + i
		if at >= q {
			at -= q
		}
		node := l.owner[at]
		if l.met[node] == l.walk {
			continue
		}
		l.met[node] = l.walk
		z := l.zone[node]
		l.given[z]++
		if r := l.given[z]; r > l.rounds || r == l.rounds && extras == 0 {
			continue
		} else if r == l.rounds {
			extras--
		}
		list[chosen] = node
		if chosen++; chosen == l.k {
			l.reach[p] = i + 1
			return
		}
	}
	// More members than tokens: some have none.
	for ; chosen < l.k; chosen++ {
		list[chosen] = noNode
	}
	l.reach[p] = q
}

// move gives token p to node. A walk that begins further back never ends further
// ahead, so the first list that does not reach p ends the search for lists.
func (l *loads) move(p, node int) {
	l.assign(p, node)
	q := len(l.owner)
	for i := range q {
		from := p - i
		if from < 0 {
			from += q
		}
		if l.reach[from] <= i {
			return
		}
		l.tally(from, -1)
		l.fill(from)
		l.tally(from, 1)
	}
}

// bounds returns the least and the most partitions that a member holds.
func (l *loads) bounds() (least, most int) {
	least = len(l.owner)
	for node, is := range l.member {
		if is {
			least, most = min(least, l.held[node]), max(most, l.held[node])
		}
	}
	return least, most
}
