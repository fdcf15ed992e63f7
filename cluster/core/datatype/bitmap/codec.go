package bitmap

import "github.com/quorate/quorate/cluster/core/wire"

// Steps are written one after the other: action, overflow and sign in one byte, the width
// in another, the offset and the number. Answers are a byte each that says whether there is
// a number, and the number.

// Limits of what a decoder takes.
const (
	fieldBytes  = 4 // of the shortest step
	answerBytes = 2
)

// AppendFields appends the encoding of steps to dst.
func AppendFields(dst []byte, fields []Field) []byte {
	dst = wire.AppendUvarint(dst, uint64(len(fields)))
	for i := range fields {
		f := &fields[i]
		dst = append(dst, byte(f.Action)|byte(f.Overflow)<<2|byte(f.Sign)<<4, f.Bits)
		dst = wire.AppendUvarint(dst, f.Offset)
		dst = wire.AppendVarint(dst, f.Number)
	}
	return dst
}

// ReadFields reads steps from their encoding, all of b. Errors wrap [wire.ErrCorrupt].
func ReadFields(b []byte) ([]Field, error) {
	r := wire.NewReader(b)
	fields := make([]Field, r.Count(fieldBytes))
	for i := range fields {
		kind, width := r.Byte(), r.Byte()
		f := &fields[i]
		*f = Field{Action: Action(kind & 3), Overflow: Overflow(kind >> 2 & 3), Sign: Sign(kind >> 4), Bits: width, Offset: r.Uvarint(), Number: r.Varint()}
		if !f.valid() || f.Offset > MaxOffset {
			r.Fail()
		}
	}
	if err := r.Done("steps of a bit field"); err != nil {
		return nil, err
	}
	return fields, nil
}

// AppendAnswers appends the encoding of answers to dst.
func AppendAnswers(dst []byte, answers []Answer) []byte {
	dst = wire.AppendUvarint(dst, uint64(len(answers)))
	for _, a := range answers {
		dst = wire.AppendFlag(dst, a.None)
		dst = wire.AppendVarint(dst, a.Number)
	}
	return dst
}

// ReadAnswers reads answers from their encoding, all of b. Errors wrap [wire.ErrCorrupt].
func ReadAnswers(b []byte) ([]Answer, error) {
	r := wire.NewReader(b)
	answers := make([]Answer, r.Count(answerBytes))
	for i := range answers {
		answers[i] = Answer{None: r.Flag(), Number: r.Varint()}
	}
	if err := r.Done("answers of a bit field"); err != nil {
		return nil, err
	}
	return answers, nil
}
