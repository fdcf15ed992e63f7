package dump

import (
	"bytes"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/wire"
)

// Copies are written as
//
//	format   (1 byte)
//	copies   number (uvarint), then for each, in their order:
//	    kind      (1 byte) of its elements; 0 of a value
//	    value     length (uvarint), bytes     of a value
//	    elements  number (uvarint)            of elements; for each:
//	        name     length (uvarint), bytes  unless it is an Item
//	        data     length (uvarint), bytes  unless it is a Member
//	        expiry   (uvarint)                of a Field: unix milliseconds; 0 means never
//
// When the key expires is not written: a client tells RESTORE.
const (
	copiesFormat  = 1
	minCopyLen    = 2
	minElementLen = 1

	// mostElements bounds the memory of a payload that is read. No collection has as many: see
	// replica.Config.CollectionBytes.
	mostElements = 1 << 23
)

func appendCopies(dst []byte, copies []register.Copy) []byte {
	dst = wire.AppendUvarint(append(dst, copiesFormat), uint64(len(copies)))
	for _, c := range copies {
		if len(c.Elements) == 0 {
			dst = wire.AppendLong(append(dst, 0), c.Value.Data)
			continue
		}
		kind := c.Elements[0].Kind
		dst = wire.AppendUvarint(append(dst, byte(kind)), uint64(len(c.Elements)))
		for _, e := range c.Elements {
			if kind != object.Item {
				dst = wire.AppendBytes(dst, e.Name)
			}
			if kind != object.Member {
				dst = wire.AppendBytes(dst, e.Data)
			}
			if kind == object.Field {
				dst = wire.AppendUvarint(dst, uint64(e.Expiry))
			}
		}
	}
	return dst
}

// readCopies reads what appendCopies wrote. The copies alias it.
func readCopies(r *wire.Reader) (copies []register.Copy) {
	if r.Byte() != copiesFormat {
		r.Fail()
	}
	n, room := r.Count(minCopyLen), mostElements
	if n == 0 {
		r.Fail()
	}
	for range n {
		c := register.Copy{}
		if kind := object.Kind(r.Byte()); kind == 0 {
			c.Value.Data = r.Bytes()
		} else {
			c.Elements = readElements(r, kind, room)
			room -= len(c.Elements)
		}
		if r.Failed() {
			return nil
		}
		copies = append(copies, c)
	}
	return copies
}

// readElements reads the elements, up to most, of one copy.
func readElements(r *wire.Reader, kind object.Kind, most int) collection.View {
	n := r.UpTo(most).Count(minElementLen)
	if n == 0 || collection.TypeName(kind) == "" {
		r.Fail()
		return nil
	}
	elements, view := make([]object.Element, n), make(collection.View, n)
	for i := range elements {
		e := &elements[i]
		view[i], e.Kind = e, kind
		if kind != object.Item {
			if e.Name = r.Bytes(); i > 0 && bytes.Compare(elements[i-1].Name, e.Name) >= 0 {
				r.Fail()
			}
		}
		if kind != object.Member {
			e.Data = r.Bytes()
		}
		if kind == object.Field {
			if e.Expiry = int64(r.Uvarint()); e.Expiry < 0 {
				r.Fail()
			}
		}
		if _, ok := object.ReadScore(e.Data); kind == object.Scored && !ok {
			r.Fail()
		}
		if kind == object.Entry && !collection.EntrySound(e.Name, e.Data) {
			r.Fail()
		}
		if r.Failed() {
			return nil
		}
	}
	return view
}
