package message

import "github.com/quorate/quorate/cluster/core/wire"

// Refusal is why a replica or a coordinator did not do what it was asked. Codes below
// CodeNoQuorum stand for errors that keep their meaning across the wire; the
// coordinator numbers them.
type Refusal struct {
	Code byte
	// Side, Needed and Got describe a quorum that was not reached (CodeNoQuorum). Side
	// is 0 for a read and 1 for a write.
	Side, Needed, Got byte
	// Text is the text of any other error (CodeText).
	Text string
}

// Codes with details of their own.
const (
	// CodeMisses is no refusal: the object was stored, and it misses increments of the copy that
	// was there.
	CodeMisses   byte = 0xfd
	CodeNoQuorum byte = 0xfe
	CodeText     byte = 0xff
)

// Append appends the wire form of a refusal.
func (f Refusal) Append(dst []byte) []byte {
	dst = append(dst, f.Code)
	switch f.Code {
	case CodeNoQuorum:
		return append(dst, f.Side, f.Needed, f.Got)
	case CodeText:
		return wire.AppendString(dst, f.Text)
	}
	return dst
}

// ReadRefusal reads what [Refusal.Append] wrote.
func ReadRefusal(r *wire.Reader) (f Refusal) {
	f.Code = r.Byte()
	switch f.Code {
	case CodeNoQuorum:
		f.Side, f.Needed, f.Got = r.Byte(), r.Byte(), r.Byte()
	case CodeText:
		f.Text = string(r.Bytes())
	}
	return f
}

// RefusedItem is an item of a body that was refused, and why.
type RefusedItem struct {
	Item int
	Refusal
}

// Stored reports whether the item was stored all the same.
func (r RefusedItem) Stored() bool { return r.Code == CodeMisses }

// DecodeRefusals reads the answer to a write body of n items. It returns the
// items that the answer says something of.
func DecodeRefusals(answer []byte, n int) (refused []RefusedItem, err error) {
	if len(answer) == 0 {
		return nil, nil
	}
	r := wire.NewReader(answer)
	for len(r.Rest()) > 0 {
		i := r.Uvarint()
		why := ReadRefusal(&r)
		if i >= uint64(n) {
			r.Fail()
		}
		refused = append(refused, RefusedItem{Item: int(i), Refusal: why})
	}
	return refused, r.Done("write answer")
}
