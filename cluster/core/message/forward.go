package message

import (
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/wire"
)

// ForwardHeader stands before the items of a forward.
type ForwardHeader struct {
	Life causal.Life      // of the sender; 0 in the old form
	Sent time.Duration    // how long that life had lasted when the frame was begun
	Low  causal.Timestamp // every update that this life issued before is finished

	// StartBy and Stamp are those of the old form, which has them once for all items: the
	// wall time (unix milliseconds) until which they may begin, and when they were issued.
	StartBy int64
	Stamp   causal.Timestamp
}

// ForwardHeaderLen is the length of an encoded header of the new form in bytes.
const ForwardHeaderLen = 24

// newForm marks a header that does not begin with a StartBy, which is never negative.
const newForm = 1 << 63

// Append appends the wire form of a header.
func (h ForwardHeader) Append(dst []byte) []byte {
	if h.Life == 0 {
		return wire.AppendUint64(wire.AppendUint64(dst, uint64(max(h.StartBy, 0))), uint64(h.Stamp))
	}
	dst = wire.AppendUint64(dst, newForm|uint64(max(h.Sent, 0)))
	return wire.AppendUint64(wire.AppendUint64(dst, uint64(h.Life)), uint64(h.Low))
}

// ReadForwardHeader reads what [ForwardHeader.Append] wrote, or the old form.
func ReadForwardHeader(r *wire.Reader) (h ForwardHeader) {
	first := r.Uint64()
	if first&newForm == 0 {
		h.StartBy, h.Stamp = int64(first), causal.Timestamp(r.Uint64())
		return h
	}
	h.Sent = time.Duration(first &^ newForm)
	h.Life, h.Low = causal.Life(r.Uint64()), causal.Timestamp(r.Uint64())
	if h.Life == 0 {
		r.Fail()
	}
	return h
}

// Forward asks another node to coordinate an update.
type Forward struct {
	Traced  bool          // a trace must follow the answer
	Prompt  bool          // the answer does not wait for the trace. An older node, which does not know this, waits
	Relayed bool          // another node than the origin sends it: it may not be sent on
	R, W    int           // the request's own quorum; 0: the cluster's. More than 255 is 255
	Origin  causal.Origin // zero in the old form
	Budget  time.Duration // how long after the header's Sent it may begin; at most [MaxBudget]
	Key     []byte
	Update  []byte // encoded
}

// MaxBudget bounds the time within which a forwarded update may begin.
const MaxBudget = time.Hour

const (
	flagTraced byte = 1 << iota
	flagOrigin      // origin and budget follow: always, but in the old form
	flagRelayed
	flagPrompt
)

// Append appends the item of a forward.
func (f Forward) Append(dst []byte) []byte { return append(f.AppendHead(dst), f.Update...) }

// AppendHead appends what [Forward.Append] does, up to the bytes of the update.
func (f Forward) AppendHead(dst []byte) []byte {
	var flags byte
	if f.Origin.Life != 0 {
		flags |= flagOrigin
	}
	if f.Traced {
		flags |= flagTraced
	}
	if f.Relayed {
		flags |= flagRelayed
	}
	if f.Prompt {
		flags |= flagPrompt
	}
	dst = append(dst, flags, byte(min(f.R, 255)), byte(min(f.W, 255)))
	if f.Origin.Life != 0 {
		dst = wire.AppendUint64(wire.AppendUint64(dst, uint64(f.Origin.Life)), uint64(f.Origin.Stamp))
		dst = wire.AppendUvarint(dst, uint64(min(max(f.Budget, 0), MaxBudget)))
	}
	return wire.AppendUvarint(wire.AppendBytes(dst, f.Key), uint64(len(f.Update)))
}

// ReadForward reads what [Forward.Append] wrote, or the old form, which has no origin.
func ReadForward(r *wire.Reader) (f Forward) {
	flags := r.Byte()
	f.Traced, f.Relayed, f.Prompt = flags&flagTraced != 0, flags&flagRelayed != 0, flags&flagPrompt != 0
	f.R, f.W = int(r.Byte()), int(r.Byte())
	if flags&flagOrigin != 0 {
		f.Origin = causal.Origin{Life: causal.Life(r.Uint64()), Stamp: causal.Timestamp(r.Uint64())}
		budget := r.Uvarint()
		if f.Origin.Life == 0 || budget > uint64(MaxBudget) {
			r.Fail()
		}
		f.Budget = time.Duration(budget)
	}
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
