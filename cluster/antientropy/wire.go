package antientropy

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/quorate/quorate/cluster/core/ring"
)

// ErrBadMessage marks a message of a peer that does not follow the format below.
var ErrBadMessage = errors.New("malformed anti-entropy message")

// Bounds of the messages. A page holds at least one entry, however large, and
// else never more than pageBytes: what is left is asked for again, by position.
const (
	wireVersion   = 1
	pageBytes     = 1 << 20
	maxPartitions = ring.Slots
	maxKeys       = 4096
)

// Every request begins with the version; all but the first with the partition.
//
//	roots    n, n x partition                  -> n x (ready, root)
//	nodes    level, n, n x index               -> ready, n x hash
//	listing  leaves, position                  -> more, (digest, key)...
//	objects  leaves, position                  -> more, (key, object)...
//	fetch    n, n x key                        -> object or absent, for a prefix of the keys, at least one
//	push     (key, object)...                  -> changed, failed
//	reap     ring version, (digest, key)...    -> a flag per key
//
// Numbers are big-endian, counts and lengths uvarints. Decoders never allocate
// more than the message's own length in proportion, and their results alias it.

func appendHeader(dst []byte, p ring.Partition) []byte {
	return binary.BigEndian.AppendUint16(append(dst, wireVersion), uint16(p))
}

func appendBytes(dst, b []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

// reader takes a message apart. The first fault sticks; after it every read
// returns zero, so that callers check once, at the end.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if r.bad || n < 0 || n > len(r.b) {
		r.bad = true
		return nil
	}
	head := r.b[:n:n]
	r.b = r.b[n:]
	return head
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) uint16() uint16 {
	if b := r.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (r *reader) uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *reader) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if r.bad || n <= 0 {
		r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return v
}

// count reads the number of items that follow, each of at least size bytes.
func (r *reader) count(size, limit int) int {
	n := r.uvarint()
	if n > uint64(limit) || n*uint64(size) > uint64(len(r.b)) {
		r.bad = true
		return 0
	}
	return int(n)
}

func (r *reader) bytes() []byte {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.bad = true
		return nil
	}
	return r.take(int(n))
}

// flag reads a byte that may only be 0 or 1.
func (r *reader) flag() bool {
	b := r.byte()
	if b > 1 {
		r.bad = true
	}
	return b == 1
}

func (r *reader) version() {
	if r.byte() != wireVersion {
		r.bad = true
	}
}

func (r *reader) header() ring.Partition {
	r.version()
	return ring.Partition(r.uint16())
}

// end returns the verdict on a message of which nothing may be left.
func (r *reader) end(what string) error {
	if r.bad || len(r.b) != 0 {
		return fmt.Errorf("%s: %w", what, ErrBadMessage)
	}
	return nil
}

func appendFlag(dst []byte, set bool) []byte {
	if set {
		return append(dst, 1)
	}
	return append(dst, 0)
}
