package bitmap

import "math"

// Action is what a step of BITFIELD does to an integer.
type Action uint8

// The actions. Put answers with the integer before, Add with the one after.
const (
	Get Action = iota
	Put
	Add

	actions
)

// Overflow is what happens to a number that does not fit into its field.
type Overflow uint8

// The ways to deal with an overflow.
const (
	Wrap     Overflow = iota // the highest bits are lost
	Saturate                 // the nearest number that fits
	Fail                     // nothing is written, and there is no answer

	overflows
)

// Sign says whether a field holds negative numbers.
type Sign uint8

// The signs.
const (
	Unsigned Sign = iota
	Signed        // two's complement
)

// Field is one step of BITFIELD.
type Field struct {
	Action   Action
	Overflow Overflow
	Sign     Sign
	Bits     uint8  // of the integer: 1 to 64 if signed, else 1 to 63
	Offset   uint64 // of its most significant bit
	Number   int64  // what to put, or to add
}

// Answer is what a step answers with: a number, or nothing where Fail has refused it.
type Answer struct {
	Number int64
	None   bool
}

// MaxOffset is the greatest offset of a step that a decoder takes. It is far beyond every
// limit of a value.
const MaxOffset = 1 << 48

// valid reports whether the width is one of those that Redis allows.
func (f *Field) valid() bool {
	return f.Action < actions && f.Overflow < overflows && f.Sign <= Signed && f.Bits >= 1 && (f.Bits < 64 || f.Sign == Signed && f.Bits == 64)
}

// end returns the length in bytes of the shortest value that has the whole field.
func (f *Field) end() uint64 { return (f.Offset+uint64(f.Bits)-1)/8 + 1 }

// Written returns the length in bytes that a value has at least after the steps: 0 if
// none of them writes.
func Written(fields []Field) (length uint64) {
	for i := range fields {
		if f := &fields[i]; f.Action != Get {
			length = max(length, f.end())
		}
	}
	return length
}

// Apply carries out steps in their order, and returns the value after them and the answer
// of each. A step that writes makes the value long enough, even where Fail refuses it, as in
// Redis. If no step writes, next is data itself; else it is a copy. The caller has
// compared [Written] with what it may allocate.
func Apply(data []byte, fields []Field) (next []byte, answers []Answer) {
	next = data
	if length := Written(fields); length > 0 {
		next = make([]byte, max(length, uint64(len(data))))
		copy(next, data)
	}
	answers = make([]Answer, len(fields))
	for i := range fields {
		answers[i] = fields[i].apply(next)
	}
	return next, answers
}

// apply carries out one step on data, which it changes.
func (f *Field) apply(data []byte) Answer {
	old := f.read(data)
	if f.Action == Get {
		return Answer{Number: old}
	}
	base := int64(0)
	if f.Action == Add {
		base = old
	}
	number, fits := f.add(base, f.Number)
	if !fits && f.Overflow == Fail {
		return Answer{None: true}
	}
	f.write(data, uint64(number))
	if f.Action == Add {
		return Answer{Number: number}
	}
	return Answer{Number: old}
}

// read returns the integer of the field.
func (f *Field) read(data []byte) int64 {
	var n uint64
	for i := range uint64(f.Bits) {
		n = n<<1 | uint64(Bit(data, f.Offset+i))
	}
	return f.fit(n)
}

// write stores the low bits of n. data holds the whole field.
func (f *Field) write(data []byte, n uint64) {
	for i := range uint64(f.Bits) {
		offset := f.Offset + i
		mask := byte(1) << (7 - offset%8)
		if n>>(uint64(f.Bits)-1-i)&1 == 1 {
			data[offset/8] |= mask
		} else {
			data[offset/8] &^= mask
		}
	}
}

// fit returns the number that the low bits of n stand for.
func (f *Field) fit(n uint64) int64 {
	unused := 64 - uint(f.Bits)
	if f.Sign == Signed {
		return int64(n<<unused) >> unused
	}
	return int64(n << unused >> unused)
}

// add returns base + delta as it is stored, and whether the exact sum fits. base fits.
func (f *Field) add(base, delta int64) (sum int64, fits bool) {
	if f.Sign == Unsigned {
		return f.addUnsigned(uint64(base), delta)
	}
	greatest := int64(math.MaxInt64) >> (64 - f.Bits)
	least := -greatest - 1
	sum = base + delta
	switch {
	case delta > 0 && (sum < base || sum > greatest):
		return f.bounded(uint64(sum), greatest)
	case delta < 0 && (sum > base || sum < least):
		return f.bounded(uint64(sum), least)
	}
	return sum, true
}

// addUnsigned is add for numbers without a sign. Put writes 64 bits: as in Redis, a
// negative number is a large one.
func (f *Field) addUnsigned(base uint64, delta int64) (sum int64, fits bool) {
	greatest := uint64(1)<<f.Bits - 1
	if f.Action == Add && delta < 0 && -uint64(delta) > base {
		return f.bounded(base+uint64(delta), 0)
	}
	if n := base + uint64(delta); n <= greatest {
		return int64(n), true
	}
	return f.bounded(base+uint64(delta), int64(greatest))
}

// bounded returns what is stored for a sum that does not fit: its low bits, or the bound
// that it has passed.
func (f *Field) bounded(low uint64, bound int64) (sum int64, fits bool) {
	if f.Overflow == Saturate {
		return bound, false
	}
	return f.fit(low), false
}
