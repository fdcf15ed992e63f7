package collection

import (
	"math"

	"github.com/quorate/quorate/cluster/core/wire"
)

// Trim says which of the oldest entries of a stream go.
type Trim struct {
	ByID    bool
	About   bool     // a few more entries may stay, as with Redis's ~
	Longest uint64   // how many entries stay at most
	Least   StreamID // ByID: entries with smaller ids go
	Limit   int64    // About: how many entries go at most; 0 means any number
}

// blockLen is the number of entries that Redis keeps and trims together.
const blockLen = 100

// DefaultTrimLimit is the limit of a Trim that is About, if the client gives none.
const DefaultTrimLimit = 100 * blockLen

// Append appends the encoding of t to dst: flags (2 bytes) | longest uvarint | least id | limit
// varint.
func (t Trim) Append(dst []byte) []byte {
	dst = wire.AppendFlag(wire.AppendFlag(dst, t.ByID), t.About)
	return wire.AppendVarint(t.Least.Append(wire.AppendUvarint(dst, t.Longest)), t.Limit)
}

func readTrim(b []byte) (t Trim, ok bool) {
	r := wire.NewReader(b)
	t.ByID, t.About, t.Longest = r.Flag(), r.Flag(), r.Uvarint()
	t.Least, _ = ReadStreamID(r.Take(streamIDLen))
	t.Limit = r.Varint()
	return t, r.Done("trim of a stream") == nil && t.Limit >= 0
}

func trimSound(b []byte) bool {
	_, ok := readTrim(b)
	return ok
}

// trim removes the entries that are to go, and returns how many they are. Redis trims whole blocks
// if a trim is About; so does this, as if all blocks were full.
func (s *Stream) trim(t Trim, set *changes) (gone int64) {
	n := len(s.Entries) - int(min(t.Longest, math.MaxInt32))
	if t.ByID {
		n = s.Before(t.Least)
	}
	if t.About {
		if t.Limit > 0 {
			n = int(min(int64(n), t.Limit))
		}
		n -= n % blockLen
	}
	if n <= 0 {
		return 0
	}
	for _, e := range s.Entries[:n] {
		change, _ := set.of(e.Name)
		change.Remove = true
	}
	s.Removed += uint64(n)
	s.mark(set)
	return int64(n)
}
