package causal

import (
	"slices"

	"github.com/quorate/quorate/cluster/core/wire"
)

// A vector is written as the number of its entries (uvarint), then for each the
// node, the epoch and the time (8 bytes each, big endian: hashes and times gain
// nothing from varints) and the counter (uvarint).
const minEntryLen = 8 + 8 + 8 + 1

// EncodedLen returns the length of v's encoding in bytes.
func (v Vector) EncodedLen() int {
	n := wire.UvarintLen(uint64(len(v))) + len(v)*(minEntryLen-1)
	for i := range v {
		n += wire.UvarintLen(uint64(v[i].Counter))
	}
	return n
}

// Append appends the encoding of v to dst. It carries no checksum: frames have
// their own.
func (v Vector) Append(dst []byte) []byte {
	dst = slices.Grow(dst, v.EncodedLen())
	dst = wire.AppendUvarint(dst, uint64(len(v)))
	for i := range v {
		e := &v[i]
		dst = wire.AppendUint64(dst, uint64(e.Actor.Node))
		dst = wire.AppendUint64(dst, uint64(e.Actor.Epoch))
		dst = wire.AppendUint64(dst, uint64(e.Time))
		dst = wire.AppendUvarint(dst, uint64(e.Counter))
	}
	return dst
}

// ReadVector reads a vector, into v's memory where that suffices.
func ReadVector(r *wire.Reader, v Vector) Vector {
	n := r.Count(minEntryLen)
	v = v[:0]
	if n > cap(v) {
		v = make(Vector, 0, n)
	}
	for range n {
		var e Entry
		e.Actor.Node = NodeID(r.Uint64())
		e.Actor.Epoch = Epoch(r.Uint64())
		e.Time = Timestamp(r.Uint64())
		e.Counter = Counter(r.Uvarint())
		if e.Counter == 0 || e.Counter > MaxCounter {
			r.Fail()
		}
		if len(v) > 0 && v[len(v)-1].Actor.Compare(e.Actor) >= 0 {
			r.Fail()
		}
		if r.Failed() {
			return v[:0]
		}
		v = append(v, e)
	}
	return v
}

// Append appends the encoding of d to dst: the counter (uvarint), then the node
// and the epoch (8 bytes each). The zero Dot is a single 0.
func (d Dot) Append(dst []byte) []byte {
	dst = wire.AppendUvarint(dst, uint64(d.Counter))
	if d.Counter == 0 {
		return dst
	}
	dst = wire.AppendUint64(dst, uint64(d.Actor.Node))
	return wire.AppendUint64(dst, uint64(d.Actor.Epoch))
}

// ReadDot reads a dot that [Dot.Append] wrote. It fails r if the counter is over
// [MaxCounter].
func ReadDot(r *wire.Reader) (d Dot) {
	if d.Counter = Counter(r.Uvarint()); d.Counter == 0 {
		return d
	}
	d.Actor.Node = NodeID(r.Uint64())
	d.Actor.Epoch = Epoch(r.Uint64())
	if d.Counter > MaxCounter {
		r.Fail()
	}
	return d
}
