package engine

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/ring"
)

// The key space, one prefix byte each; integers are big-endian.
//
//	d | partition u16 | hash u32 | key               an object that has a value
//	g | partition u16 | hash u32 | key               an object that has none: it is dead
//	c | partition u16 | hash u32 | length of the key uvarint | key | kind u8 | name  the elements of a name (spread.go)
//	p | partition u16 | hash u32 | start u64 | number u64 | part u32  a part of a large object (split.go)
//	q | node u64 | partition u16 | hash u32 | start u64 | number u64 | part u32  a part of a large hint
//	h | node u64 | partition u16 | hash u32 | key     a hint: its time, then an object
//	x | partition u16 | unix ms u64 | hash u32 | key  a live object that expires then
//	e | partition u16 | unix ms u64 | hash u32 | key  an object that expired then, and is not stripped yet
//	t | partition u16 | unix ms u64 | hash u32 | key  an object that has been dead since then
//	m | partition u16                                 counts and Merkle leaves, after a clean stop
//	f | partition u16                                 of versions up to 0.1.0, not read any more
//	i | name                                          the engine's own records
//	s | name                                          the node's small durable state
//
// Dead objects lie apart from those with a value. So it costs nothing to list the keys
// that exist, however many were deleted. An object moves with the batch that changes it: a
// key has an object in one of the two places at most. Which one follows from the object.
//
// The indexes x, e and t begin with the partition, so that dropping a partition removes
// its index entries by range.
//
// Version 1 of the key space had dead objects among the others (upgrade.go).
const (
	prefixObject   = 'd'
	prefixGrave    = 'g'
	prefixCell     = 'c'
	prefixPart     = 'p'
	prefixHintPart = 'q'
	prefixHint     = 'h'
	prefixExpiry   = 'x'
	prefixExpired  = 'e'
	prefixDead     = 't'
	prefixTree     = 'm'
	prefixInternal = 'i'
	prefixState    = 's'
)

// partitionPrefixes are those of what belongs to one partition, less its statistics.
var partitionPrefixes = [...]byte{prefixObject, prefixCell, prefixPart, prefixGrave, prefixExpiry, prefixExpired, prefixDead}

const (
	hashBytes    = 4
	objectHeader = 1 + 2 + hashBytes
	hintHeader   = 1 + 8 + 2 + hashBytes
	indexHeader  = 1 + 2 + 8 + hashBytes
)

// hashOf returns the 64-bit hash of a key. Its upper half is part of the key's place on
// disk.
func hashOf(key []byte) uint64 { return xxhash.Sum64(key) }

// Hash32 returns the hash by which keys are ordered within a partition.
func Hash32(key []byte) uint32 { return uint32(hashOf(key) >> 32) }

// leafOf returns the Merkle leaf of a hash.
func leafOf(hash uint64) int { return int(hash >> (64 - leafBits)) }

// appendObjectKey appends the place of an object that has a value.
func appendObjectKey(dst []byte, p ring.Partition, hash uint64, key []byte) []byte {
	return appendPlace(dst, prefixObject, p, hash, key)
}

// appendPlace appends the place of an object, with a value (prefixObject) or dead
// (prefixGrave).
func appendPlace(dst []byte, prefix byte, p ring.Partition, hash uint64, key []byte) []byte {
	dst = append(dst, prefix)
	dst = binary.BigEndian.AppendUint16(dst, uint16(p))
	dst = binary.BigEndian.AppendUint32(dst, uint32(hash>>32))
	return append(dst, key...)
}

func appendHintKey(dst []byte, node causal.NodeID, p ring.Partition, hash uint64, key []byte) []byte {
	dst = append(dst, prefixHint)
	dst = binary.BigEndian.AppendUint64(dst, uint64(node))
	dst = binary.BigEndian.AppendUint16(dst, uint16(p))
	dst = binary.BigEndian.AppendUint32(dst, uint32(hash>>32))
	return append(dst, key...)
}

func appendIndexKey(dst []byte, prefix byte, p ring.Partition, unixMilli int64, hash uint64, key []byte) []byte {
	dst = append(dst, prefix)
	dst = binary.BigEndian.AppendUint16(dst, uint16(p))
	dst = binary.BigEndian.AppendUint64(dst, uint64(unixMilli))
	dst = binary.BigEndian.AppendUint32(dst, uint32(hash>>32))
	return append(dst, key...)
}

// partitionBounds returns the range of what a prefix holds of one partition. The upper
// bound exists for every partition, because no prefix byte is 0xff.
func partitionBounds(prefix byte, p ring.Partition) (lower, upper []byte) {
	lower = binary.BigEndian.AppendUint16([]byte{prefix}, uint16(p))
	if p == 1<<16-1 {
		return lower, []byte{prefix + 1}
	}
	return lower, binary.BigEndian.AppendUint16([]byte{prefix}, uint16(p)+1)
}

func prefixBounds(prefix byte) (lower, upper []byte) { return []byte{prefix}, []byte{prefix + 1} }

func hintBounds(node causal.NodeID) (lower, upper []byte) {
	lower = binary.BigEndian.AppendUint64([]byte{prefixHint}, uint64(node))
	if node == 1<<64-1 {
		return lower, []byte{prefixHint + 1}
	}
	return lower, binary.BigEndian.AppendUint64([]byte{prefixHint}, uint64(node)+1)
}

func splitObjectKey(b []byte) (p ring.Partition, hash uint32, key []byte, ok bool) {
	if len(b) < objectHeader || b[0] != prefixObject && b[0] != prefixGrave {
		return 0, 0, nil, false
	}
	return ring.Partition(binary.BigEndian.Uint16(b[1:])), binary.BigEndian.Uint32(b[3:]), b[objectHeader:], true
}

func splitHintKey(b []byte) (node causal.NodeID, p ring.Partition, key []byte, ok bool) {
	if len(b) < hintHeader || b[0] != prefixHint {
		return 0, 0, nil, false
	}
	return causal.NodeID(binary.BigEndian.Uint64(b[1:])), ring.Partition(binary.BigEndian.Uint16(b[9:])), b[hintHeader:], true
}

func splitIndexKey(b []byte) (p ring.Partition, unixMilli int64, key []byte, ok bool) {
	if len(b) < indexHeader || (b[0] != prefixExpiry && b[0] != prefixExpired && b[0] != prefixDead) {
		return 0, 0, nil, false
	}
	return ring.Partition(binary.BigEndian.Uint16(b[1:])), int64(binary.BigEndian.Uint64(b[3:])), b[indexHeader:], true
}
