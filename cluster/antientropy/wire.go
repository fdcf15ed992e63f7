package antientropy

import (
	"errors"
	"fmt"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
)

// ErrBadMessage marks a message of a peer that does not follow the format below.
var ErrBadMessage = errors.New("malformed anti-entropy message")

// Bounds of the messages. A page holds at least one entry, however large, and
// otherwise at most pageBytes. The next request asks for the rest, by its cursor.
const (
	wireVersion   = 1
	pageBytes     = 1 << 20
	maxPartitions = ring.Slots
	maxKeys       = 4096
)

// Every request begins with the version; all but the first and the last with the partition.
//
//	roots    n, n x partition                  -> n x (ready, root)
//	nodes    level, n, n x index               -> ready, n x hash
//	listing  leaves, cursor                    -> more, (digest, key)...
//	objects  leaves, cursor                    -> more, (key, object)...
//	fetch    n, n x key                        -> object or absent, for a prefix of the keys, at least one
//	heads    n, n x key                        -> n x (alone, digest, context)
//	push     (key, object)...                  -> changed, failed
//	reap     ring version, (digest, key)...    -> a flag per key
//	unrepaired, with an empty request          -> a flag
//
// Numbers are big-endian, counts and lengths uvarints. What a decoder allocates is
// bounded by a small multiple of the message's length, and its results alias the
// message.

func appendHeader(dst []byte, p ring.Partition) []byte {
	return wire.AppendUint16(append(dst, wireVersion), uint16(p))
}

// reader reads the fields of a message. Decoders check once, with end.
type reader struct{ wire.Reader }

func newReader(b []byte) reader { return reader{wire.NewReader(b)} }

func (r *reader) version() {
	if r.Byte() != wireVersion {
		r.Fail()
	}
}

func (r *reader) header() ring.Partition {
	r.version()
	return ring.Partition(r.Uint16())
}

// end returns an error if the message was malformed, or longer than its fields.
func (r *reader) end(what string) error {
	if r.Failed() || len(r.Rest()) != 0 {
		return fmt.Errorf("%s: %w", what, ErrBadMessage)
	}
	return nil
}
