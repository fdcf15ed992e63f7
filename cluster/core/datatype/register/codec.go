package register

import (
	"encoding/binary"
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/wire"
)

// An update is written as kind, condition and flags (a byte each), then the fields
// whose flags are set, in the order written in Append: numbers as varints, bytes
// after their length, a context and a dot in their own forms. Older nodes refuse an update
// whose context has gaps. The peer channel protects the bytes by a checksum. All eight
// flags are in use: another field needs another form.
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
		dst = u.Context.Append(dst)
	}
	if u.Data != nil {
		flags |= flagData
		dst = wire.AppendLong(dst, u.Data)
	}
	if u.Float != "" {
		flags |= flagFloat
		dst = wire.AppendString(dst, u.Float)
	}
	if u.Amount != 0 {
		flags |= flagAmount
		dst = wire.AppendVarint(dst, u.Amount)
	}
	if u.Expiry != 0 {
		flags |= flagExpiry
		dst = wire.AppendVarint(dst, u.Expiry)
	}
	if u.Limit != 0 {
		flags |= flagLimit
		dst = wire.AppendVarint(dst, u.Limit)
	}
	dst[at] = flags
	return dst
}

// Decode reads an update from its encoding, all of b. Data aliases b. Errors wrap
// [wire.ErrCorrupt].
func Decode(b []byte) (Update, error) {
	r := wire.NewReader(b)
	var u Update
	u.Kind, u.Condition = Kind(r.Byte()), Condition(r.Byte())
	flags := r.Byte()
	u.KeepTTL = flags&flagKeepTTL != 0
	u.WantOld = flags&flagWantOld != 0
	if u.HasContext = flags&flagContext != 0; u.HasContext {
		u.Context = causal.ReadContext(&r)
	}
	if flags&flagData != 0 {
		u.Data = r.Bytes()
	}
	if flags&flagFloat != 0 {
		u.Float = string(r.Bytes())
	}
	if flags&flagAmount != 0 {
		u.Amount = r.Varint()
	}
	if flags&flagExpiry != 0 {
		u.Expiry = r.Varint()
	}
	if flags&flagLimit != 0 {
		u.Limit = r.Varint()
	}
	if u.Kind >= kinds || u.Condition >= conditions {
		r.Fail()
	}
	if err := r.Done("update"); err != nil {
		return Update{}, err
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
	flagGaps

	resultFlags = flagGaps | (flagGaps - 1)
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
		dst = wire.AppendBytes(dst, r.Old)
	}
	if r.Data != nil {
		flags |= flagNew
		dst = wire.AppendBytes(dst, r.Data)
	}
	if r.Number != 0 {
		flags |= flagNumber
		dst = wire.AppendVarint(dst, r.Number)
	}
	if r.Dot.Counter > 0 {
		flags |= flagDot
		dst = r.Dot.Append(dst)
	}
	if r.Context.Vector != nil {
		flags |= flagClock
		dst = r.Context.Vector.Append(dst)
	}
	if len(r.Context.Gaps) > 0 {
		flags |= flagGaps
		dst = r.Context.Gaps.Append(dst, r.Context.Vector)
	}
	dst[at] = flags
	return dst
}

// DecodeResult reads a result from its encoding, all of b. Old and Data alias b.
// Errors wrap [wire.ErrCorrupt].
func DecodeResult(b []byte) (Result, error) {
	r := wire.NewReader(b)
	var res Result
	res.Failure = Failure(r.Byte())
	flags := r.Byte()
	res.Applied = flags&flagApplied != 0
	res.Existed = flags&flagExisted != 0
	if flags&flagOld != 0 {
		res.Old = r.Bytes()
	}
	if flags&flagNew != 0 {
		res.Data = r.Bytes()
	}
	if flags&flagNumber != 0 {
		res.Number = r.Varint()
	}
	if flags&flagDot != 0 {
		res.Dot = causal.ReadDot(&r)
	}
	if flags&flagClock != 0 {
		res.Context.Vector = causal.ReadVector(&r, nil)
	}
	if flags&flagGaps != 0 {
		res.Context.Gaps = causal.ReadGaps(&r, res.Context.Vector, nil)
	} else if flags&flagClock != 0 {
		res.Context = causal.ContextOf(res.Context.Vector, res.Dot) // an older node leaves the dot out
	}
	if flags&^resultFlags != 0 || res.Failure >= failures {
		r.Fail()
	}
	if err := r.Done("update's result"); err != nil {
		return Result{}, err
	}
	return res, nil
}
