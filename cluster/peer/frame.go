package peer

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// A frame on the wire, integers big endian:
//
//	 0  length of the body      uint32
//	 4  kind                    uint8
//	 5  flags                   uint8
//	 6  zero                    uint16
//	 8  request id              uint64
//	16  CRC32C of the body      uint32
//	20  CRC32C of bytes 0..19   uint32
//	24  body
//
// The header has a checksum of its own, because a wrong length would make the frames
// behind it part of the body. The body's checksum costs some 20 ns for 200 bytes (the
// processor has an instruction for it). Without it a mangled request could be carried
// out: TCP's 16-bit checksum misses one error in 65536.
const headerSize = 24

const (
	flagReply  = 1 << iota
	flagError  // a reply whose body is an error text
	flagPiece  // a piece of a body: see pieces.go
	knownFlags = flagReply | flagError | flagPiece
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

type header struct {
	length uint32
	kind   Kind
	flags  uint8
	id     uint64
	sum    uint32 // of the body
}

func (h header) isReply() bool { return h.flags&flagReply != 0 }
func (h header) isError() bool { return h.flags&flagError != 0 }

func (h header) append(dst []byte) []byte {
	at := len(dst)
	dst = binary.BigEndian.AppendUint32(dst, h.length)
	dst = append(dst, byte(h.kind), h.flags, 0, 0)
	dst = binary.BigEndian.AppendUint64(dst, h.id)
	dst = binary.BigEndian.AppendUint32(dst, h.sum)
	return binary.BigEndian.AppendUint32(dst, crc32.Checksum(dst[at:], castagnoli))
}

// parseHeader reads the first headerSize bytes of b.
func parseHeader(b []byte) (header, error) {
	b = b[:headerSize]
	if crc32.Checksum(b[:20], castagnoli) != binary.BigEndian.Uint32(b[20:]) {
		return header{}, fmt.Errorf("%w: the checksum of a frame's header is wrong", errMalformed)
	}
	h := header{
		length: binary.BigEndian.Uint32(b), kind: Kind(b[4]), flags: b[5],
		id: binary.BigEndian.Uint64(b[8:]), sum: binary.BigEndian.Uint32(b[16:]),
	}
	if h.flags&^knownFlags != 0 || b[6]|b[7] != 0 {
		return header{}, fmt.Errorf("%w: a frame with unknown flags %#x", errMalformed, b[5:8])
	}
	return h, nil
}

// check verifies a body against its checksum.
func (h header) check(body []byte) error {
	if crc32.Checksum(body, castagnoli) != h.sum {
		return fmt.Errorf("%w: the checksum of a frame's body is wrong", errMalformed)
	}
	return nil
}

// bodySum returns the checksum and the length of a body in parts.
func bodySum(parts [][]byte) (sum uint32, length int) {
	for _, p := range parts {
		sum = crc32.Update(sum, castagnoli, p)
		length += len(p)
	}
	return sum, length
}
