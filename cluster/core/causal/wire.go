package causal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// ErrCorrupt is wrapped by every error about bytes that are not what an encoder
// of this package wrote.
var ErrCorrupt = errors.New("corrupt encoding")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func corrupt(what string) error { return fmt.Errorf("%s: %w", what, ErrCorrupt) }

// reader takes fields off the front of a slice. The first field that is missing
// or malformed makes it fail for good; fields read after that are zero.
type reader struct {
	rest   []byte
	failed bool
}

func (r *reader) fail() {
	r.rest, r.failed = nil, true
}

func (r *reader) byte() byte {
	if len(r.rest) == 0 {
		r.fail()
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *reader) fixed64() uint64 {
	if len(r.rest) < 8 {
		r.fail()
		return 0
	}
	n := binary.BigEndian.Uint64(r.rest)
	r.rest = r.rest[8:]
	return n
}

// uvarint reads a number in its only permitted form, the shortest.
func (r *reader) uvarint() uint64 {
	if len(r.rest) > 0 && r.rest[0] < 0x80 {
		return uint64(r.byte())
	}
	n, size := binary.Uvarint(r.rest)
	if size <= 0 || r.rest[size-1] == 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// count reads how many things of at least size bytes each follow. It fails if
// the bytes that are left cannot hold them: no length that is read makes anyone
// allocate more than a small multiple of what was received.
func (r *reader) count(size int) int {
	n := r.uvarint()
	if n > uint64(len(r.rest)/size) {
		r.fail()
		return 0
	}
	return int(n)
}

// bytes reads n bytes, which alias the input.
func (r *reader) bytes(n int) []byte {
	if n > len(r.rest) {
		r.fail()
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func uvarintLen(n uint64) int {
	size := 1
	for ; n >= 0x80; n >>= 7 {
		size++
	}
	return size
}
