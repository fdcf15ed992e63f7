package causal

import "github.com/quorate/quorate/cluster/core/wire"

// gapsFollow stands before the gaps of a context, where older nodes have the counter of a
// client's last event. It is no counter, so they refuse the context.
const gapsFollow = uint64(MaxCounter) + 1

// Append appends the encoding of c to dst: the vector, then a 0, or a mark and the gaps.
func (c Context) Append(dst []byte) []byte {
	dst = c.Vector.Append(dst)
	if len(c.Gaps) == 0 {
		return append(dst, 0)
	}
	return c.Gaps.Append(wire.AppendUvarint(dst, gapsFollow), c.Vector)
}

// ReadContext reads what [Context.Append] wrote, or what an older node wrote: a vector,
// and the dot of the client's last event if the vector does not cover it.
func ReadContext(r *wire.Reader) Context {
	c := Context{Vector: ReadVector(r, nil)}
	ahead := *r
	if ahead.Uvarint() == gapsFollow {
		*r = ahead
		c.Gaps = ReadGaps(r, c.Vector, nil)
		return c
	}
	return ContextOf(c.Vector, ReadDot(r))
}

// Gaps are written as their number (uvarint), then for each the place of its actor in
// the vector, From, and To less From (uvarints).
const minGapLen = 3

// EncodedLen returns the length of the encoding of g, whose vector is v, in bytes.
func (g Gaps) EncodedLen(v Vector) int {
	n := wire.UvarintLen(uint64(len(g)))
	for i := range g {
		at, _ := v.Find(g[i].Actor)
		n += wire.UvarintLen(uint64(at)) + wire.UvarintLen(uint64(g[i].From)) + wire.UvarintLen(uint64(g[i].To-g[i].From))
	}
	return n
}

// Append appends the encoding of g, whose vector is v, to dst.
func (g Gaps) Append(dst []byte, v Vector) []byte {
	dst = wire.AppendUvarint(dst, uint64(len(g)))
	for i := range g {
		at, _ := v.Find(g[i].Actor)
		dst = wire.AppendUvarint(dst, uint64(at))
		dst = wire.AppendUvarint(dst, uint64(g[i].From))
		dst = wire.AppendUvarint(dst, uint64(g[i].To-g[i].From))
	}
	return dst
}

// ReadGaps reads the gaps of v, of which there must be one at least, into the memory of
// room.
func ReadGaps(r *wire.Reader, v Vector, room Gaps) Gaps {
	room = room[:0]
	n := r.Count(minGapLen)
	if n == 0 {
		r.Fail()
	}
	for range n {
		at, from, length := r.Uvarint(), r.Uvarint(), r.Uvarint()
		if at >= uint64(len(v)) || from == 0 || from > uint64(MaxCounter) || length > uint64(MaxCounter) || Counter(from+length) >= v[at].Counter {
			r.Fail()
			return room[:0]
		}
		g := Gap{Actor: v[at].Actor, From: Counter(from), To: Counter(from + length)}
		if last := len(room) - 1; last >= 0 && (room[last].compare(g) >= 0 || room[last].Actor == g.Actor && room[last].To+1 >= g.From) {
			r.Fail()
			return room[:0]
		}
		room = append(room, g)
	}
	return room
}
