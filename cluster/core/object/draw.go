package object

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/cespare/xxhash/v2"
)

// A draw takes some names of a collection at random, each at most once: those that have the lowest
// numbers, where the number of a name is a hash of it and of the draw's seed. So each name has the same
// chance, and what is drawn depends on the names and the seed alone, not on who draws or how the
// collection is stored.
//
// The draw among a part of the collection is that among all of it if the part has the names of the
// lowest numbers. So what draws needs no other elements than those ([Selection]).

// Whoever makes a draw must look at all names, but at no element. The names of a large collection lie in
// the order of their bytes. A position in that order that is chosen without a count of what is on either
// side of it would give names in thin places far better chances: among "user:1" to "user:9999" the first
// would be drawn a hundred times as often as the last, if each byte were drawn among those that follow the
// bytes before it.

// Draw is a draw of some names, or of all names if there are fewer.
type Draw struct {
	Seed  uint64
	Count int
}

// Draws are draws of names of one kind. The zero Draws are none.
type Draws struct {
	Kind Kind
	List []Draw

	gone int // how many names may be removed by then, at most
}

// mostDrawn bounds the names that are drawn in one selection.
const mostDrawn = 4096

// join adds draws to d, each of so many names more. If the two are of different kinds, or draw very many
// names, d is of no kind that there is.
func (d *Draws) join(o Draws, more int) {
	if len(o.List) == 0 {
		return
	}
	if d.Kind != 0 && d.Kind != o.Kind {
		o.Kind = mixedKinds
	}
	d.Kind = o.Kind
	total := 0
	for _, one := range d.List {
		total += one.Count
	}
	for _, one := range o.List {
		if one.Count = max(one.Count, 0) + more; one.Count > mostDrawn-total {
			d.Kind = mixedKinds
			return
		}
		d.List, total = append(d.List[:len(d.List):len(d.List)], one), total+one.Count
	}
}

// names returns how many names are drawn.
func (d Draws) names() (n int) {
	for _, one := range d.List {
		n += max(one.Count, 0)
	}
	return n
}

// Drawing makes draws among names that it is offered one after the other.
type Drawing struct {
	kind   Kind
	draws  []Draw
	lowest []lowest
}

// Begin begins the draws.
func (d Draws) Begin() *Drawing {
	return &Drawing{kind: d.Kind, draws: d.List, lowest: make([]lowest, len(d.List))}
}

// Offer offers a name, which the caller may change afterwards.
func (d *Drawing) Offer(name []byte) {
	hash := xxhash.Sum64(name)
	for i, one := range d.draws {
		if number := one.number(hash); d.lowest[i].takes(number, one.Count) {
			d.lowest[i].put(ticket{number: number, name: bytes.Clone(name)}, one.Count)
		}
	}
}

// Drawn returns the names that were drawn.
func (d *Drawing) Drawn() (names []Name) {
	for _, l := range d.lowest {
		for _, t := range l {
			names = append(names, Name{Kind: d.kind, Name: t.name})
		}
	}
	return names
}

// Among returns which of some names are drawn, by their indexes, in the order in which they are drawn.
func (d Draw) Among(names int, at func(int) []byte) []int {
	var l lowest
	for i := range names {
		if number := d.number(xxhash.Sum64(at(i))); l.takes(number, d.Count) {
			l.put(ticket{number: number, at: i}, d.Count)
		}
	}
	slices.SortFunc(l, func(a, b ticket) int { return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.at, b.at)) })
	drawn := make([]int, len(l))
	for i, t := range l {
		drawn[i] = t.at
	}
	return drawn
}

// number returns the number of a name of which this is the hash: both are mixed as in SplitMix64 (Steele,
// Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014).
func (d Draw) number(hash uint64) uint64 { return mixed(hash ^ mixed(d.Seed)) }

func mixed(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// ticket is a name that may be drawn, or where it is, and its number.
type ticket struct {
	number uint64
	at     int
	name   []byte
}

// lowest are the tickets of the lowest numbers: a heap with the greatest of them first.
type lowest []ticket

// takes reports whether a number is one of the lowest so far, of which there are at most so many.
func (l lowest) takes(number uint64, most int) bool {
	return len(l) < most || most > 0 && number < l[0].number
}

// put adds a ticket that is taken.
func (l *lowest) put(t ticket, most int) {
	h := *l
	if len(h) < most {
		h = append(h, t)
		for i := len(h) - 1; i > 0 && h[(i-1)/2].number < h[i].number; i = (i - 1) / 2 {
			h[i], h[(i-1)/2] = h[(i-1)/2], h[i]
		}
		*l = h
		return
	}
	h[0] = t
	for i := 0; ; {
		greatest := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(h); child++ {
			if h[child].number > h[greatest].number {
				greatest = child
			}
		}
		if greatest == i {
			return
		}
		h[i], h[greatest], i = h[greatest], h[i], greatest
	}
}
