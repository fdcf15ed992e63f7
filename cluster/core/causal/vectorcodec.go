package causal

import (
	"encoding/binary"
	"slices"
)

// A vector is written as the number of its entries (uvarint), then for each the
// node, the epoch and the time (8 bytes each, big endian: hashes and times gain
// nothing from varints) and the counter (uvarint).
const minEntryLen = 8 + 8 + 8 + 1

func (v Vector) encodedLen() int {
	n := uvarintLen(uint64(len(v))) + len(v)*(minEntryLen-1)
	for i := range v {
		n += uvarintLen(uint64(v[i].Counter))
	}
	return n
}

// Append appends the encoding of v to dst. It carries no checksum: frames have
// their own.
func (v Vector) Append(dst []byte) []byte {
	return v.append(slices.Grow(dst, v.encodedLen()))
}

func (v Vector) append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(v)))
	for i := range v {
		e := &v[i]
		dst = binary.BigEndian.AppendUint64(dst, uint64(e.Actor.Node))
		dst = binary.BigEndian.AppendUint64(dst, uint64(e.Actor.Epoch))
		dst = binary.BigEndian.AppendUint64(dst, uint64(e.Time))
		dst = binary.AppendUvarint(dst, uint64(e.Counter))
	}
	return dst
}

// DecodeVector reads a vector off the front of b and returns what follows it.
// Errors wrap [ErrCorrupt].
func DecodeVector(b []byte) (v Vector, rest []byte, err error) {
	r := reader{rest: b}
	v = r.vector(nil)
	if r.failed {
		return nil, nil, corrupt("version vector")
	}
	return v, r.rest, nil
}

// vector reads a vector into v's memory where that suffices.
func (r *reader) vector(v Vector) Vector {
	n := r.count(minEntryLen)
	v = v[:0]
	if n > cap(v) {
		v = make(Vector, 0, n)
	}
	for range n {
		var e Entry
		e.Actor.Node = NodeID(r.fixed64())
		e.Actor.Epoch = Epoch(r.fixed64())
		e.Time = Timestamp(r.fixed64())
		e.Counter = Counter(r.uvarint())
		if e.Counter == 0 || e.Counter > MaxCounter {
			r.fail()
		}
		if len(v) > 0 && v[len(v)-1].Actor.Compare(e.Actor) >= 0 {
			r.fail()
		}
		if r.failed {
			return v[:0]
		}
		v = append(v, e)
	}
	return v
}
