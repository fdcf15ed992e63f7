package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// ErrCorrupt is wrapped by every error about bytes that no encoder of this
// project wrote.
var ErrCorrupt = errors.New("corrupt encoding")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ChecksumLen is the length of an encoded checksum in bytes.
const ChecksumLen = 4

// Checksum returns the CRC-32C of the parts, one after the other.
func Checksum(parts ...[]byte) (sum uint32) {
	for _, part := range parts {
		sum = crc32.Update(sum, castagnoli, part)
	}
	return sum
}

// Corrupt returns an error that names what was malformed and wraps [ErrCorrupt].
func Corrupt(what string) error { return fmt.Errorf("%s: %w", what, ErrCorrupt) }

// Reader reads fields from the front of a slice. The first field that is missing
// or malformed makes it fail for good; every field read after that is zero.
type Reader struct {
	rest   []byte
	failed bool
}

// NewReader returns a reader of b. What it returns may alias b.
func NewReader(b []byte) Reader { return Reader{rest: b} }

// Fail marks the input as malformed.
func (r *Reader) Fail() { r.rest, r.failed = nil, true }

// Failed reports whether any field was missing or malformed.
func (r *Reader) Failed() bool { return r.failed }

// Rest returns the bytes that were not read yet.
func (r *Reader) Rest() []byte { return r.rest }

// Byte reads one byte.
func (r *Reader) Byte() byte {
	if len(r.rest) == 0 {
		r.Fail()
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

// Uint64 reads eight bytes, big endian.
func (r *Reader) Uint64() uint64 {
	if len(r.rest) < 8 {
		r.Fail()
		return 0
	}
	n := binary.BigEndian.Uint64(r.rest)
	r.rest = r.rest[8:]
	return n
}

// Uvarint reads a number in its only permitted form, the shortest.
func (r *Reader) Uvarint() uint64 {
	if len(r.rest) > 0 && r.rest[0] < 0x80 {
		return uint64(r.Byte())
	}
	n, size := binary.Uvarint(r.rest)
	if size <= 0 || r.rest[size-1] == 0 {
		r.Fail()
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// Count reads how many things of at least size bytes each follow. It fails if
// the bytes that are left cannot hold them: no length that is read makes anyone
// allocate more than a small multiple of what was received.
func (r *Reader) Count(size int) int {
	n := r.Uvarint()
	if n > uint64(len(r.rest)/size) {
		r.Fail()
		return 0
	}
	return int(n)
}

// Bytes reads n bytes, which alias the input.
func (r *Reader) Bytes(n int) []byte {
	if n > len(r.rest) {
		r.Fail()
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

// UvarintLen returns the length of n as an unsigned varint, in bytes.
func UvarintLen(n uint64) int {
	size := 1
	for ; n >= 0x80; n >>= 7 {
		size++
	}
	return size
}
