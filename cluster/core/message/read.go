package message

import (
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
)

const (
	flagDigest = 1 << 0 // the sender has an object with this digest
	flagBrief  = 1 << 1 // a digest is enough
	flagPart   = 1 << 2 // a part is enough
)

// Read asks a replica for one key.
type Read struct {
	Partition ring.Partition
	Known     bool          // Digest is set
	Brief     bool          // a digest is enough
	Part      bool          // of a large collection, the head and what Selection selects are enough
	Digest    object.Digest // of the sender's own copy
	Key       []byte
	Selection object.Selection // of which [Sends] is true
}

// Append appends the item of a read body.
func (q Read) Append(dst []byte) []byte {
	dst = wire.AppendUint16(dst, uint16(q.Partition))
	var flags byte
	if q.Known {
		flags |= flagDigest
	}
	if q.Brief {
		flags |= flagBrief
	}
	if q.Part {
		flags |= flagPart
	}
	dst = append(dst, flags)
	if q.Known {
		dst = wire.AppendUint64(dst, uint64(q.Digest))
	}
	if dst = wire.AppendBytes(dst, q.Key); q.Part {
		dst = appendSelection(dst, q.Selection)
	}
	return dst
}

// ReadRead reads what [Read.Append] wrote.
func ReadRead(r *wire.Reader) (q Read) {
	q.Partition = ring.Partition(r.Uint16())
	flags := r.Byte()
	q.Brief = flags&flagBrief != 0
	if q.Known = flags&flagDigest != 0; q.Known {
		q.Digest = object.Digest(r.Uint64())
	}
	q.Key = r.Bytes()
	if q.Part = flags&flagPart != 0; q.Part {
		q.Selection = readSelection(r)
	}
	return q
}

// Found is what a replica found for one key.
type Found uint8

// What a replica may find.
const (
	Absent     Found = iota // it has no object of the key
	Same                    // it has the object that the sender has
	DigestOnly              // a digest follows
	Whole                   // an object follows
	Failed                  // an error follows
	Part                    // a part of an object follows
)

// Answer is a replica's answer for one key.
type Answer struct {
	Found   Found
	Digest  object.Digest // of DigestOnly; of Part: that of the whole
	Object  []byte        // of Whole and Part, encoded
	Failure string        // of Failed
	Rest    object.Rest   // of Part: the totals of the elements that Object does not have
}

// Append appends the item of an answer to a read.
func (a Answer) Append(dst []byte) []byte { return append(a.AppendHead(dst), a.Object...) }

// AppendHead appends what [Answer.Append] does, up to the bytes of the object. Only an answer
// of Whole or Part has an object.
func (a Answer) AppendHead(dst []byte) []byte {
	dst = append(dst, byte(a.Found))
	switch a.Found {
	case DigestOnly:
		dst = wire.AppendUint64(dst, uint64(a.Digest))
	case Whole:
		dst = wire.AppendUvarint(dst, uint64(len(a.Object)))
	case Part:
		dst = appendRest(wire.AppendUint64(dst, uint64(a.Digest)), a.Rest)
		dst = wire.AppendUvarint(dst, uint64(len(a.Object)))
	case Failed:
		dst = wire.AppendString(dst, a.Failure)
	}
	return dst
}

// ReadAnswer reads what [Answer.Append] wrote.
func ReadAnswer(r *wire.Reader) (a Answer) {
	a.Found = Found(r.Byte())
	switch a.Found {
	case Absent, Same:
	case DigestOnly:
		a.Digest = object.Digest(r.Uint64())
	case Whole:
		a.Object = r.Bytes()
	case Part:
		a.Digest, a.Rest = object.Digest(r.Uint64()), readRest(r)
		a.Object = r.Bytes()
	case Failed:
		a.Failure = string(r.Bytes())
	default:
		r.Fail()
	}
	return a
}
