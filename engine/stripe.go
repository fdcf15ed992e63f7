package engine

import "sync"

// Keys are locked by stripes. The number of a key's stripe is that of its Merkle leaf, in
// any partition, so that the holder of the stripe may change the leaf.
const stripeCount = Leaves

type stripe struct {
	sync.Mutex
	_ [56]byte // keeps neighbours on different cache lines
}

type stripes [stripeCount]stripe

// lockAll excludes every writer, for the rare work that spans all keys of a partition. It
// takes some tens of microseconds.
func (s *stripes) lockAll() {
	for i := range s {
		s[i].Lock()
	}
}

func (s *stripes) unlockAll() {
	for i := range s {
		s[i].Unlock()
	}
}
