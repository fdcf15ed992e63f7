package ring

import "github.com/quorate/quorate/cluster/core/ring/placement"

// preferences holds the preference list of every partition of a layout. A list has
// all members; the first n are the primaries.
type preferences struct {
	n, stride int
	nodes     []NodeID // stride per partition
}

func (t *preferences) primaries(p int) []NodeID {
	at := p * t.stride
	return t.nodes[at : at+t.n : at+t.n]
}

func (t *preferences) walk(p int) []NodeID {
	at := p * t.stride
	return t.nodes[at : at+t.stride : at+t.stride]
}

// newPreferences walks the ring once, counter-clockwise. The walk from p is the
// walk from p+1 with p's owner moved to its front, so that no list has
// to be searched for.
func newPreferences(l *layout) preferences {
	q, s := len(l.owners), len(l.seats)
	zones := newZoneOrder(l.seats, l.n)
	t := preferences{n: zones.n, stride: s, nodes: make([]NodeID, q*s)}

	seatOf := make(map[NodeID]int, s)
	for i, seat := range l.seats {
		seatOf[seat.ID] = i
	}
	walk := firstWalk(l.owners, seatOf)
	for p := q - 1; p >= 0; p-- {
		toFront(walk, seatOf[l.owners[p]])
		list := t.nodes[p*s : p*s : p*s+s]
		for _, i := range zones.order(walk) {
			list = append(list, l.seats[i].ID)
		}
	}
	return t
}

// firstWalk returns the seats in the order in which a walk from partition 0
// meets them. Seats without a token (more members than partitions) come last.
func firstWalk(owners []NodeID, seatOf map[NodeID]int) []int {
	walk := make([]int, 0, len(seatOf))
	met := make([]bool, len(seatOf))
	for _, id := range owners {
		if i := seatOf[id]; !met[i] {
			met[i] = true
			walk = append(walk, i)
		}
		if len(walk) == len(seatOf) {
			return walk
		}
	}
	for i, ok := range met {
		if !ok {
			walk = append(walk, i)
		}
	}
	return walk
}

func toFront(walk []int, seat int) {
	for i, at := range walk {
		if at == seat {
			copy(walk[1:i+1], walk[:i])
			walk[0] = seat
			return
		}
	}
}

// zoneOrder chooses primaries from a walk so that zones share them as evenly as
// their sizes allow: every zone is asked for one node, in the walk's order, then
// each for a second, and so on until there are n. Where zones are not used,
// these are simply the first n nodes of the walk.
type zoneOrder struct {
	n      int
	zoneOf []int // by seat
	// A zone gives rounds-1 nodes for certain (or all that it has), and lastly
	// the zones that the walk meets first give extras nodes more.
	rounds, extras int

	given []int // scratch, by zone
	round []int // scratch, by place in the walk: 0 not chosen
	list  []int // scratch
}

func newZoneOrder(seats []seat, n int) *zoneOrder {
	s := &zoneOrder{n: min(n, len(seats)), zoneOf: make([]int, len(seats))}
	var sizes []int
	index := make(map[string]int)
	for i, seat := range seats {
		z, ok := index[seat.Zone]
		if !ok {
			z = len(sizes)
			index[seat.Zone] = z
			sizes = append(sizes, 0)
		}
		sizes[z]++
		s.zoneOf[i] = z
	}
	s.rounds, s.extras = placement.ZoneRounds(sizes, s.n)
	s.given = make([]int, len(sizes))
	s.round = make([]int, len(seats))
	s.list = make([]int, 0, len(seats))
	return s
}

// order returns the walk with its n primaries first: those of the first round,
// of the second, and so on, then the fallbacks in the walk's order. The result
// is valid until the next call.
func (s *zoneOrder) order(walk []int) []int {
	if len(s.given) == 1 {
		return walk
	}
	clear(s.given)
	clear(s.round)
	chosen, extras := 0, s.extras
	for at, seat := range walk {
		z := s.zoneOf[seat]
		s.given[z]++
		switch r := s.given[z]; {
		case r < s.rounds:
			s.round[at] = r
		case r == s.rounds && extras > 0:
			s.round[at] = r
			extras--
		default:
			continue
		}
		if chosen++; chosen == s.n {
			break
		}
	}
	s.list = s.list[:0]
	for r := 1; r <= s.rounds; r++ {
		s.list = s.append(walk, r)
	}
	return s.append(walk, 0)
}

func (s *zoneOrder) append(walk []int, round int) []int {
	for at, seat := range walk {
		if s.round[at] == round {
			s.list = append(s.list, seat)
		}
	}
	return s.list
}
