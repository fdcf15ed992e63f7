package wire

import "encoding/binary"

// Reader reads fields from the front of a slice. After the first field that is
// missing or malformed, the Reader stays failed and every further field is zero.
// So a decoder reads all its fields and checks once, at the end, with Done.
type Reader struct {
	rest   []byte
	failed bool
}

// NewReader returns a reader of b. Byte slices that it reads alias b.
func NewReader(b []byte) Reader { return Reader{rest: b} }

// Fail marks the input as malformed.
func (r *Reader) Fail() { r.rest, r.failed = nil, true }

// Failed reports whether any field was missing or malformed.
func (r *Reader) Failed() bool { return r.failed }

// Rest returns the bytes that have not been read.
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

// Flag reads a byte that is 0 or 1.
func (r *Reader) Flag() bool {
	b := r.Byte()
	if b > 1 {
		r.Fail()
	}
	return b == 1
}

// Uint16 reads two bytes, big endian.
func (r *Reader) Uint16() uint16 {
	if len(r.rest) < 2 {
		r.Fail()
		return 0
	}
	n := binary.BigEndian.Uint16(r.rest)
	r.rest = r.rest[2:]
	return n
}

// Uint32 reads four bytes, big endian.
func (r *Reader) Uint32() uint32 {
	if len(r.rest) < 4 {
		r.Fail()
		return 0
	}
	n := binary.BigEndian.Uint32(r.rest)
	r.rest = r.rest[4:]
	return n
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

// Varint reads a signed number in its only permitted form, the shortest.
func (r *Reader) Varint() int64 {
	n := r.Uvarint()
	return int64(n>>1) ^ -int64(n&1)
}

// Count reads the number of items that follow, each of at least size bytes. It
// fails if the remaining bytes cannot hold them, so that a caller may allocate
// room for that many.
func (r *Reader) Count(size int) int {
	n := r.Uvarint()
	if n > uint64(len(r.rest)/size) {
		r.Fail()
		return 0
	}
	return int(n)
}

// Limited reads numbers of items that must not exceed a limit. Make it with
// [Reader.UpTo].
type Limited struct {
	r     *Reader
	limit int
}

// UpTo returns a reader of counts that fails on a count over limit.
func (r *Reader) UpTo(limit int) Limited { return Limited{r, limit} }

// Count reads a number of items as [Reader.Count] does, and fails also if it exceeds
// the limit.
func (l Limited) Count(size int) int {
	n := l.r.Count(size)
	if n > l.limit {
		l.r.Fail()
		return 0
	}
	return n
}

// Take reads n bytes, which alias the input.
func (r *Reader) Take(n int) []byte {
	if n < 0 || n > len(r.rest) {
		r.Fail()
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

// Bytes reads what [AppendBytes] wrote: a length, then that many bytes, which
// alias the input.
func (r *Reader) Bytes() []byte { return r.Take(r.Count(1)) }

// Done returns an error that names what was read and wraps [ErrCorrupt] if a
// field was missing or malformed, or if bytes are left over.
func (r *Reader) Done(what string) error {
	if r.failed || len(r.rest) > 0 {
		return Corrupt(what)
	}
	return nil
}
