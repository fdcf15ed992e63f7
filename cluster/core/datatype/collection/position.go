package collection

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/quorate/quorate/cluster/core/object"
)

// The name of an item says where the item stands in its list, because elements are sorted by
// their names. A name is one or more steps, and a step has three numbers, big endian:
//
//	position (8 bytes) | seed (8 bytes) | index (4 bytes)
//
// All items of one command get the same position, which lies between those of the neighbours.
// The seed, a random number of the command, tells items apart that concurrent commands put at
// the same position: the items of each command stay together, in the order of their index, and
// every node has the same order. Where no position is left between two neighbours, a name has
// all steps of the left neighbour, and one more: it is greater than that name, and smaller than
// any name that the left neighbour was smaller than.
//
// Names do not grow by pushes, of which there may be 2^47 at each end. Where insertions at one
// place go on beside the one before, or beside the same item, 2^31 of them fit into a step, and
// 32 in the worst case (16 between two pushes): see pickPosition.
//
// The scheme is that of Weiss, Urso and Molli, "Logoot: A Scalable Optimistic Replication
// Algorithm for Collaborative Editing on P2P Networks" (2009), with positions of 64 bits and
// the choice of the step's side as in Nédelec, Molli, Mostefaoui and Desmontils, "LSEQ: an
// Adaptive Structure for Sequences in Distributed Collaborative Editing" (2013).
const (
	seedAt  = 8
	indexAt = 16
	stepLen = 20

	noStep     = 0              // the position before all others of a step: no item has it
	middle     = 1 << 63        // of the first item
	behindAll  = math.MaxUint64 // the position behind all others: no item has it
	endStride  = 1 << 16        // between the positions of two pushes at an end
	innerWidth = 1 << 32        // between those of two insertions at one place, if there is room
)

// gap is a place in a list: between two items, or at an end, where one of them is nil.
type gap struct{ left, right *object.Element }

// place returns what the names of items in the gap begin with: all but the seed and the index.
func (g gap) place() []byte {
	var left, right []byte
	if g.left != nil {
		left = g.left.Name
	}
	bounded := g.right != nil // the steps so far are those of the right neighbour too
	if bounded {
		right = g.right.Name
	}
	name := make([]byte, 0, max(len(left), len(right))+2*stepLen)
	for {
		low, high := uint64(noStep), uint64(behindAll)
		step := left[:min(stepLen, len(left))]
		if left = left[len(step):]; len(step) > 0 {
			low = position(step)
		}
		var limit []byte
		if bounded {
			limit = right[:min(stepLen, len(right))]
			if right = right[len(limit):]; len(limit) > 0 {
				high = position(limit)
			}
		}
		if high > low && high-low >= 2 {
			return binary.BigEndian.AppendUint64(name, g.pickPosition(low, high))
		}
		// No position is left: go below the left neighbour's step, or before all others.
		name = appendStep(name, step)
		bounded = len(limit) > 0 && bytes.Equal(name[len(name)-stepLen:], limit)
	}
}

// pickPosition returns a position between two others, which differ by 2 at least. Insertions
// often follow one another, in either direction, and the newer neighbour is the insertion
// before. So the new position is near to it, and leaves the room to the other side.
func (g gap) pickPosition(low, high uint64) uint64 {
	half := (high - low) / 2
	switch {
	case low == noStep && high == behindAll:
		return middle
	case g.left == nil:
		return high - min(half, endStride)
	case g.right == nil:
		return low + min(half, endStride)
	case g.left.After(g.right):
		return low + min(half, innerWidth)
	}
	return high - min(half, innerWidth)
}

// position returns the position of a step, which another version or a fault may have cut short.
func position(step []byte) uint64 {
	var whole [8]byte
	copy(whole[:], step)
	return binary.BigEndian.Uint64(whole[:])
}

// appendStep appends a step. One that ends too early is filled with zeros.
func appendStep(dst, step []byte) []byte {
	var whole [stepLen]byte
	copy(whole[:], step)
	return append(dst, whole[:]...)
}

// nameOf returns the name of an item of a command at a place.
func nameOf(place []byte, seed uint64, index int) []byte {
	name := make([]byte, 0, len(place)+stepLen-seedAt)
	name = binary.BigEndian.AppendUint64(append(name, place...), seed)
	return binary.BigEndian.AppendUint32(name, uint32(index))
}

// seedOf returns the seed of the command that made an item.
func seedOf(name []byte) (seed uint64, ok bool) {
	if len(name) < stepLen {
		return 0, false
	}
	return binary.BigEndian.Uint64(name[len(name)-stepLen+seedAt:]), true
}
