package dump

import (
	"encoding/binary"
	"math"
	"slices"
	"strconv"

	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/wire"
)

// A string begins with its length, or with how it is encoded. The first two bits of the first
// byte tell which:
//
//	00    the length is the other 6 bits
//	01    the length is the other 6 bits and the next byte
//	10    the byte is longLength or hugeLength
//	11    the byte is one of those below: an integer (little endian), or compressed bytes, whose
//	      length and whose length without compression come before them
const (
	mediumLength = 0x40
	longLength   = 0x80 // 4 bytes, big endian
	hugeLength   = 0x81 // 8 bytes, big endian

	mostLengthLen = 5 // of what is written

	integer8   = 0xc0
	integer16  = 0xc1
	integer32  = 0xc2
	compressed = 0xc3
)

// appendString appends a string as Redis does, but without compression.
func appendString(dst, data []byte) []byte {
	if n, ok := number.ParseInt(data); ok {
		switch {
		case math.MinInt8 <= n && n <= math.MaxInt8:
			return append(dst, integer8, byte(n))
		case math.MinInt16 <= n && n <= math.MaxInt16:
			return binary.LittleEndian.AppendUint16(append(dst, integer16), uint16(n))
		case math.MinInt32 <= n && n <= math.MaxInt32:
			return binary.LittleEndian.AppendUint32(append(dst, integer32), uint32(n))
		}
	}
	dst = slices.Grow(dst, mostLengthLen+len(data)+footerLen) // a value may be very long
	switch size := len(data); {
	case size < 1<<6:
		dst = append(dst, byte(size))
	case size < 1<<14:
		dst = append(dst, mediumLength|byte(size>>8), byte(size))
	default: // shorter than 4 GiB: see proto-max-bulk-len
		dst = wire.AppendUint32(append(dst, longLength), uint32(size))
	}
	for len(data) > wire.Piece {
		dst, data = append(dst, data[:wire.Piece]...), data[wire.Piece:]
	}
	return append(dst, data...)
}

// readString reads a string of up to limit bytes.
func readString(r *wire.Reader, limit int64) object.Value {
	first := r.Byte()
	switch first {
	case integer8:
		return integer(int64(int8(r.Byte())))
	case integer16:
		if b := r.Take(2); !r.Failed() {
			return integer(int64(int16(binary.LittleEndian.Uint16(b))))
		}
	case integer32:
		if b := r.Take(4); !r.Failed() {
			return integer(int64(int32(binary.LittleEndian.Uint32(b))))
		}
	case compressed:
		from, size := readLength(r, r.Byte()), readLength(r, r.Byte())
		if packed := r.Take(from); !r.Failed() && int64(size) <= limit {
			if data, ok := decompress(packed, size); ok {
				return object.Value{Data: data}
			}
		}
		r.Fail()
	default:
		return object.Value{Data: r.Take(readLength(r, first))}
	}
	return object.Value{}
}

func integer(n int64) object.Value { return object.Value{Data: strconv.AppendInt(nil, n, 10)} }

// readLength reads the rest of a length that begins with a byte.
func readLength(r *wire.Reader, first byte) int {
	size := uint64(first)
	switch {
	case first < mediumLength:
	case first < longLength:
		size = uint64(first&^mediumLength)<<8 | uint64(r.Byte())
	case first == longLength:
		size = uint64(r.Uint32())
	case first == hugeLength:
		size = r.Uint64()
	default:
		r.Fail()
	}
	if size > math.MaxInt32 {
		r.Fail() // no payload has that many
		return 0
	}
	return int(size)
}
