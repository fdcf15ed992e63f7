package object

import (
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/core/wire"
)

// Sums are written after the elements, in format 6 alone: their number (uvarint), then for each,
// by actor:
//
//	actor    its place in the clock (uvarint)
//	counter  (uvarint), integer (zigzag uvarint), number: length (uvarint), text
//
// Then the base of each sibling, in the order of the siblings: the number of its sums (uvarint),
// then each as above, with its place among the sums.
const minSumLen = 4

// sumsLen returns the length of the encoding of o's sums and bases in bytes.
func sumsLen(o *Object) int {
	n := wire.UvarintLen(uint64(len(o.Sums)))
	for i := range o.Sums {
		n += o.Sums[i].encodedLen(placeSum(o, &o.Sums[i]))
	}
	for i := range o.Siblings {
		base := o.Siblings[i].Base
		n += wire.UvarintLen(uint64(len(base)))
		for k := range base {
			n += base[k].encodedLen(placeBase(o, &base[k]))
		}
	}
	return n
}

// appendSums appends the encoding of o's sums and bases to dst.
func appendSums(dst []byte, o *Object) []byte {
	dst = wire.AppendUvarint(dst, uint64(len(o.Sums)))
	for i := range o.Sums {
		dst = o.Sums[i].append(dst, placeSum(o, &o.Sums[i]))
	}
	for i := range o.Siblings {
		base := o.Siblings[i].Base
		dst = wire.AppendUvarint(dst, uint64(len(base)))
		for k := range base {
			dst = base[k].append(dst, placeBase(o, &base[k]))
		}
	}
	return dst
}

// placeSum returns the index of a sum's actor in the clock of o. It panics if the clock does not
// cover the sum.
func placeSum(o *Object, one *Sum) int {
	at, found := o.Clock.Find(one.Dot.Actor)
	if !found || o.Clock[at].Counter < one.Dot.Counter || o.Gaps.Has(one.Dot) {
		panic("object: an object's clock does not cover its sum")
	}
	return at
}

// placeBase returns the index of the sum of which a base has an earlier state. It panics if o
// has none.
func placeBase(o *Object, one *Sum) int {
	at, found := o.Sums.find(one.Dot.Actor)
	if !found || o.Sums[at].Dot.Counter < one.Dot.Counter {
		panic("object: a base has a sum that its object does not have")
	}
	return at
}

func (s *Sum) encodedLen(at int) int {
	return wire.UvarintLen(uint64(at)) + wire.UvarintLen(uint64(s.Dot.Counter)) + wire.UvarintLen(zigzag(s.Amount.Int)) +
		wire.UvarintLen(uint64(len(s.Amount.Float))) + len(s.Amount.Float)
}

func (s *Sum) append(dst []byte, at int) []byte {
	dst = wire.AppendUvarint(dst, uint64(at))
	dst = wire.AppendUvarint(dst, uint64(s.Dot.Counter))
	dst = wire.AppendUvarint(dst, zigzag(s.Amount.Int))
	dst = wire.AppendUvarint(dst, uint64(len(s.Amount.Float)))
	return append(dst, s.Amount.Float...)
}

// readSum reads what append wrote. actors has the actor of each place.
func readSum(r *wire.Reader, places int, actor func(int) causal.Actor) (s Sum) {
	at := r.Uvarint()
	if at >= uint64(places) {
		r.Fail()
		return s
	}
	s.Dot = causal.Dot{Actor: actor(int(at)), Counter: causal.Counter(r.Uvarint())}
	n := r.Uvarint()
	s.Amount = number.Amount{Int: int64(n>>1) ^ -int64(n&1), Float: string(r.Bytes())}
	if s.Dot.Counter == 0 || !s.Amount.Valid() {
		r.Fail()
	}
	return s
}

// readSums reads what appendSums wrote into o, whose other parts have been read.
func readSums(r *wire.Reader, o *Object) {
	n := r.Count(minSumLen)
	for range n {
		one := readSum(r, len(o.Clock), func(at int) causal.Actor { return o.Clock[at].Actor })
		if last := len(o.Sums) - 1; last >= 0 && o.Sums[last].Dot.Actor.Compare(one.Dot.Actor) >= 0 || !o.Clock.Covers(one.Dot) || o.Gaps.Has(one.Dot) {
			r.Fail()
		}
		if r.Failed() {
			return
		}
		o.Sums = append(o.Sums, one)
	}
	for i := range o.Siblings {
		count := r.Count(minSumLen)
		var base Sums
		if count > 0 {
			base = slices.Grow(base, count)
		}
		for range count {
			one := readSum(r, len(o.Sums), func(at int) causal.Actor { return o.Sums[at].Dot.Actor })
			if last := len(base) - 1; r.Failed() || last >= 0 && base[last].Dot.Actor.Compare(one.Dot.Actor) >= 0 || o.Sums.of(one.Dot.Actor).Dot.Counter < one.Dot.Counter {
				r.Fail()
				return
			}
			base = append(base, one)
		}
		o.Siblings[i].Base = base
	}
}

// zigzag returns an integer as one without a sign, small where it is small.
func zigzag(n int64) uint64 { return uint64(n)<<1 ^ uint64(n>>63) }
