package object

import (
	"errors"
	"fmt"
)

// Type is the data type of a stored document: the second byte of its encoding,
// after the format version. It decides how the document is merged, how long it
// lives and how the rest of the bytes is read. Types are on disks and on the wire:
// a number is never given to another type.
//
// A type that is added gets a constant here, a case in [Decode], and its own form
// of what this package offers for [Register]: [Merge], [Object.Live], [Seed.Digest],
// [Object.Append]. The engine and the repair of replicas call only these, so they
// need no change.
type Type byte

// Register is a single value, a Redis string, kept as siblings where writes were
// concurrent, with the elements of collections beside it. What commands do to them is in
// cluster/core/datatype/register and cluster/core/datatype/collection.
const Register Type = 's'

// The first byte of an encoding is its format. An object with sums, or with entries of a stream, is
// written in format 6, another one with elements in format 5, another one with a stripped value in
// format 4, another one with gaps in format 3, another one with anything of forwarded updates in
// format 2, any other in format 1.
const (
	formatPlain    = 1
	formatIssued   = 2
	formatGaps     = 3
	formatStripped = 4
	formatElements = 5
	formatSums     = 6
)

// ErrUnknown is wrapped by errors about a document whose checksum is right and
// whose format or type this build does not have. The document is intact, a newer
// build wrote it. The errors wrap wire.ErrCorrupt too: this build cannot merge
// what it cannot read, and refuses it as it refuses mangled bytes.
var ErrUnknown = errors.New("written by a newer version of quorate: upgrade this node")

// readable reports, by an error that wraps [ErrUnknown], why this build cannot
// read a document with this header.
func readable(format byte, t Type) error {
	switch {
	case format < formatPlain || format > formatSums:
		return fmt.Errorf("object of format %d, this build reads formats %d to %d: %w", format, formatPlain, formatSums, ErrUnknown)
	case t != Register:
		return fmt.Errorf("object of unknown type %q (0x%02x): %w", byte(t), byte(t), ErrUnknown)
	}
	return nil
}
