package bitmap

import (
	"encoding/binary"
	"math/bits"
)

// Bit returns the bit at an offset, 0 beyond the end.
func Bit(data []byte, offset uint64) int {
	at := offset / 8
	if at >= uint64(len(data)) {
		return 0
	}
	return int(data[at]>>(7-offset%8)) & 1
}

// Range is a range of bits, both ends included. It is not empty, and lies in the value that
// it is used with.
type Range struct{ First, Last int64 }

// Count counts the bits of a range that are 1.
func Count(data []byte, r Range) (n int64) {
	head, tail := r.First/8, r.Last/8
	if head == tail {
		return int64(bits.OnesCount8(data[head] & fromBit(r.First) & toBit(r.Last)))
	}
	n = int64(bits.OnesCount8(data[head]&fromBit(r.First)) + bits.OnesCount8(data[tail]&toBit(r.Last)))
	middle := data[head+1 : tail]
	for ; len(middle) >= 8; middle = middle[8:] {
		n += int64(bits.OnesCount64(binary.LittleEndian.Uint64(middle)))
	}
	for _, b := range middle {
		n += int64(bits.OnesCount8(b))
	}
	return n
}

// Find returns the first bit of a range that has the value bit (0 or 1); -1 if there is
// none.
func Find(data []byte, bit int, r Range) int64 {
	flip := byte(0) // makes the wanted bits 1
	if bit == 0 {
		flip = 0xff
	}
	head, tail := r.First/8, r.Last/8
	for at := head; at <= tail; at++ {
		b := data[at] ^ flip
		if at == head {
			b &= fromBit(r.First)
		}
		if at == tail {
			b &= toBit(r.Last)
		}
		if b != 0 {
			return at*8 + int64(bits.LeadingZeros8(b))
		}
	}
	return -1
}

// fromBit and toBit are masks of the bits of a byte from a bit on, and up to a bit.
func fromBit(offset int64) byte { return 0xff >> (offset % 8) }
func toBit(offset int64) byte   { return 0xff << (7 - offset%8) }

// Operation combines the bits of several values.
type Operation uint8

// The operations of BITOP. Not takes one value.
const (
	And Operation = iota
	Or
	Xor
	Not
)

// Combine returns the result of an operation. It is as long as the longest source; a
// shorter source has zeros at its end.
func Combine(op Operation, sources [][]byte) []byte {
	longest := 0
	for _, source := range sources {
		longest = max(longest, len(source))
	}
	out := make([]byte, longest)
	if len(sources) == 0 {
		return out
	}
	copy(out, sources[0])
	if op == Not {
		for i := range out {
			out[i] = ^out[i]
		}
		return out
	}
	for _, source := range sources[1:] {
		switch op {
		case And:
			for i, b := range source {
				out[i] &= b
			}
			clear(out[len(source):])
		case Or:
			for i, b := range source {
				out[i] |= b
			}
		case Xor:
			for i, b := range source {
				out[i] ^= b
			}
		}
	}
	return out
}
