package peer

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/quorate/quorate/cluster/core/causal"
)

// magic begins every stream. memberlist never begins a connection with its first byte
// (it begins with a message type, from 0 up, or with 244 for a label).
const magic = "\xD1QUORATE"

// The oldest and the newest protocol version that this code speaks. Two nodes use the
// highest version that both speak.
//
// Version 2 has the same messages as version 1. It says that the node reads objects of
// format 4, whose values are stripped. Version 3 says that the node tells the lanes of a
// peer apart, and version 4 that it takes bodies in pieces. In version 5 a read or a write may
// name the clear that its sender has carried out, and there are messages for clears. Version 6
// says that the node reads objects of format 5, which have elements, version 7 that it takes deltas
// of objects, version 8 that it reads objects of format 6, which have sums, or entries of
// streams, and version 9 that it answers a read with a part of an object.
const (
	protocolVersion = 9
	oldestVersion   = 1

	versionStripped = 2
	versionLanes    = 3
	versionPieces   = 4
	versionClears   = 5
	versionElements = 6
	versionDeltas   = 7
	versionSums     = 8
	versionParts    = 9
)

const (
	maxHandshake   = 1 << 10 // bytes of one handshake message
	maxHelloString = 255
	nonceSize      = 16
)

// Feature is what a node can be asked only if its version has it.
type Feature uint16

// The features, each named after what the node understands.
const (
	Stripped Feature = versionStripped // objects whose values are stripped
	Clears   Feature = versionClears
	Elements Feature = versionElements // objects with elements
	Deltas   Feature = versionDeltas
	Sums     Feature = versionSums  // objects with sums, and with entries of streams
	Parts    Feature = versionParts // reads of a part of an object
)

// Tags of the handshake's messages.
const (
	tagHello   = 'H'
	tagProof   = 'P'
	tagAccept  = 'A'
	tagRefusal = 'R'
)

// purpose is what a stream is used for.
type purpose uint8

const (
	purposePeer purpose = iota // the lasting stream of a member
	purposeCall                // one call to an address, see CallAddr
)

// hello is the first message of each side: who it is and what it speaks.
type hello struct {
	version, oldest uint16
	purpose         purpose
	class           Class
	node, expect    causal.NodeID // expect is the node that the dialler wants; 0 for any
	nonce           [nonceSize]byte
	cluster         string
	name, instance  string
	lane            Lane   // of a foreground stream; 0 before version 3
	raw             []byte // its encoding
}

func (h *hello) append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint16(dst, h.version)
	dst = binary.BigEndian.AppendUint16(dst, h.oldest)
	dst = append(dst, byte(h.purpose), byte(h.class))
	dst = binary.BigEndian.AppendUint64(dst, uint64(h.node))
	dst = binary.BigEndian.AppendUint64(dst, uint64(h.expect))
	dst = append(dst, h.nonce[:]...)
	for _, s := range []string{h.cluster, h.name, h.instance} {
		dst = append(dst, byte(len(s)))
		dst = append(dst, s...)
	}
	return append(dst, byte(h.lane))
}

// parseHello decodes a hello. Bytes behind the known fields belong to a later version
// and are ignored; the version numbers decide whether the two nodes can talk.
func parseHello(b []byte) (hello, error) {
	const fixed = 2 + 2 + 1 + 1 + 8 + 8 + nonceSize
	if len(b) < fixed {
		return hello{}, fmt.Errorf("%w: hello of %d bytes", errMalformed, len(b))
	}
	h := hello{
		raw:     append([]byte(nil), b...),
		version: binary.BigEndian.Uint16(b), oldest: binary.BigEndian.Uint16(b[2:]),
		purpose: purpose(b[4]), class: Class(b[5]),
		node: causal.NodeID(binary.BigEndian.Uint64(b[6:])), expect: causal.NodeID(binary.BigEndian.Uint64(b[14:])),
	}
	copy(h.nonce[:], b[22:])
	b = b[fixed:]
	for _, field := range []*string{&h.cluster, &h.name, &h.instance} {
		if len(b) < 1 || len(b) < 1+int(b[0]) {
			return hello{}, fmt.Errorf("%w: hello cut short", errMalformed)
		}
		*field = string(b[1 : 1+int(b[0])])
		b = b[1+int(b[0]):]
	}
	if len(b) > 0 {
		h.lane = Lane(b[0])
	}
	if h.version < h.oldest || h.purpose > purposeCall || h.class >= classes || h.lane >= MaxLanes || h.node == 0 || h.name == "" {
		return hello{}, fmt.Errorf("%w: a hello of versions %d to %d, purpose %d, class %d, lane %d, node %016x, name %q", errMalformed, h.oldest, h.version, h.purpose, h.class, h.lane, uint64(h.node), h.name)
	}
	return h, nil
}

// appendMessage appends a handshake message: tag, length, payload, CRC-32C.
func appendMessage(dst []byte, tag byte, payload []byte) []byte {
	at := len(dst)
	dst = append(dst, tag)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(payload)))
	dst = append(dst, payload...)
	return binary.BigEndian.AppendUint32(dst, crc32.Checksum(dst[at:], castagnoli))
}

// readMessage reads one handshake message and not a byte more.
func readMessage(r io.Reader) (tag byte, payload []byte, err error) {
	var buf [3 + maxHandshake + 4]byte
	if _, err := io.ReadFull(r, buf[:3]); err != nil {
		return 0, nil, err
	}
	n := int(binary.BigEndian.Uint16(buf[1:]))
	if n > maxHandshake {
		return 0, nil, fmt.Errorf("%w: handshake message of %d bytes", errMalformed, n)
	}
	if _, err := io.ReadFull(r, buf[3:3+n+4]); err != nil {
		return 0, nil, err
	}
	if crc32.Checksum(buf[:3+n], castagnoli) != binary.BigEndian.Uint32(buf[3+n:]) {
		return 0, nil, fmt.Errorf("%w: the checksum of a handshake message is wrong", errMalformed)
	}
	return buf[0], buf[3 : 3+n], nil
}
