package dump

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc64"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/wire"
)

// A payload is, as in Redis:
//
//	type      (1 byte)
//	body      of a string: see string.go; of the type ownForm: see copies.go
//	version   of Redis's file format (2 bytes, little endian)
//	checksum  CRC-64 of all before it (8 bytes, little endian)
const (
	stringForm byte = 0
	ownForm    byte = 'Q' // Redis has no such type

	// writtenVersion is the version that is written: that of Redis 7.0, which later ones read.
	writtenVersion = 10
	// greatestVersion is the greatest that is read. No version has changed the form of a string.
	greatestVersion = 12

	checksumLen = 8
	footerLen   = 2 + checksumLen
)

// Sentinels of payloads that cannot be restored.
var (
	// ErrChecksum says that the version is not known, or the checksum is wrong.
	ErrChecksum = errors.New("payload version or checksum are wrong")
	// ErrFormat says that the payload is whole, and is not of a type or form that can be read.
	ErrFormat = errors.New("bad data format")
)

// checksumTable is of the polynomial that Redis uses (0xad93d23594c935a9, reflected).
var checksumTable = crc64.MakeTable(0x95ac9329ac4bc9b5)

// checksum returns Redis's CRC-64 of b. It begins with 0 and is not inverted, as Go's is.
func checksum(b []byte) uint64 { return ^crc64.Update(^uint64(0), checksumTable, b) }

// Append appends the payload of copies, of which there is one at least, to dst.
func Append(dst []byte, copies []register.Copy) []byte {
	start := len(dst)
	if len(copies) == 1 && len(copies[0].Elements) == 0 {
		dst = appendString(append(dst, stringForm), copies[0].Value.Data)
	} else {
		dst = appendCopies(append(dst, ownForm), copies)
	}
	dst = binary.LittleEndian.AppendUint16(dst, writtenVersion)
	return binary.LittleEndian.AppendUint64(dst, checksum(dst[start:]))
}

// Parse returns the copies of a payload. They may alias it. Values that are compressed may have
// up to limit bytes. Errors wrap [ErrChecksum] or [ErrFormat].
func Parse(payload []byte, limit int64) ([]register.Copy, error) {
	if len(payload) < 1+footerLen {
		return nil, fmt.Errorf("%w: %d bytes are too few", ErrChecksum, len(payload))
	}
	body, footer := payload[:len(payload)-footerLen], payload[len(payload)-footerLen:]
	if v := binary.LittleEndian.Uint16(footer); v > greatestVersion {
		return nil, fmt.Errorf("%w: version %d, this build reads up to %d", ErrChecksum, v, greatestVersion)
	}
	if checksum(payload[:len(payload)-checksumLen]) != binary.LittleEndian.Uint64(footer[2:]) {
		return nil, ErrChecksum
	}
	var copies []register.Copy
	r := wire.NewReader(body[1:])
	switch form := body[0]; form {
	case stringForm:
		copies = []register.Copy{{Value: readString(&r, limit)}}
	case ownForm:
		copies = readCopies(&r)
	default:
		return nil, fmt.Errorf("%w: of Redis's types only strings are read, this is type %d", ErrFormat, form)
	}
	if err := r.Done("payload"); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return copies, nil
}
