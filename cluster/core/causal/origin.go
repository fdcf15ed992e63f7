package causal

import "cmp"

// Life names one run of a node's process: no two runs of any nodes have the same.
type Life uint64

// Origin identifies an update that one node issued and another one coordinates: the life
// of the node that issued it, and the stamp that it gave it, which no other update of
// that life has. An update that is sent to several coordinators keeps its origin. The
// zero Origin identifies none.
type Origin struct {
	Life  Life
	Stamp Timestamp
}

// Compare orders origins by life, then by stamp.
func (o Origin) Compare(p Origin) int {
	if c := cmp.Compare(o.Life, p.Life); c != 0 {
		return c
	}
	return cmp.Compare(o.Stamp, p.Stamp)
}

// LifeOf returns the life of a node that began at the time t of its clock and may use
// epochs from first on. Both tell lives apart: a clock may be set back between two starts,
// and a disk may be lost.
func LifeOf(node NodeID, first Epoch, t Timestamp) Life {
	x := uint64(node)
	for _, n := range []uint64{uint64(first), uint64(t)} {
		// The finalizer of SplitMix64 spreads them over all bits.
		x ^= n * 0x9e3779b97f4a7c15
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		x ^= x >> 31
	}
	return Life(max(x, 1))
}
