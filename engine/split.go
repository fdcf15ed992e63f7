package engine

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/largebuf"
)

// A large object is split. In its place lies a record that names its parts, and has what the
// store must know without reading them. Pebble copies a record several times on its way to the
// disk, so that one of 512 MiB would take gigabytes of memory. The encoding of the object is
// cut into parts, which are records of their own:
//
//  1. The writer, who has the key's stripe, commits the parts one after another, under an id
//     that nothing else has had. Between them it waits for syncs and flushes, so that it
//     leaves memory, memtables and the disk to other writes.
//  2. The record is part of the batch that changes the object. The log keeps the order, so
//     that after a crash the parts of every record are there.
//  3. The batch that replaces or removes the object deletes its parts.
//
// Parts that no record names are left by a crash between 1 and 2. The next start removes them
// (splitsweep.go). Whoever reads without the stripe may find that the parts are gone, and reads
// again from a snapshot.

// A record begins with splitMark, which no encoded object begins with, and its version:
//
//	0xff | version u8 | id (start u64, number u64) | length u64 | digest u64 | bytes of a part u32 | outline | CRC-32C u32
//
// The outline is the object without the data of its values, encoded.
const (
	splitMark    = 0xff
	splitVersion = 1
	splitHeader  = 2 + 16 + 8 + 8 + 4
)

// partsID names the parts of one version of an object.
type partsID struct {
	start  uint64 // the incarnation of the store that wrote them
	number uint64 // counts from 1 in each start
}

// splitRecord is what lies in the place of an object that is split.
type splitRecord struct {
	id      partsID
	length  int // of the encoded object
	digest  object.Digest
	each    int    // length of all parts but the last
	outline []byte // aliases the record
	place   partsPlace
}

// partsPlace is where the parts of a key's objects lie.
type partsPlace struct {
	hint      causal.NodeID // the node that the object is kept for; 0: it is the node's own
	partition ring.Partition
	hash      uint64 // the upper half counts
}

// split reports whether there is a record.
func (r *splitRecord) split() bool { return r.id.number != 0 }

// isSplit reports whether a value of the object space is the record of a split object.
func isSplit(value []byte) bool { return len(value) > 0 && value[0] == splitMark }

func (r *splitRecord) append(dst []byte) []byte {
	at := len(dst)
	dst = append(dst, splitMark, splitVersion)
	dst = wire.AppendUint64(wire.AppendUint64(dst, r.id.start), r.id.number)
	dst = wire.AppendUint64(wire.AppendUint64(dst, uint64(r.length)), uint64(r.digest))
	dst = append(wire.AppendUint32(dst, uint32(r.each)), r.outline...)
	return wire.AppendUint32(dst, wire.Checksum(dst[at:]))
}

// parseSplit reads the record of an object whose parts lie at a place.
func (d *database) parseSplit(at partsPlace, value []byte) (r splitRecord, err error) {
	r.place = at
	if len(value) < splitHeader+wire.ChecksumLen || value[1] != splitVersion {
		return r, d.corrupt("record of a split object", errors.New("it is cut short, or of another version"))
	}
	body, sum := value[:len(value)-wire.ChecksumLen], value[len(value)-wire.ChecksumLen:]
	if wire.Checksum(body) != binary.BigEndian.Uint32(sum) {
		return r, d.corrupt("record of a split object", errors.New("its checksum is wrong"))
	}
	f := wire.NewReader(body[2:])
	r.id = partsID{start: f.Uint64(), number: f.Uint64()}
	length, digest, each := f.Uint64(), f.Uint64(), f.Uint32()
	if length == 0 || length > maxBatch || each == 0 {
		return r, d.corrupt("record of a split object", fmt.Errorf("a length of %d bytes, in parts of %d", length, each))
	}
	r.length, r.digest, r.each, r.outline = int(length), object.Digest(digest), int(each), f.Rest()
	return r, nil
}

// parts returns how many parts the object has.
func (r *splitRecord) parts() int { return (r.length + r.each - 1) / r.each }

// part returns the length of a part.
func (r *splitRecord) part(i int) int { return min(r.each, r.length-i*r.each) }

// append appends what the places of the parts of all objects of a hash begin with.
func (at partsPlace) append(dst []byte) []byte {
	if at.hint == 0 {
		return appendPlace(dst, prefixPart, at.partition, at.hash, nil)
	}
	start := len(dst)
	dst = appendHintKey(dst, at.hint, at.partition, at.hash, nil)
	dst[start] = prefixHintPart
	return dst
}

// appendID appends the place of the parts of one object.
func (at partsPlace) appendID(dst []byte, id partsID) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(at.append(dst), id.start), id.number)
}

// appendPart appends the place of one part.
func (r *splitRecord) appendPart(dst []byte, part int) []byte {
	return binary.BigEndian.AppendUint32(r.place.appendID(dst, r.id), uint32(part))
}

// splitPartKey reads what appendPart wrote.
func splitPartKey(b []byte) (at partsPlace, id partsID, ok bool) {
	rest := b
	switch {
	case len(b) == objectHeader+partIDLen && b[0] == prefixPart:
		rest = b[1:]
	case len(b) == hintHeader+partIDLen && b[0] == prefixHintPart:
		at.hint, rest = causal.NodeID(binary.BigEndian.Uint64(b[1:])), b[9:]
	default:
		return at, id, false
	}
	at.partition, at.hash = ring.Partition(binary.BigEndian.Uint16(rest)), uint64(binary.BigEndian.Uint32(rest[2:]))<<32
	id = partsID{start: binary.BigEndian.Uint64(rest[6:]), number: binary.BigEndian.Uint64(rest[14:])}
	return at, id, true
}

// partIDLen is the length of an id and the number of a part, in bytes.
const partIDLen = 8 + 8 + 4

// errPartsGone says that an object was replaced while its parts were read.
var errPartsGone = errors.New("a part of a large object is not there")

// readParts appends a split object, encoded, to dst. It returns errPartsGone if a part is not
// there.
func (d *database) readParts(from pebble.Reader, r *splitRecord, dst []byte) ([]byte, error) {
	have := len(dst)
	dst = largebuf.Grow(dst, r.length)
	at := bufferPool.Get().(*[]byte)
	defer bufferPool.Put(at)
	for i := range r.parts() {
		*at = r.appendPart((*at)[:0], i)
		v, c, err := from.Get(*at)
		if errors.Is(err, pebble.ErrNotFound) {
			return dst[:have], errPartsGone
		}
		if err != nil {
			return dst[:have], d.readError("read a part of an object", err)
		}
		if len(v) != r.part(i) {
			_ = c.Close() // gives back memory
			return dst[:have], d.corrupt("part of an object", fmt.Errorf("part %d has %d bytes, not %d", i, len(v), r.part(i)))
		}
		dst = append(dst, v...)
		if err := c.Close(); err != nil {
			return dst[:have], d.readError("read a part of an object", err)
		}
	}
	return dst, nil
}

// readWhole does what readParts does for whoever has the key's stripe, or a snapshot. There
// the parts of a record are never gone.
func (d *database) readWhole(from pebble.Reader, r *splitRecord, dst []byte) ([]byte, error) {
	dst, err := d.readParts(from, r, dst)
	if errors.Is(err, errPartsGone) {
		err = d.corrupt("split object", err)
	}
	return dst, err
}
