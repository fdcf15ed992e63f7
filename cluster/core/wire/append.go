package wire

import (
	"encoding/binary"
	"slices"
)

// The append functions write the fields that a [Reader] reads, one form for each
// kind of field: fixed-size numbers are big endian, others are varints in their
// shortest form, and bytes follow their length.

// AppendFlag appends one byte: 1 if set, else 0.
func AppendFlag(dst []byte, set bool) []byte {
	if set {
		return append(dst, 1)
	}
	return append(dst, 0)
}

// AppendUint16 appends n in two bytes, big endian.
func AppendUint16(dst []byte, n uint16) []byte { return binary.BigEndian.AppendUint16(dst, n) }

// AppendUint32 appends n in four bytes, big endian.
func AppendUint32(dst []byte, n uint32) []byte { return binary.BigEndian.AppendUint32(dst, n) }

// AppendUint64 appends n in eight bytes, big endian.
func AppendUint64(dst []byte, n uint64) []byte { return binary.BigEndian.AppendUint64(dst, n) }

// AppendUvarint appends n as an unsigned varint.
func AppendUvarint(dst []byte, n uint64) []byte { return binary.AppendUvarint(dst, n) }

// AppendVarint appends n as a signed varint (zigzag).
func AppendVarint(dst []byte, n int64) []byte { return binary.AppendVarint(dst, n) }

// Piece is how many bytes are copied or summed up at once. The runtime cannot interrupt one such
// step. Where it wants to stop the process for a moment, everybody would wait for the end of a
// step over hundreds of megabytes, on a busy machine for seconds.
const Piece = 1 << 20

// AppendLong appends what [AppendBytes] does, in pieces: it is for bytes that may be very many.
func AppendLong(dst, b []byte) []byte {
	if len(b) <= Piece {
		return AppendBytes(dst, b)
	}
	dst = slices.Grow(binary.AppendUvarint(dst, uint64(len(b))), len(b))
	for piece := range slices.Chunk(b, Piece) {
		dst = append(dst, piece...)
	}
	return dst
}

// AppendBytes appends the length of b as a varint, then b.
func AppendBytes(dst, b []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

// AppendString appends s as [AppendBytes] does its bytes.
func AppendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// UvarintLen returns the length of n as an unsigned varint, in bytes.
func UvarintLen(n uint64) int {
	size := 1
	for ; n >= 0x80; n >>= 7 {
		size++
	}
	return size
}
