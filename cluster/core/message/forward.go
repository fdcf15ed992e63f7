package message

import (
	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/wire"
)

// ForwardHeader stands before the items of a forward.
type ForwardHeader struct {
	StartBy int64            // unix milliseconds: who comes to it later refuses it
	Stamp   causal.Timestamp // when the node that the client talks to received it
}

// ForwardHeaderLen is the length of an encoded header in bytes.
const ForwardHeaderLen = 16

// Append appends the wire form of a header.
func (h ForwardHeader) Append(dst []byte) []byte {
	return wire.AppendUint64(wire.AppendUint64(dst, uint64(h.StartBy)), uint64(h.Stamp))
}

// ReadForwardHeader reads what [ForwardHeader.Append] wrote.
func ReadForwardHeader(r *wire.Reader) ForwardHeader {
	return ForwardHeader{StartBy: int64(r.Uint64()), Stamp: causal.Timestamp(r.Uint64())}
}

// Forward asks another node to coordinate an update.
type Forward struct {
	Traced bool // a trace must follow the answer
	R, W   int  // the request's own quorum; 0: the cluster's. More than 255 is 255
	Key    []byte
	Update []byte // encoded
}

const flagTraced = 1 << 0

// Append appends the item of a forward.
func (f Forward) Append(dst []byte) []byte {
	var flags byte
	if f.Traced {
		flags |= flagTraced
	}
	dst = append(dst, flags, byte(min(f.R, 255)), byte(min(f.W, 255)))
	return wire.AppendBytes(wire.AppendBytes(dst, f.Key), f.Update)
}

// ReadForward reads what [Forward.Append] wrote.
func ReadForward(r *wire.Reader) (f Forward) {
	f.Traced = r.Byte()&flagTraced != 0
	f.R, f.W = int(r.Byte()), int(r.Byte())
	f.Key, f.Update = r.Bytes(), r.Bytes()
	return f
}

// ForwardAnswer is what came of a forwarded update. Where the item asked for a trace,
// the trace follows as bytes.
type ForwardAnswer struct {
	Refused bool
	Refusal Refusal // if Refused
	Result  []byte  // else; encoded
}

// Append appends the item of an answer to a forward.
func (a ForwardAnswer) Append(dst []byte) []byte {
	if a.Refused {
		return a.Refusal.Append(append(dst, 1))
	}
	return wire.AppendBytes(append(dst, 0), a.Result)
}

// ReadForwardAnswer reads what [ForwardAnswer.Append] wrote.
func ReadForwardAnswer(r *wire.Reader) (a ForwardAnswer) {
	switch r.Byte() {
	case 0:
		a.Result = r.Bytes()
	case 1:
		a.Refused, a.Refusal = true, ReadRefusal(r)
	default:
		r.Fail()
	}
	return a
}
