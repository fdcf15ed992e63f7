package collection

import "github.com/quorate/quorate/cluster/core/wire"

// Failure is the reason why a command could not be applied. The key is unchanged.
type Failure uint8

// The failures.
const (
	None         Failure = iota
	NotInteger           // the value is not a 64-bit integer
	NotFloat             // the value is not a number
	BadAmount            // what to add is not a number
	Overflow             // the sum is not a 64-bit integer
	NaN                  // the sum is not a finite number
	TooLong              // the new value would be longer than allowed
	NoSuchKey            // the command needs a key that exists
	OutOfRange           // there is no element at that index
	ZeroID               // the id of an entry is 0-0
	SmallID              // the id of an entry is not greater than all ids before
	IDsExhausted         // no id is left
	BelowTop             // the last id of a stream is to be smaller than that of an entry
	BelowLength          // a stream is to have had fewer entries than it has
	BelowDeleted         // the last id of a stream is to be smaller than one that was deleted

	failures
)

// Answer is the data for a client's reply.
type Answer struct {
	Failure Failure
	None    bool     // what was asked for is not there
	Number  int64    // a count, or a sum
	Values  [][]byte // elements that were taken, or the new value
	Numbers []int64  // one for each argument
}

// Append appends the encoding of a to dst: failure u8 | none u8 | number varint | number of
// values uvarint, each: length uvarint, bytes | number of numbers uvarint, each: varint.
func (a *Answer) Append(dst []byte) []byte {
	dst = wire.AppendFlag(append(dst, byte(a.Failure)), a.None)
	dst = wire.AppendUvarint(wire.AppendVarint(dst, a.Number), uint64(len(a.Values)))
	for _, v := range a.Values {
		dst = wire.AppendBytes(dst, v)
	}
	dst = wire.AppendUvarint(dst, uint64(len(a.Numbers)))
	for _, n := range a.Numbers {
		dst = wire.AppendVarint(dst, n)
	}
	return dst
}

// DecodeAnswer reads an answer from its encoding, all of b, which its values alias. Errors
// wrap [wire.ErrCorrupt].
func DecodeAnswer(b []byte) (a Answer, err error) {
	r := wire.NewReader(b)
	a.Failure, a.None, a.Number = Failure(r.Byte()), r.Flag(), r.Varint()
	for range r.Count(1) {
		a.Values = append(a.Values, r.Bytes())
	}
	for range r.Count(1) {
		a.Numbers = append(a.Numbers, r.Varint())
	}
	if a.Failure >= failures {
		r.Fail()
	}
	if err := r.Done("answer to a change of elements"); err != nil {
		return Answer{}, err
	}
	return a, nil
}
