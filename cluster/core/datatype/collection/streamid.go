package collection

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"strconv"

	"github.com/quorate/quorate/cluster/core/number"
)

// StreamID is the id of an entry of a stream. Entries are ordered by their ids.
type StreamID struct{ Millis, Sequence uint64 }

// MaxStreamID is the greatest id.
var MaxStreamID = StreamID{math.MaxUint64, math.MaxUint64}

const (
	streamIDLen = 16

	// mostSequence is the greatest first number of a time. There is room above it for the numbers
	// that follow, and clients may keep one in a signed integer.
	mostSequence = 1 << 62
	// sequenceStep is the greatest distance between two numbers of one time.
	sequenceStep = 1 << 40
)

// Compare orders ids by time, then by sequence number.
func (id StreamID) Compare(o StreamID) int {
	if c := cmp.Compare(id.Millis, o.Millis); c != 0 {
		return c
	}
	return cmp.Compare(id.Sequence, o.Sequence)
}

func (id StreamID) String() string {
	return strconv.FormatUint(id.Millis, 10) + "-" + strconv.FormatUint(id.Sequence, 10)
}

// Next returns the id behind this one; ok is false if that is the greatest.
func (id StreamID) Next() (next StreamID, ok bool) {
	switch {
	case id == MaxStreamID:
		return id, false
	case id.Sequence == math.MaxUint64:
		return StreamID{id.Millis + 1, 0}, true
	}
	return StreamID{id.Millis, id.Sequence + 1}, true
}

// Previous returns the id before this one; ok is false if that is the smallest.
func (id StreamID) Previous() (previous StreamID, ok bool) {
	switch {
	case id == StreamID{}:
		return id, false
	case id.Sequence == 0:
		return StreamID{id.Millis - 1, math.MaxUint64}, true
	}
	return StreamID{id.Millis, id.Sequence - 1}, true
}

// Append appends the id to dst as it is in the name of an entry: ids sort as their bytes do.
func (id StreamID) Append(dst []byte) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(dst, id.Millis), id.Sequence)
}

// ReadStreamID returns the id that the first bytes of a name are; ok is false if they are too few.
func ReadStreamID(name []byte) (id StreamID, ok bool) {
	if len(name) < streamIDLen {
		return id, false
	}
	return StreamID{binary.BigEndian.Uint64(name), binary.BigEndian.Uint64(name[8:])}, true
}

// ParseStreamID reads an id as clients write it: a time, and a sequence number behind a hyphen.
// Where that is missing, it is the one that is given.
func ParseStreamID(text []byte, missing uint64) (id StreamID, ok bool) {
	millis, sequence, both := bytes.Cut(text, []byte("-"))
	if id.Millis, ok = number.ParseUint(millis); !ok {
		return id, false
	}
	if id.Sequence = missing; both {
		id.Sequence, ok = number.ParseUint(sequence)
	}
	return id, ok
}

// IDRule says which id a new entry gets.
type IDRule uint8

// The rules.
const (
	AutoID       IDRule = iota // the time of the command, if that is later than all ids before
	AutoSequence               // the time that the client gave
	ExplicitID                 // what the client gave
)

// NewID is the id that a client asks for.
type NewID struct {
	Rule IDRule
	ID   StreamID // of AutoSequence the time alone
}

// Append appends the encoding of n to dst.
func (n NewID) Append(dst []byte) []byte { return n.ID.Append(append(dst, byte(n.Rule))) }

func readNewID(b []byte) (n NewID, ok bool) {
	if len(b) != 1+streamIDLen || b[0] > byte(ExplicitID) {
		return n, false
	}
	n.Rule = IDRule(b[0])
	n.ID, ok = ReadStreamID(b[1:])
	return n, ok
}

// mint returns the id of a new entry of a stream whose greatest id so far is last. now is the time
// of the command in unix milliseconds, and seed its random number.
//
// Coordinators that do not hear of one another give ids to entries of one stream, perhaps in the
// same millisecond. So sequence numbers are random: the first one of a time is any of 2^62, and
// those that follow are up to 2^40 greater than the one before. So two coordinators choose the
// same id by chance alone, as with random UUIDs. The ids of one coordinator increase.
func (n NewID) mint(last StreamID, now, seed uint64) (id StreamID, f Failure) {
	if n.Rule == ExplicitID {
		switch {
		case n.ID == StreamID{}:
			return id, ZeroID
		case last == MaxStreamID:
			return id, IDsExhausted
		case n.ID.Compare(last) <= 0:
			return id, SmallID
		}
		return n.ID, None
	}
	id.Millis = max(now, last.Millis)
	if n.Rule == AutoSequence {
		if id.Millis = n.ID.Millis; id.Millis < last.Millis {
			return id, SmallID
		}
	}
	if id.Millis > last.Millis || last == (StreamID{}) {
		id.Sequence = 1 + seed%mostSequence
		return id, None
	}
	step := 1 + seed%sequenceStep
	switch {
	case last.Sequence <= math.MaxUint64-step:
		id.Sequence = last.Sequence + step
	case n.Rule == AutoSequence && last == MaxStreamID, n.Rule == AutoID && id.Millis == math.MaxUint64:
		return id, IDsExhausted
	case n.Rule == AutoSequence:
		return id, SmallID
	default:
		id = StreamID{id.Millis + 1, 1 + seed%mostSequence}
	}
	return id, None
}
