package engine

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"

	"github.com/quorate/quorate/cluster/core/ring"
)

// The shape of a partition's Merkle tree. Level 0 is the root, level
// MerkleLevels-1 the leaves. A leaf is the XOR of the digests of the objects whose
// hash begins with its ten bits. A node above is a hash of its four children, so
// that XORs that happen to agree across leaves do not cancel; a node over nothing
// is 0.
const (
	leafBits     = 10
	Leaves       = 1 << leafBits
	MerkleFanout = 4
	MerkleLevels = 6
)

// MerkleRoots appends the root of every partition to dst, 0 for an empty one. A
// partition that is not yet ready has a root that tells nothing.
func (s *Store) MerkleRoots(dst []uint64) []uint64 {
	for p := range s.accounts.of {
		var root uint64
		if acc := s.accounts.of[p].Load(); acc != nil {
			root = acc.node(0, 0)
		}
		dst = append(dst, root)
	}
	return dst
}

// MerkleNodes returns the nodes of a level with the given indexes: all of them
// if idx is nil. Out of range is 0, as for an empty subtree.
func (s *Store) MerkleNodes(p ring.Partition, level int, idx []int) []uint64 {
	if idx == nil && level >= 0 && level < MerkleLevels {
		idx = make([]int, 1<<(2*level))
		for i := range idx {
			idx[i] = i
		}
	}
	nodes := make([]uint64, len(idx))
	if int(p) >= len(s.accounts.of) || level < 0 || level >= MerkleLevels {
		return nodes
	}
	acc := s.accounts.of[p].Load()
	if acc == nil {
		return nodes
	}
	for i, n := range idx {
		if n >= 0 && n < 1<<(2*level) {
			nodes[i] = acc.node(level, n)
		}
	}
	return nodes
}

// Ready says whether every partition's tree is complete.
func (s *Store) Ready() bool { return s.accounts.unready.Load() == 0 }

// ReadyPartition says whether one partition's tree is complete.
func (s *Store) ReadyPartition(p ring.Partition) bool {
	return int(p) < len(s.accounts.ready) && s.accounts.ready[p].Load()
}

// node computes one node from the leaves below it.
func (a *account) node(level, index int) uint64 {
	if level == MerkleLevels-1 {
		return a.leaves[index].Load()
	}
	var children [8 * MerkleFanout]byte
	var any uint64
	for i := range MerkleFanout {
		child := a.node(level+1, index*MerkleFanout+i)
		any |= child
		binary.LittleEndian.PutUint64(children[8*i:], child)
	}
	if any == 0 {
		return 0
	}
	return xxhash.Sum64(children[:])
}
