package object

import (
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/wire"
)

// Elements are written after the gaps, in formats 5 and 6: their number (uvarint), then for
// each, in their order:
//
//	kind     (1 byte), flags (1 byte)
//	name     length (uvarint), bytes     unless it is a KeyExpiry
//	actor    its place in the clock (uvarint)
//	counter  (uvarint), time (8 bytes)   unless elementSameEvent
//	expiry   (uvarint)                   if elementExpires
//	data     length (uvarint), bytes     if elementHasData; of a Scored element: see AppendScore
const (
	minElementLen = 3

	elementSameEvent byte = 1 << 0 // counter and time are those of the clock's entry
	elementExpires   byte = 1 << 1
	elementHasData   byte = 1 << 2
	elementStripped  byte = 1 << 3
	allElementFlags       = elementSameEvent | elementExpires | elementHasData | elementStripped
)

// elementsLen returns the length of the encoding of o's elements in bytes.
func elementsLen(o *Object) int {
	n := wire.UvarintLen(uint64(len(o.Elements)))
	for i := range o.Elements {
		e := &o.Elements[i]
		at, flags := placeElement(o, e)
		n += 2 + wire.UvarintLen(uint64(at))
		if e.Kind != KeyExpiry {
			n += wire.UvarintLen(uint64(len(e.Name))) + len(e.Name)
		}
		if flags&elementSameEvent == 0 {
			n += wire.UvarintLen(uint64(e.Dot.Counter)) + 8
		}
		if flags&elementExpires != 0 {
			n += wire.UvarintLen(uint64(e.Expiry))
		}
		if flags&elementHasData != 0 {
			n += wire.UvarintLen(uint64(len(e.Data))) + len(e.Data)
		}
	}
	return n
}

// appendElements appends the encoding of o's elements to dst.
func appendElements(dst []byte, o *Object) []byte {
	dst = wire.AppendUvarint(dst, uint64(len(o.Elements)))
	for i := range o.Elements {
		e := &o.Elements[i]
		at, flags := placeElement(o, e)
		dst = append(dst, byte(e.Kind), flags)
		if e.Kind != KeyExpiry {
			dst = wire.AppendBytes(dst, e.Name)
		}
		dst = wire.AppendUvarint(dst, uint64(at))
		if flags&elementSameEvent == 0 {
			dst = wire.AppendUvarint(dst, uint64(e.Dot.Counter))
			dst = wire.AppendUint64(dst, uint64(e.Time))
		}
		if flags&elementExpires != 0 {
			dst = wire.AppendUvarint(dst, uint64(e.Expiry))
		}
		if flags&elementHasData != 0 {
			dst = wire.AppendBytes(dst, e.Data)
		}
	}
	return dst
}

// placeElement returns the index of e's actor in the clock of o, and the flags that e, an
// element of o, is written with. It panics if the clock does not cover e.
func placeElement(o *Object, e *Element) (at int, flags byte) {
	at, found := o.Clock.Find(e.Dot.Actor)
	if !found || o.Clock[at].Counter < e.Dot.Counter || len(o.Gaps) > 0 && o.Gaps.Has(e.Dot) {
		panic("object: an object's clock does not cover its element")
	}
	if c := &o.Clock[at]; c.Counter == e.Dot.Counter && c.Time == e.Time {
		flags |= elementSameEvent
	}
	if e.Expiry != 0 {
		flags |= elementExpires
	}
	if e.Stripped {
		return at, flags | elementStripped
	}
	if len(e.Data) > 0 {
		flags |= elementHasData
	}
	return at, flags
}

// readElements reads what appendElements wrote into the memory of room. Names and
// data alias what is read.
func readElements(r *wire.Reader, clock causal.Vector, gaps causal.Gaps, room Elements) Elements {
	room = room[:0]
	n := r.Count(minElementLen)
	room = slices.Grow(room, n)
	for range n {
		e := readElement(r, clock)
		if last := len(room) - 1; last >= 0 && room[last].order(&e) >= 0 || len(gaps) > 0 && gaps.Has(e.Dot) {
			r.Fail()
		}
		if r.Failed() {
			return room[:0]
		}
		room = append(room, e)
	}
	return room
}

func readElement(r *wire.Reader, clock causal.Vector) (e Element) {
	e.Kind = Kind(r.Byte())
	flags := r.Byte()
	if !e.Kind.known() || flags&^allElementFlags != 0 || flags&elementHasData != 0 && (flags&elementStripped != 0 || e.Kind == KeyExpiry) {
		r.Fail()
		return e
	}
	if e.Kind != KeyExpiry {
		e.Name = r.Bytes()
	}
	at := r.Uvarint()
	if at >= uint64(len(clock)) {
		r.Fail()
		return e
	}
	c := &clock[at]
	e.Dot.Actor = c.Actor
	if flags&elementSameEvent != 0 {
		e.Dot.Counter, e.Time = c.Counter, c.Time
	} else {
		e.Dot.Counter, e.Time = causal.Counter(r.Uvarint()), causal.Timestamp(r.Uint64())
		if e.Dot.Counter == 0 || e.Dot.Counter > c.Counter || e.Dot.Counter == c.Counter && e.Time == c.Time {
			r.Fail()
		}
	}
	if flags&elementExpires != 0 {
		if e.Expiry = int64(r.Uvarint()); e.Expiry <= 0 {
			r.Fail()
		}
	}
	if flags&elementHasData != 0 {
		if e.Data = r.Bytes(); len(e.Data) == 0 {
			r.Fail()
		}
	}
	e.Stripped = flags&elementStripped != 0
	if e.Kind == Scored && !e.Stripped {
		if _, ok := ReadScore(e.Data); !ok {
			r.Fail()
		}
	}
	return e
}
