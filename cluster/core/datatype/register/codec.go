package register

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
)

// ErrCorrupt is wrapped by every error about bytes that are not what Append
// wrote.
var ErrCorrupt = errors.New("corrupt encoding")

// An update is written as kind, condition and flags (a byte each), then the fields
// that flags names, in the order of the bits: numbers as varints, bytes with their
// length before them, a vector in its own form. The peer channel that carries it
// agrees on a version and guards the bytes.
const (
	flagKeepTTL byte = 1 << iota
	flagWantOld
	flagContext
	flagData
	flagFloat
	flagAmount
	flagExpiry
	flagLimit
)

// Append appends the encoding of u to dst.
func (u *Update) Append(dst []byte) []byte {
	dst = slices.Grow(dst, 3+5*binary.MaxVarintLen64+len(u.Data)+len(u.Float))
	at := len(dst) + 2
	dst = append(dst, byte(u.Kind), byte(u.Condition), 0)
	var flags byte
	if u.KeepTTL {
		flags |= flagKeepTTL
	}
	if u.WantOld {
		flags |= flagWantOld
	}
	if u.HasContext {
		flags |= flagContext
		dst = appendDot(u.Context.Append(dst), u.Own)
	}
	if u.Data != nil {
		flags |= flagData
		dst = appendBytes(dst, u.Data)
	}
	if u.Float != "" {
		flags |= flagFloat
		dst = binary.AppendUvarint(dst, uint64(len(u.Float)))
		dst = append(dst, u.Float...)
	}
	if u.Amount != 0 {
		flags |= flagAmount
		dst = binary.AppendVarint(dst, u.Amount)
	}
	if u.Expiry != 0 {
		flags |= flagExpiry
		dst = binary.AppendVarint(dst, u.Expiry)
	}
	if u.Limit != 0 {
		flags |= flagLimit
		dst = binary.AppendVarint(dst, u.Limit)
	}
	dst[at] = flags
	return dst
}

// Decode reads an update from its encoding, all of b. Data aliases b. Errors wrap
// [ErrCorrupt].
func Decode(b []byte) (Update, error) {
	r := reader{rest: b}
	var u Update
	u.Kind, u.Condition = Kind(r.byte()), Condition(r.byte())
	flags := r.byte()
	u.KeepTTL = flags&flagKeepTTL != 0
	u.WantOld = flags&flagWantOld != 0
	if u.HasContext = flags&flagContext != 0; u.HasContext {
		u.Context, u.Own = r.vector(), r.dot()
	}
	if flags&flagData != 0 {
		u.Data = r.bytes()
	}
	if flags&flagFloat != 0 {
		u.Float = string(r.bytes())
	}
	if flags&flagAmount != 0 {
		u.Amount = r.varint()
	}
	if flags&flagExpiry != 0 {
		u.Expiry = r.varint()
	}
	if flags&flagLimit != 0 {
		u.Limit = r.varint()
	}
	if r.failed || len(r.rest) > 0 || u.Kind >= kinds || u.Condition >= conditions {
		return Update{}, fmt.Errorf("update: %w", ErrCorrupt)
	}
	return u, nil
}

const (
	flagApplied byte = 1 << iota
	flagExisted
	flagOld
	flagNew
	flagNumber
	flagDot
	flagClock

	resultFlags = flagClock<<1 - 1
)

// Append appends the encoding of r to dst.
func (r *Result) Append(dst []byte) []byte {
	dst = slices.Grow(dst, 64+len(r.Old)+len(r.Data))
	at := len(dst) + 1
	dst = append(dst, byte(r.Failure), 0)
	var flags byte
	if r.Applied {
		flags |= flagApplied
	}
	if r.Existed {
		flags |= flagExisted
	}
	if r.Old != nil {
		flags |= flagOld
		dst = appendBytes(dst, r.Old)
	}
	if r.Data != nil {
		flags |= flagNew
		dst = appendBytes(dst, r.Data)
	}
	if r.Number != 0 {
		flags |= flagNumber
		dst = binary.AppendVarint(dst, r.Number)
	}
	if r.Dot.Counter > 0 {
		flags |= flagDot
		dst = appendDot(dst, r.Dot)
	}
	if r.Context != nil {
		flags |= flagClock
		dst = r.Context.Append(dst)
	}
	dst[at] = flags
	return dst
}

// DecodeResult reads a result from its encoding, all of b. Old and Data alias b.
// Errors wrap [ErrCorrupt].
func DecodeResult(b []byte) (Result, error) {
	r := reader{rest: b}
	var res Result
	res.Failure = Failure(r.byte())
	flags := r.byte()
	res.Applied = flags&flagApplied != 0
	res.Existed = flags&flagExisted != 0
	if flags&flagOld != 0 {
		res.Old = r.bytes()
	}
	if flags&flagNew != 0 {
		res.Data = r.bytes()
	}
	if flags&flagNumber != 0 {
		res.Number = r.varint()
	}
	if flags&flagDot != 0 {
		res.Dot = r.dot()
	}
	if flags&flagClock != 0 {
		res.Context = r.vector()
	}
	if r.failed || len(r.rest) > 0 || flags&^resultFlags != 0 || res.Failure >= failures {
		return Result{}, fmt.Errorf("update's result: %w", ErrCorrupt)
	}
	return res, nil
}

func appendBytes(dst, b []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

// appendDot writes a dot, the zero one as a single 0.
func appendDot(dst []byte, d causal.Dot) []byte {
	dst = binary.AppendUvarint(dst, uint64(d.Counter))
	if d.Counter == 0 {
		return dst
	}
	dst = binary.BigEndian.AppendUint64(dst, uint64(d.Actor.Node))
	return binary.BigEndian.AppendUint64(dst, uint64(d.Actor.Epoch))
}

// reader takes fields off the front of a slice. The first one that is missing or
// malformed makes it fail for good; those read after it are zero.
type reader struct {
	rest   []byte
	failed bool
}

func (r *reader) fail() { r.rest, r.failed = nil, true }

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

func (r *reader) uvarint() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *reader) varint() int64 {
	n, size := binary.Varint(r.rest)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *reader) bytes() []byte {
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		r.fail()
	}
	if r.failed {
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) dot() (d causal.Dot) {
	d.Counter = causal.Counter(r.uvarint())
	if d.Counter > causal.MaxCounter {
		r.fail()
	}
	if d.Counter > 0 {
		d.Actor.Node, d.Actor.Epoch = causal.NodeID(r.fixed64()), causal.Epoch(r.fixed64())
	}
	return d
}

func (r *reader) vector() causal.Vector {
	v, rest, err := causal.DecodeVector(r.rest)
	if err != nil {
		r.fail()
		return nil
	}
	r.rest = rest
	return v
}
