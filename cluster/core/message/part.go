package message

import (
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/wire"
)

// A node that has no copy of a large collection, or another one than its peer, needs no more of the
// peer's copy than what it looks for: the head, and the elements of some names. So a read may say
// what that is, to a node that knows of it, and the answer may be a part of the object. It then has
// the totals of the other elements, and the digest of the whole.

// Bounds of a selection that is sent. A read of more asks for the whole object.
const (
	MaxNames     = 1 << 12
	MaxNameBytes = 64 << 10 // of all names
)

// Sends reports whether a selection can be sent. One of the ends of a collection cannot.
func Sends(s object.Selection) bool {
	all := (struct { // it does not compile when there is another field, which may select elements
		Names []object.Name
		Ends  object.Ends
		Draws object.Draws
	})(s)
	if all.Ends.First > 0 || all.Ends.Last > 0 || all.Draws.Kind != 0 {
		return false
	}
	size := 0
	for i := range s.Names {
		size += len(s.Names[i].Name)
	}
	return len(s.Names) <= MaxNames && size <= MaxNameBytes
}

// minNameLen is the length of the shortest name that is sent.
const minNameLen = 2

// appendSelection appends a selection: number uvarint | each name: kind u8, name.
func appendSelection(dst []byte, s object.Selection) []byte {
	dst = wire.AppendUvarint(dst, uint64(len(s.Names)))
	for i := range s.Names {
		dst = wire.AppendBytes(append(dst, byte(s.Names[i].Kind)), s.Names[i].Name)
	}
	return dst
}

// readSelection reads what appendSelection wrote.
func readSelection(r *wire.Reader) (s object.Selection) {
	n := r.UpTo(MaxNames).Count(minNameLen)
	if n == 0 {
		return s
	}
	s.Names = make([]object.Name, 0, n)
	for range n {
		s.Names = append(s.Names, object.Name{Kind: object.Kind(r.Byte()), Name: r.Bytes()})
	}
	if !Sends(s) {
		r.Fail()
	}
	return s
}

// appendRest appends the totals of the elements that a part does not have: kind u8 | number uvarint |
// bytes uvarint | sum u64.
func appendRest(dst []byte, rest object.Rest) []byte {
	dst = wire.AppendUvarint(append(dst, byte(rest.Kind)), uint64(rest.Names))
	return wire.AppendUint64(wire.AppendUvarint(dst, uint64(rest.Bytes)), rest.Sum)
}

// readRest reads what appendRest wrote.
func readRest(r *wire.Reader) (rest object.Rest) {
	rest.Kind = object.Kind(r.Byte())
	names, bytes := r.Uvarint(), r.Uvarint()
	rest.Sum = r.Uint64()
	if names > maxTotal || bytes > maxTotal || (rest.Kind == 0) != (names == 0) {
		r.Fail()
		return object.Rest{}
	}
	rest.Names, rest.Bytes = int(names), int64(bytes)
	return rest
}

// maxTotal bounds the totals of a collection.
const maxTotal = 1 << 48
