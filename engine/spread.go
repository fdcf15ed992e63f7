package engine

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/largebuf"
)

// A collection of many elements is spread, so that a change of one of them does not read and write
// the others. In its place lies a record with all but the elements, and their totals
// ([object.Rest]). The elements of each name are a record of their own, a cell.
//
//  1. One batch changes the record and the cells, so that a crash leaves nothing half.
//  2. A change of some names reads the record and the cells of those names, and writes what has
//     changed of them (applypart.go). So does a change at the ends of a list, which reads the first
//     or the last cells (spreadends.go), and one of names that are drawn (spreaddraw.go). Any other
//     change reads all, and writes the cells that differ (spreadwrite.go).
//  3. A batch that ends the spread state of an object, because it is small again or is dead, or has
//     something else beside its elements, deletes all cells.
//
// The digest of a collection depends on the sum of its elements' hashes ([object.Seed.Digest]). So
// it is the same whether the collection is spread or not, and a change of one element changes it
// without a look at the others.
//
// Whoever reads a spread object without the stripe reads it from a snapshot.

// A record begins with spreadMark, which no encoded object begins with, and its version:
//
//	0xfe | version u8 | kind u8 | names uvarint | bytes uvarint | sum u64 | digest u64 | limits | head | CRC-32C u32
//
// The limits are those of a list (spreadends.go), each its length uvarint and the bytes; version 1,
// which all other kinds have, has none. The head is the object without its elements, but for the
// expiries of the key, encoded.
const (
	spreadMark     = 0xfe
	spreadVersion  = 1
	limitedVersion = 2
	minSpread      = 2 + 1 + 1 + 1 + 8 + 8 + wire.ChecksumLen
)

// DefaultSpreadElements is from how many elements on a collection is spread, if it is not told
// otherwise. A change of one element of so many costs the whole ten times what it costs a cell
// (BenchmarkApplyElement); to read all costs three times as much (BenchmarkFindElements).
const DefaultSpreadElements = 128

// spreadRecord is what lies in the place of a collection that is spread.
type spreadRecord struct {
	total  object.Rest // of all cells
	limits limits      // alias the record, as the head does
	digest object.Digest
	head   []byte
}

// spread reports whether there is a record.
func (r *spreadRecord) spread() bool { return r.total.Names > 0 }

// length returns the length that a spread object counts with.
func (r *spreadRecord) length() int { return len(r.head) + int(r.total.Bytes) }

// isSpread reports whether a value of the object space is the record of a spread object.
func isSpread(value []byte) bool { return len(value) > 0 && value[0] == spreadMark }

func (r *spreadRecord) append(dst []byte) []byte {
	at, version := len(dst), byte(spreadVersion)
	if r.total.Kind == object.Item {
		version = limitedVersion
	}
	dst = append(dst, spreadMark, version, byte(r.total.Kind))
	dst = wire.AppendUvarint(wire.AppendUvarint(dst, uint64(r.total.Names)), uint64(r.total.Bytes))
	dst = wire.AppendUint64(wire.AppendUint64(dst, r.total.Sum), uint64(r.digest))
	if version == limitedVersion {
		dst = wire.AppendBytes(wire.AppendBytes(dst, r.limits.first), r.limits.last)
	}
	dst = append(dst, r.head...)
	return wire.AppendUint32(dst, wire.Checksum(dst[at:]))
}

// parseSpread reads the record of a spread object.
func (d *database) parseSpread(value []byte) (r spreadRecord, err error) {
	const what = "record of a spread object"
	if len(value) < minSpread || value[1] != spreadVersion && value[1] != limitedVersion {
		return r, d.corrupt(what, errors.New("it is cut short, or of another version"))
	}
	body, sum := value[:len(value)-wire.ChecksumLen], value[len(value)-wire.ChecksumLen:]
	if wire.Checksum(body) != binary.BigEndian.Uint32(sum) {
		return r, d.corrupt(what, errors.New("its checksum is wrong"))
	}
	f := wire.NewReader(body[2:])
	r.total.Kind = object.Kind(f.Byte())
	names, size := f.Uvarint(), f.Uvarint()
	r.total.Sum, r.digest = f.Uint64(), object.Digest(f.Uint64())
	if value[1] == limitedVersion {
		r.limits = limits{first: f.Bytes(), last: f.Bytes()}
	}
	if f.Failed() || names == 0 || names > maxBatch || size > maxBatch {
		return spreadRecord{}, d.corrupt(what, fmt.Errorf("%d names of %d bytes", names, size))
	}
	r.total.Names, r.total.Bytes, r.head = int(names), int64(size), f.Rest()
	return r, nil
}

// decode sets o to the object without its elements, whose totals it has. It aliases the record.
func (r *spreadRecord) decode(o *object.Object) error {
	err := o.DecodeFrom(r.head)
	o.Rest = r.total
	return err
}

// cellsPlace is where the cells of an object lie.
type cellsPlace struct {
	partition ring.Partition
	hash      uint64
	key       []byte
}

// append appends what the places of all cells of the object begin with.
func (at cellsPlace) append(dst []byte) []byte {
	dst = appendPlace(dst, prefixCell, at.partition, at.hash, nil)
	return wire.AppendBytes(dst, at.key)
}

// appendCell appends the place of the cell of a name.
func (at cellsPlace) appendCell(dst []byte, n object.Name) []byte {
	return append(append(at.append(dst), byte(n.Kind)), n.Name...)
}

// read appends the elements of a name to es. They have memory of their own.
func (at cellsPlace) read(d *database, from pebble.Reader, n object.Name, es object.Elements) (object.Elements, error) {
	room := bufferPool.Get().(*[]byte)
	defer bufferPool.Put(room)
	*room = at.appendCell((*room)[:0], n)
	v, c, err := from.Get(*room)
	if errors.Is(err, pebble.ErrNotFound) {
		return es, nil
	}
	if err != nil {
		return es, d.readError("read an element", err)
	}
	es, err = es.AppendFromCell(object.Name{Kind: n.Kind, Name: bytes.Clone(n.Name)}, bytes.Clone(v))
	if cerr := c.Close(); err == nil && cerr != nil {
		return es, d.readError("read an element", cerr)
	}
	if err != nil {
		return es, d.corrupt("cell of a collection", err)
	}
	return es, nil
}

// each calls f for the elements of each name, in order. They are valid during the call only.
func (at cellsPlace) each(d *database, from pebble.Reader, f func(object.Elements) error) error {
	lower := at.append(nil)
	it, err := from.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: after(lower)})
	if err != nil {
		return d.readError("read elements", err)
	}
	defer it.Close() //nolint:errcheck // it reports what Error reports
	var cell object.Elements
	for ok := it.First(); ok; ok = it.Next() {
		v, err := it.ValueAndErr()
		if err != nil {
			return d.readError("read elements", err)
		}
		name := it.Key()[len(lower):]
		if len(name) == 0 {
			return d.corrupt("cell of a collection", errors.New("it has no kind"))
		}
		if cell, err = cell[:0].AppendFromCell(object.Name{Kind: object.Kind(name[0]), Name: name[1:]}, v); err != nil {
			return d.corrupt("cell of a collection", err)
		}
		if err := f(cell); err != nil {
			return err
		}
	}
	return d.readError("read elements", it.Error())
}

// collect returns a spread object, whole, with memory of its own, but for its head. The reader
// shows one moment.
func (at cellsPlace) collect(d *database, from pebble.Reader, r *spreadRecord) (o object.Object, err error) {
	if err := r.decode(&o); err != nil {
		return o, d.corrupt("stored object", err)
	}
	o.Rest = object.Rest{}
	elements := make(object.Elements, 0, len(o.Elements)+r.total.Names)
	elements = append(elements, o.Elements...)
	var room []byte // for names and data; those before stay in the older memory
	keep := func(b []byte) []byte {
		if len(b) == 0 {
			return nil
		}
		if len(room)+len(b) > cap(room) {
			room = make([]byte, 0, max(len(b), cellRoom))
		}
		first := len(room)
		room = append(room, b...)
		return room[first:len(room):len(room)]
	}
	err = at.each(d, from, func(cell object.Elements) error {
		name := keep(cell[0].Name)
		for i := range cell {
			cell[i].Name, cell[i].Data = name, keep(cell[i].Data)
		}
		elements = append(elements, cell...)
		return nil
	})
	if err != nil {
		return o, err
	}
	o.Elements = elements
	if total := o.Elements.Total(); total != r.total || !o.Elements.LastWithKey(total.Kind) {
		return o, d.corrupt("spread object", fmt.Errorf("its cells have the totals %+v, its record says %+v", total, r.total))
	}
	return o, nil
}

// cellRoom is how much memory is made at once for the elements that are collected.
const cellRoom = 64 << 10

// appendCollected appends a spread object, whole and encoded, to dst. The reader shows one moment.
func (at cellsPlace) appendCollected(d *database, from pebble.Reader, r *spreadRecord, dst []byte) ([]byte, error) {
	o, err := at.collect(d, from, r)
	if err != nil {
		return dst, err
	}
	return o.Append(largebuf.Grow(dst, o.EncodedLen())), nil
}

// sample returns a spread object with one of its elements, encoded: what it is, and whether it can
// be read, it is without the others.
func (at cellsPlace) sample(d *database, from pebble.Reader, r *spreadRecord) (encoded []byte, err error) {
	var o object.Object
	if err := r.decode(&o); err != nil {
		return nil, d.corrupt("stored object", err)
	}
	err = at.each(d, from, func(cell object.Elements) error {
		o.Elements = append(o.Elements, cell[0])
		encoded = o.Append(nil)
		return errSampled
	})
	if errors.Is(err, errSampled) {
		err = nil
	}
	return encoded, err
}

var errSampled = errors.New("one element is enough")
