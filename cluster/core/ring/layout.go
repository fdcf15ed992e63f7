package ring

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/quorate/quorate/cluster/core/ring/placement"
)

// layout is the owners of the tokens from one flip to the next, and what else the
// primaries are derived from: N at the time of the flip, and the zones of the
// seated members. Later changes by operators show in the next layout. A layout is
// immutable.
type layout struct {
	number uint64
	n      int
	seats  []seat // sorted by id; the members of the ring
	owners []NodeID
	hash   uint64
	prefs  preferences
}

// seat is a member of the ring under a layout.
type seat = placement.Seat

// owned returns the owners of the tokens under l.
func (l *layout) owned() placement.Owners { return placement.Owners{Seats: l.seats, Tokens: l.owners} }

func newLayout(number uint64, n int, seats []seat, owners []NodeID) *layout {
	l := &layout{number: number, n: n, seats: seats, owners: owners}
	l.hash = l.sum()
	l.prefs = newPreferences(l)
	return l
}

// compare orders layouts totally: the higher number wins. Two layouts of one number
// differ only where a split, or a delay, let two sides complete two different
// transitions. Either will do, as long as all choose the same: whoever is
// wanted and not seated by the winner is joining (again), and whoever holds data
// without being a primary hands it over before letting go of it.
func (l *layout) compare(o *layout) int {
	if c := cmp.Or(cmp.Compare(l.number, o.number), cmp.Compare(l.hash, o.hash)); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(l.n, o.n), slices.CompareFunc(l.seats, o.seats, seat.Compare), slices.Compare(l.owners, o.owners))
}

// seat returns the index of id's seat.
func (l *layout) seat(id NodeID) (int, bool) {
	return slices.BinarySearchFunc(l.seats, id, func(s seat, id NodeID) int { return cmp.Compare(s.ID, id) })
}

func (l *layout) sum() uint64 {
	h := newHash()
	h.uint64(l.number)
	h.uint64(uint64(l.n))
	h.uint64(uint64(len(l.seats)))
	for _, s := range l.seats {
		h.uint64(uint64(s.ID))
		h.text(s.Zone)
	}
	for _, id := range l.owners {
		h.uint64(uint64(id))
	}
	return h.sum()
}

// hash feeds fields to xxhash without ambiguity: texts carry their lengths.
type hash struct{ digest *xxhash.Digest }

func newHash() hash { return hash{xxhash.New()} }

func (h hash) uint64(v uint64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], v)
	h.digest.Write(b[:]) // never fails
}

func (h hash) text(s string) {
	h.uint64(uint64(len(s)))
	h.digest.WriteString(s)
}

// sum is never zero: zero stands for no target.
func (h hash) sum() uint64 { return max(h.digest.Sum64(), 1) }
