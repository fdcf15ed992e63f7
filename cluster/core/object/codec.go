package object

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/wire"
)

// An object is written as
//
//	format version (1 byte), type (1 byte: see Type)
//	clock          (see Vector.Append)
//	siblings       number (uvarint), then for each, in the order of dots:
//	    flags      (1 byte)
//	    actor      its place in the clock (uvarint)
//	    counter    (uvarint), time (8 bytes)   unless sameEvent
//	    origin     life (8 bytes)              if hasOrigin; with it, not in format 1:
//	               stamp (8 bytes)             unless sameStamp
//	    expiry     (uvarint)                   if hasExpiry
//	    data       length (uvarint), bytes     unless tombstone or stripped
//	replaced       not in format 1: number (uvarint), then for each, in order:
//	    before     (1 byte: 0 or 1), life (8 bytes), stamp (8 bytes)
//	gaps           in format 3 (see causal.Gaps); in later formats a 0 if there are none
//	elements       in format 5; in format 6 there may be none
//	sums and bases in format 6 (see appendSums); there may be none beside entries of a stream
//	checksum       CRC-32C of all before it (4 bytes, big endian)
//
// There is one encoding for each object. Flags are set wherever they can be, and
// numbers are as short as they can be; a decoder refuses anything else. So equal
// bytes are equal objects, and digests can stand for them.
const (
	minObjectLen  = 2 + 1 + 1 + wire.ChecksumLen
	minSiblingLen = 2

	tombstone byte = 1 << 0
	hasExpiry byte = 1 << 1
	sameEvent byte = 1 << 2 // counter and time are those of the clock's entry
	hasOrigin byte = 1 << 3
	sameStamp byte = 1 << 4 // the origin's stamp is the time
	stripped  byte = 1 << 5 // in format 4 and later, and with an expiry
	allFlags       = tombstone | hasExpiry | sameEvent | hasOrigin | sameStamp | stripped

	replacementLen = 1 + 8 + 8
)

// EncodedLen returns the length of o's encoding in bytes.
func (o *Object) EncodedLen() int {
	n := 2 + o.Clock.EncodedLen() + wire.UvarintLen(uint64(len(o.Siblings))) + wire.ChecksumLen
	for i := range o.Siblings {
		s := &o.Siblings[i]
		at, flags := o.place(s)
		n += 1 + wire.UvarintLen(uint64(at))
		if flags&sameEvent == 0 {
			n += wire.UvarintLen(uint64(s.Dot.Counter)) + 8
		}
		if flags&hasOrigin != 0 {
			n += 8
			if flags&sameStamp == 0 {
				n += 8
			}
		}
		if flags&hasExpiry != 0 {
			n += wire.UvarintLen(uint64(s.Expiry))
		}
		if flags&(tombstone|stripped) == 0 {
			n += wire.UvarintLen(uint64(len(s.Data))) + len(s.Data)
		}
	}
	format := o.format()
	if format != formatPlain {
		n += wire.UvarintLen(uint64(len(o.Replaced))) + len(o.Replaced)*replacementLen
	}
	if format >= formatGaps {
		n += o.Gaps.EncodedLen(o.Clock)
	}
	if format >= formatElements {
		n += elementsLen(o)
	}
	if format == formatSums {
		n += sumsLen(o)
	}
	return n
}

// Append appends the encoding of o to dst. It allocates only if dst is too
// small, and then once.
func (o *Object) Append(dst []byte) []byte {
	dst = slices.Grow(dst, o.EncodedLen())
	start := len(dst)
	format := o.format()
	dst = append(dst, format, byte(Register))
	dst = o.Clock.Append(dst)
	dst = wire.AppendUvarint(dst, uint64(len(o.Siblings)))
	for i := range o.Siblings {
		s := &o.Siblings[i]
		at, flags := o.place(s)
		dst = append(dst, flags)
		dst = wire.AppendUvarint(dst, uint64(at))
		if flags&sameEvent == 0 {
			dst = wire.AppendUvarint(dst, uint64(s.Dot.Counter))
			dst = wire.AppendUint64(dst, uint64(s.Time))
		}
		if flags&hasOrigin != 0 {
			dst = wire.AppendUint64(dst, uint64(s.Origin.Life))
			if flags&sameStamp == 0 {
				dst = wire.AppendUint64(dst, uint64(s.Origin.Stamp))
			}
		}
		if flags&hasExpiry != 0 {
			dst = wire.AppendUvarint(dst, uint64(s.Expiry))
		}
		if flags&(tombstone|stripped) == 0 {
			dst = wire.AppendLong(dst, s.Data)
		}
	}
	if format != formatPlain {
		dst = o.Replaced.append(dst)
	}
	if format >= formatGaps {
		dst = o.Gaps.Append(dst, o.Clock)
	}
	if format >= formatElements {
		dst = appendElements(dst, o)
	}
	if format == formatSums {
		dst = appendSums(dst, o)
	}
	return wire.AppendUint32(dst, wire.Checksum(dst[start:]))
}

// HasElements reports whether an encoded object is known to have elements, without a look at them. One
// with entries or sums may have elements, too.
func HasElements(encoded []byte) bool { return len(encoded) > 0 && encoded[0] == formatElements }

// format returns the format that o is written in.
func (o *Object) format() byte {
	switch {
	case len(o.Sums) > 0 || o.Elements.haveEntries():
		return formatSums
	case len(o.Elements) > 0:
		return formatElements
	case o.hasStripped():
		return formatStripped
	case len(o.Gaps) > 0:
		return formatGaps
	case o.hasIssued():
		return formatIssued
	}
	return formatPlain
}

// place returns the index of s's actor in the clock of o, and the flags that s, a
// sibling of o, is written with. It panics if the clock does not cover s: that
// breaks the invariant on which every merge rests.
func (o *Object) place(s *Sibling) (at int, flags byte) {
	at, found := o.Clock.Find(s.Dot.Actor)
	if !found || o.Clock[at].Counter < s.Dot.Counter || o.Gaps.Has(s.Dot) {
		panic("object: an object's clock does not cover its sibling")
	}
	if e := &o.Clock[at]; e.Counter == s.Dot.Counter && e.Time == s.Time {
		flags |= sameEvent
	}
	if s.issued() {
		flags |= hasOrigin
		if s.Origin.Stamp == s.Time {
			flags |= sameStamp
		}
	}
	if s.Tombstone {
		return at, flags | tombstone
	}
	if s.Expiry != 0 {
		flags |= hasExpiry
	}
	if s.Stripped {
		flags |= stripped
	}
	return at, flags
}

// Decode reads an object from its encoding, all of b. The values alias b. Errors
// wrap [wire.ErrCorrupt], and also [ErrUnknown] if a newer build wrote b.
func Decode(b []byte) (Object, error) {
	var o Object
	err := o.DecodeFrom(b)
	return o, err
}

// DecodeFrom decodes as [Decode] does, into o. It reuses o's slices, so that
// decoding into the same object again and again allocates nothing. After an error
// o is empty.
func (o *Object) DecodeFrom(b []byte) error {
	err := o.decode(b)
	if err != nil {
		o.Clock, o.Siblings, o.Replaced, o.Gaps, o.Elements = o.Clock[:0], o.Siblings[:0], o.Replaced[:0], o.Gaps[:0], o.Elements[:0]
		o.Sums = o.Sums[:0]
	}
	return err
}

func (o *Object) decode(b []byte) error {
	if len(b) < minObjectLen {
		return wire.Corrupt("object: cut short")
	}
	body, sum := b[:len(b)-wire.ChecksumLen], b[len(b)-wire.ChecksumLen:]
	if wire.Checksum(body) != binary.BigEndian.Uint32(sum) {
		return wire.Corrupt("object: checksum")
	}
	if err := readable(body[0], Type(body[1])); err != nil {
		return fmt.Errorf("%w: %w", wire.ErrCorrupt, err)
	}
	r := wire.NewReader(body[2:])
	o.Clock = causal.ReadVector(&r, o.Clock)
	n := r.Count(minSiblingLen)
	o.Siblings = o.Siblings[:0]
	if n > cap(o.Siblings) {
		o.Siblings = make([]Sibling, 0, n)
	}
	for range n {
		s := readSibling(&r, o.Clock)
		if k := len(o.Siblings); k > 0 && o.Siblings[k-1].Dot.Compare(s.Dot) >= 0 {
			r.Fail()
		}
		if r.Failed() {
			break
		}
		o.Siblings = append(o.Siblings, s)
	}
	o.Replaced, o.Gaps, o.Elements, o.Sums, o.Rest = o.Replaced[:0], o.Gaps[:0], o.Elements[:0], o.Sums[:0], Rest{}
	if body[0] != formatPlain {
		o.Replaced = readReplaced(&r, o.Replaced)
	}
	switch rest := r.Rest(); {
	case body[0] > formatGaps && len(rest) > 0 && rest[0] == 0: // no gaps
		r.Byte()
	case body[0] >= formatGaps:
		o.Gaps = causal.ReadGaps(&r, o.Clock, o.Gaps)
	}
	if body[0] >= formatElements {
		o.Elements = readElements(&r, o.Clock, o.Gaps, o.Elements)
	}
	if body[0] == formatSums {
		readSums(&r, o)
	}
	if o.format() != body[0] || len(o.Gaps) > 0 && slices.ContainsFunc(o.Siblings, func(s Sibling) bool { return o.Gaps.Has(s.Dot) }) {
		r.Fail() // it has another encoding, or none
	}
	return r.Done("object")
}

func (r Replaced) append(dst []byte) []byte {
	dst = wire.AppendUvarint(dst, uint64(len(r)))
	for _, one := range r {
		before := byte(0)
		if one.Before {
			before = 1
		}
		dst = wire.AppendUint64(append(dst, before), uint64(one.Life))
		dst = wire.AppendUint64(dst, uint64(one.Stamp))
	}
	return dst
}

// readReplaced reads what [Replaced.append] wrote into the memory of room.
func readReplaced(r *wire.Reader, room Replaced) Replaced {
	for range r.Count(replacementLen) {
		before := r.Byte()
		one := Replacement{Before: before == 1}
		one.Life, one.Stamp = causal.Life(r.Uint64()), causal.Timestamp(r.Uint64())
		last := len(room) - 1
		if before > 1 || one.Life == 0 || last >= 0 && (room[last].compare(one) >= 0 || slices.ContainsFunc(room, func(o Replacement) bool { return o.includes(one) })) {
			r.Fail()
		}
		if r.Failed() {
			break
		}
		room = append(room, one)
	}
	return room
}

func readSibling(r *wire.Reader, clock causal.Vector) (s Sibling) {
	flags := r.Byte()
	at := r.Uvarint()
	if flags&^allFlags != 0 || flags&tombstone != 0 && flags&(hasExpiry|stripped) != 0 || flags&(hasExpiry|stripped) == stripped || at >= uint64(len(clock)) {
		r.Fail()
		return s
	}
	e := &clock[at]
	s.Dot.Actor = e.Actor
	if flags&sameEvent != 0 {
		s.Dot.Counter, s.Time = e.Counter, e.Time
	} else {
		s.Dot.Counter, s.Time = causal.Counter(r.Uvarint()), causal.Timestamp(r.Uint64())
		if s.Dot.Counter == 0 || s.Dot.Counter > e.Counter || s.Dot.Counter == e.Counter && s.Time == e.Time {
			r.Fail()
		}
	}
	if flags&hasOrigin != 0 {
		s.Origin = causal.Origin{Life: causal.Life(r.Uint64()), Stamp: s.Time}
		if flags&sameStamp == 0 {
			if s.Origin.Stamp = causal.Timestamp(r.Uint64()); s.Origin.Stamp == s.Time {
				r.Fail()
			}
		}
		if s.Origin.Life == 0 {
			r.Fail()
		}
	} else if flags&sameStamp != 0 {
		r.Fail()
	}
	if flags&hasExpiry != 0 {
		s.Expiry = int64(r.Uvarint())
		if s.Expiry <= 0 {
			r.Fail()
		}
	}
	s.Tombstone, s.Stripped = flags&tombstone != 0, flags&stripped != 0
	if !s.Tombstone && !s.Stripped {
		s.Data = r.Bytes()
	}
	return s
}
