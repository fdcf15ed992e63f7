package engine

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"

	"github.com/quorate/quorate/cluster/core/ring"
)

// The shape of a partition's Merkle tree. Level 0 is the root, level MerkleLevels-1 the
// leaves. A leaf is the XOR of the digests of the objects whose hash begins with its ten
// bits. A node above is a hash of its four children, so that XORs that agree by chance
// across leaves do not cancel; a node over nothing is 0.
const (
	leafBits     = 10
	Leaves       = 1 << leafBits
	MerkleFanout = 4
	MerkleLevels = 6
)

// Merkle shows the Merkle trees of the partitions.
type Merkle struct{ stats *statistics }

// Roots appends the root of every partition to dst, 0 for an empty one. The root of a
// partition that is not yet ready says nothing.
func (m *Merkle) Roots(dst []uint64) []uint64 {
	for p := range m.stats.of {
		dst = append(dst, m.Root(ring.Partition(p)))
	}
	return dst
}

// Root returns the root of one partition, 0 for an empty one.
func (m *Merkle) Root(p ring.Partition) uint64 {
	if stats := m.stats.at(p); stats != nil {
		return stats.node(0, 0)
	}
	return 0
}

// Nodes returns the nodes of a level with the given indexes: all of them if idx is nil.
// An index out of range gives 0, as an empty subtree does.
func (m *Merkle) Nodes(p ring.Partition, level int, idx []int) []uint64 {
	if idx == nil && level >= 0 && level < MerkleLevels {
		idx = make([]int, 1<<(2*level))
		for i := range idx {
			idx[i] = i
		}
	}
	nodes := make([]uint64, len(idx))
	stats := m.stats.at(p)
	if stats == nil || level < 0 || level >= MerkleLevels {
		return nodes
	}
	for i, n := range idx {
		if n >= 0 && n < 1<<(2*level) {
			nodes[i] = stats.node(level, n)
		}
	}
	return nodes
}

// Ready reports whether the tree of every partition is complete.
func (m *Merkle) Ready() bool { return m.stats.allReady() }

// PartitionReady reports whether one partition's tree is complete.
func (m *Merkle) PartitionReady(p ring.Partition) bool { return m.stats.isReady(p) }

// node computes one node from the leaves below it.
func (s *partitionStats) node(level, index int) uint64 {
	if level == MerkleLevels-1 {
		return s.leaves[index].Load()
	}
	var children [8 * MerkleFanout]byte
	var any uint64
	for i := range MerkleFanout {
		child := s.node(level+1, index*MerkleFanout+i)
		any |= child
		binary.LittleEndian.PutUint64(children[8*i:], child)
	}
	if any == 0 {
		return 0
	}
	return xxhash.Sum64(children[:])
}
