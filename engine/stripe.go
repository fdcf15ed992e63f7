package engine

import "sync"

// Keys are locked by stripes. The stripe of a key is the Merkle leaf that it
// belongs to (in any partition), so that holding the stripe is holding the leaf.
const stripeCount = Leaves

type stripe struct {
	sync.Mutex
	_ [56]byte // keeps neighbours off each other's cache line
}

type stripes [stripeCount]stripe

// lockAll excludes every writer, for the rare work that spans partitions. It
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
