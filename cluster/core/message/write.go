package message

import (
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
)

// CountLen is the length of the number of items that begins every body, in bytes. It
// is fixed, so that the number can be set when the items behind it are known.
const CountLen = 4

// AppendCount appends the number of items that begins a body.
func AppendCount(dst []byte, n int) []byte { return wire.AppendUint32(dst, uint32(n)) }

// ReadCount reads the number of items. No item is shorter than a byte, which bounds
// it by the length of the body.
func ReadCount(r *wire.Reader) int {
	n := r.Uint32()
	if uint64(n) > uint64(len(r.Rest())) {
		r.Fail()
		return 0
	}
	return int(n)
}

// MarkLen is the length of the mark of a clear, in bytes.
const MarkLen = 8

// flagMark is set in the number of items if the mark of a clear follows it.
const flagMark = 1 << 31

// AppendHead appends what begins the body of a read or a write: the number of items, and the
// mark of the clear that the sender has carried out, unless that is 0. Nodes that know no
// clears have none.
func AppendHead(dst []byte, n int, mark uint64) []byte {
	if mark == 0 {
		return AppendCount(dst, n)
	}
	return wire.AppendUint64(wire.AppendUint32(dst, uint32(n)|flagMark), mark)
}

// ReadHead reads what [AppendHead] wrote.
func ReadHead(r *wire.Reader) (n int, mark uint64) {
	count := r.Uint32()
	if count&flagMark != 0 {
		if mark = r.Uint64(); mark == 0 {
			r.Fail()
		}
	}
	if count &^= flagMark; uint64(count) > uint64(len(r.Rest())) {
		r.Fail()
		return 0, mark
	}
	return int(count), mark
}

const flagHint = 1 << 0 // keep the object for another node

// Write is one object on its way to a replica.
type Write struct {
	Partition ring.Partition
	Hint      ring.NodeID // the node that the object is kept for; 0 for the receiver itself
	Key       []byte
	Object    []byte // encoded
}

// Append appends the item of a write body.
func (w Write) Append(dst []byte) []byte { return append(w.AppendHead(dst), w.Object...) }

// AppendHead appends what [Write.Append] does, up to the bytes of the object.
func (w Write) AppendHead(dst []byte) []byte {
	dst = wire.AppendUint16(dst, uint16(w.Partition))
	if w.Hint != 0 {
		dst = append(dst, flagHint)
		dst = wire.AppendUint64(dst, uint64(w.Hint))
	} else {
		dst = append(dst, 0)
	}
	dst = wire.AppendBytes(dst, w.Key)
	return wire.AppendUvarint(dst, uint64(len(w.Object)))
}

// ReadWrite reads what [Write.Append] wrote.
func ReadWrite(r *wire.Reader) (w Write) {
	w = readWriteHead(r)
	w.Object = r.Bytes()
	return w
}

// ReadWriteHead reads what [Write.AppendHead] wrote of a write of an object.
func ReadWriteHead(r *wire.Reader, object []byte) (w Write) {
	w = readWriteHead(r)
	if w.Object = object; r.Uvarint() != uint64(len(object)) {
		r.Fail()
	}
	return w
}

func readWriteHead(r *wire.Reader) (w Write) {
	w.Partition = ring.Partition(r.Uint16())
	if r.Byte()&flagHint != 0 {
		w.Hint = ring.NodeID(r.Uint64())
	}
	w.Key = r.Bytes()
	return w
}
