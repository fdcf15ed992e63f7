package message

import (
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/wire"
)

// Age answers how long the life of a node has lasted. The question has no body.
type Age struct {
	Life causal.Life
	Age  time.Duration
}

// Append appends the wire form of m: life u64 | age u64, in nanoseconds.
func (m Age) Append(dst []byte) []byte {
	return wire.AppendUint64(wire.AppendUint64(dst, uint64(m.Life)), uint64(m.Age))
}

// ReadAge reads what [Age.Append] wrote.
func ReadAge(r *wire.Reader) Age {
	return Age{Life: causal.Life(r.Uint64()), Age: time.Duration(r.Uint64())}
}
