package replica

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// The bodies of the frames that replicas exchange. Every body is a count (u32)
// and that many items; lengths are unsigned varints.
//
//	write   partition u16 | flags u8 | [node that it is kept for u64] | key | object
//	        answer: nothing when all was stored, else pairs (item, error)
//	read    partition u16 | flags u8 | [digest u64] | key
//	        answer: per item an outcome u8 and, after it, a digest or an object
//
// A decoder bounds every length by the bytes at hand; what it returns aliases
// the frame.

// ErrMalformed marks a frame body that cannot be decoded. The peer that sent it
// is broken or hostile.
var ErrMalformed = errors.New("malformed replica message")

const (
	flagHint   = 1 << 0 // write: keep it for another node
	flagDigest = 1 << 0 // read: the asker holds an object with this digest
	flagBrief  = 1 << 1 // read: a digest will do
)

// outcome is what a replica found for one key.
type outcome uint8

const (
	outcomeAbsent outcome = iota
	outcomeSame           // what the asker holds
	outcomeDigest         // a digest follows
	outcomeObject         // an object follows
	outcomeFailed         // an error follows
)

// writeItem is one object on its way to a replica.
type writeItem struct {
	partition ring.Partition
	hint      ring.NodeID // 0: for the replica itself
	key       []byte
	object    []byte
}

func appendWriteItem(dst []byte, it writeItem) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(it.partition))
	if it.hint != 0 {
		dst = append(dst, flagHint)
		dst = binary.BigEndian.AppendUint64(dst, uint64(it.hint))
	} else {
		dst = append(dst, 0)
	}
	dst = appendBytes(dst, it.key)
	return appendBytes(dst, it.object)
}

func (d *decoder) writeItem() (it writeItem) {
	it.partition = ring.Partition(d.uint16())
	if d.byte()&flagHint != 0 {
		it.hint = ring.NodeID(d.uint64())
	}
	it.key = d.bytes()
	it.object = d.bytes()
	return it
}

// AppendWrite appends the body of a write frame that carries one object, for
// those who send objects outside of a request, such as hint delivery.
func AppendWrite(dst []byte, p ring.Partition, key, encoded []byte) []byte {
	return appendWriteItem(dst, writeItem{partition: p, key: key, object: encoded})
}

// AppendCount appends the item count that begins every body. Its width is fixed,
// so that it can be set when the items behind it are known.
func AppendCount(dst []byte, n int) []byte { return binary.BigEndian.AppendUint32(dst, uint32(n)) }

const countLen = 4

// readItem is one key asked of a replica.
type readItem struct {
	partition ring.Partition
	known     bool // digest is set
	brief     bool
	digest    object.Digest
	key       []byte
}

func appendReadItem(dst []byte, it readItem) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(it.partition))
	var flags byte
	if it.known {
		flags |= flagDigest
	}
	if it.brief {
		flags |= flagBrief
	}
	dst = append(dst, flags)
	if it.known {
		dst = binary.BigEndian.AppendUint64(dst, uint64(it.digest))
	}
	return appendBytes(dst, it.key)
}

func (d *decoder) readItem() (it readItem) {
	it.partition = ring.Partition(d.uint16())
	flags := d.byte()
	it.brief = flags&flagBrief != 0
	if it.known = flags&flagDigest != 0; it.known {
		it.digest = object.Digest(d.uint64())
	}
	it.key = d.bytes()
	return it
}

// answer is a replica's word on one key.
type answer struct {
	outcome outcome
	digest  object.Digest
	object  []byte // outcomeObject
	failure string // outcomeFailed
}

func appendAnswer(dst []byte, a answer) []byte {
	dst = append(dst, byte(a.outcome))
	switch a.outcome {
	case outcomeDigest:
		dst = binary.BigEndian.AppendUint64(dst, uint64(a.digest))
	case outcomeObject:
		dst = appendBytes(dst, a.object)
	case outcomeFailed:
		dst = appendBytes(dst, []byte(a.failure))
	}
	return dst
}

func (d *decoder) answer() (a answer) {
	a.outcome = outcome(d.byte())
	switch a.outcome {
	case outcomeAbsent, outcomeSame:
	case outcomeDigest:
		a.digest = object.Digest(d.uint64())
	case outcomeObject:
		a.object = d.bytes()
	case outcomeFailed:
		a.failure = string(d.bytes())
	default:
		d.fail()
	}
	return a
}

func appendBytes(dst, b []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(b)))
	return append(dst, b...)
}

// decoder reads a body; after a fault it yields zeros and bad is set.
type decoder struct {
	rest []byte
	bad  bool
}

func (d *decoder) fail() { d.bad, d.rest = true, nil }

func (d *decoder) take(n int) []byte {
	if n < 0 || n > len(d.rest) {
		d.fail()
		return nil
	}
	b := d.rest[:n:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) byte() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) uint16() uint16 {
	if b := d.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (d *decoder) uint64() uint64 {
	if b := d.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *decoder) bytes() []byte {
	n := d.uvarint()
	if n > uint64(len(d.rest)) {
		d.fail()
		return nil
	}
	return d.take(int(n))
}

// count reads an item count; no item is shorter than a byte, which bounds it.
func (d *decoder) count() int {
	b := d.take(countLen)
	if b == nil || int(binary.BigEndian.Uint32(b)) > len(d.rest) {
		d.fail()
		return 0
	}
	return int(binary.BigEndian.Uint32(b))
}

// done reports a fault, or bytes left over, as [ErrMalformed].
func (d *decoder) done(what string) error {
	if d.bad || len(d.rest) > 0 {
		return fmt.Errorf("%s: %w", what, ErrMalformed)
	}
	return nil
}
