package message

import (
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
)

const (
	flagDigest = 1 << 0 // the sender has an object with this digest
	flagBrief  = 1 << 1 // a digest is enough
)

// Read asks a replica for one key.
type Read struct {
	Partition ring.Partition
	Known     bool          // Digest is set
	Brief     bool          // a digest is enough
	Digest    object.Digest // of the sender's own copy
	Key       []byte
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
	dst = append(dst, flags)
	if q.Known {
		dst = wire.AppendUint64(dst, uint64(q.Digest))
	}
	return wire.AppendBytes(dst, q.Key)
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
)

// Answer is a replica's answer for one key.
type Answer struct {
	Found   Found
	Digest  object.Digest // of DigestOnly
	Object  []byte        // of Whole, encoded
	Failure string        // of Failed
	Part    bool          // Object has some of its elements only; never sent
	Rest    object.Rest   // of a part: the totals of the elements that Object does not have; never sent
}

// Append appends the item of an answer to a read.
func (a Answer) Append(dst []byte) []byte { return append(a.AppendHead(dst), a.Object...) }

// AppendHead appends what [Answer.Append] does, up to the bytes of the object. Only an answer
// of Whole has an object.
func (a Answer) AppendHead(dst []byte) []byte {
	dst = append(dst, byte(a.Found))
	switch a.Found {
	case DigestOnly:
		dst = wire.AppendUint64(dst, uint64(a.Digest))
	case Whole:
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
	case Failed:
		a.Failure = string(r.Bytes())
	default:
		r.Fail()
	}
	return a
}
