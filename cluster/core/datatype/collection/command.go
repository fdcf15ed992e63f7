package collection

import (
	"fmt"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/wire"
)

// Op is what a command does. Ops are on the wire: a number is never given to another one.
type Op uint8

// The ops of hashes and sets, and what each one uses of a [Command]. Those of sorted sets are in
// scored.go, those of lists in list.go, and those of streams in stream.go.
const (
	HashSet            Op = 1  // Args: field, value, and so on; Flags: IfAbsent
	HashDelete         Op = 2  // Args: fields
	HashIncrement      Op = 3  // Args: field; Number: what to add
	HashIncrementFloat Op = 4  // Args: field, what to add
	SetAdd             Op = 5  // Args: members
	SetRemove          Op = 6  // Args: members
	SetPop             Op = 7  // Number: how many; Seed
	SetStore           Op = 8  // Args: members. The stores replace all that the key has, Number: its expiry; Flags: IfAbsent
	HashStore          Op = 9  // Args: field, value, and so on
	HashExpire         Op = 10 // Args: fields; Number: unix milliseconds; Flags: see fieldexpiry.go
	HashPersist        Op = 11 // Args: fields
	HashStoreExpiring  Op = 12 // Args: field, value, unix milliseconds at which it expires (0: never), and so on. A store
)

// Flags restrict or change what an op does.
type Flags uint16

// The flags.
const (
	IfAbsent Flags = 1 << iota // only where the element does not exist; of a store: where the key does not

	allFlags = IfAbsent | fieldFlags | listFlags | scoredFlags
)

// Command is one change of the elements of a key.
type Command struct {
	Op     Op
	Flags  Flags
	Number int64
	Limit  int64  // bytes that a value may have, or that all values of an answer may have
	Seed   uint64 // of what is drawn at random, so that a command sent twice draws the same; of a list: in the names of its items
	Args   [][]byte
}

// Kind returns the kind of the elements that the command changes.
func (c *Command) Kind() object.Kind {
	if op := opOf(c.Op); op != nil {
		return op.kind
	}
	return 0
}

const (
	commandVersion = 1
	minArgLen      = 1
)

// Append appends the encoding of c to dst: version u8 | op u8 | flags u16 | number varint |
// limit varint | seed u64 | number of arguments uvarint | each: length uvarint, bytes.
func (c *Command) Append(dst []byte) []byte {
	dst = wire.AppendUint16(append(dst, commandVersion, byte(c.Op)), uint16(c.Flags))
	dst = wire.AppendVarint(wire.AppendVarint(dst, c.Number), c.Limit)
	dst = wire.AppendUvarint(wire.AppendUint64(dst, c.Seed), uint64(len(c.Args)))
	for _, arg := range c.Args {
		dst = wire.AppendBytes(dst, arg)
	}
	return dst
}

// Decode reads a command from its encoding, all of b, which its arguments alias. Errors wrap
// [wire.ErrCorrupt].
func Decode(b []byte) (c Command, err error) {
	const what = "change of elements"
	r := wire.NewReader(b)
	if v := r.Byte(); !r.Failed() && v != commandVersion {
		return c, fmt.Errorf("%s of format %d, this build reads %d: %w", what, v, commandVersion, wire.ErrCorrupt)
	}
	c.Op, c.Flags = Op(r.Byte()), Flags(r.Uint16())
	c.Number, c.Limit, c.Seed = r.Varint(), r.Varint(), r.Uint64()
	c.Args = make([][]byte, r.Count(minArgLen))
	for i := range c.Args {
		c.Args[i] = r.Bytes()
	}
	if op := opOf(c.Op); op == nil || c.Flags&^allFlags != 0 || !op.fits(len(c.Args)) || !c.scoresSound() || !c.entriesSound() {
		r.Fail()
	}
	if err := r.Done(what); err != nil {
		return Command{}, err
	}
	return c, nil
}
