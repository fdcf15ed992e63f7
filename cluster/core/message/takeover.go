package message

import (
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
)

// TakeOver asks a member whether a node that has started may coordinate updates that
// compute from the old value. The answer is one byte: 1 if it may.
type TakeOver struct {
	Node  ring.NodeID
	Drain bool // answer when the updates are over that the member has begun
}

// Append appends the wire form of m: node u64 | drain u8.
func (m TakeOver) Append(dst []byte) []byte {
	return wire.AppendFlag(wire.AppendUint64(dst, uint64(m.Node)), m.Drain)
}

// ReadTakeOver reads what [TakeOver.Append] wrote.
func ReadTakeOver(r *wire.Reader) TakeOver {
	return TakeOver{Node: ring.NodeID(r.Uint64()), Drain: r.Flag()}
}
