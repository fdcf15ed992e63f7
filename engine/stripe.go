package engine

import (
	"sync"
	"sync/atomic"
)

// The top stripeBits bits of a key's hash are the number of its stripe, in any partition.
// So keys that are sorted by hash are sorted by stripe, and each Merkle leaf has stripes of
// its own. Batches hold their stripes until they are committed. There are many, so that
// those of clients with pipelines seldom meet: a batch that waits for one stripe makes
// others wait for those that it has.
const (
	stripeBits  = 16
	stripeCount = 1 << stripeBits
)

// stripeOf returns the number of a hash's stripe.
func stripeOf(hash uint64) uint16 { return uint16(hash >> (64 - stripeBits)) }

// stripes are the locks of the keys. Whoever locks some keys shares one of the intents, any
// of them, before the first stripe. Whoever excludes all of those takes every intent for
// itself, and need not touch the stripes.
type stripes struct {
	intents [intentCount]intent
	next    atomic.Uint32 // for newIntent
	keys    [stripeCount]sync.Mutex
}

// intentCount bounds what lockAll takes. It is more than one, so that the processors seldom
// write to the same intent.
const intentCount = 16

type intent struct {
	sync.RWMutex
	_ [40]byte // keeps neighbours on different cache lines
}

// newIntent returns the number of the intent for a new txn. A pooled txn keeps it: the pool
// prefers those that were last used on the same processor.
func (s *stripes) newIntent() int { return int(s.next.Add(1) % intentCount) }

// lock locks stripes, whose numbers ascend.
func (s *stripes) lock(intent int, numbers []uint16) {
	s.intents[intent].RLock()
	for _, n := range numbers {
		s.keys[n].Lock()
	}
}

// unlock unlocks what lock has locked.
func (s *stripes) unlock(intent int, numbers []uint16) {
	for _, n := range numbers {
		s.keys[n].Unlock()
	}
	s.intents[intent].RUnlock()
}

// tryLockKey locks the stripe of a key, given by its hash, if nobody has to be waited for.
func (s *stripes) tryLockKey(hash uint64) bool {
	intent := &s.intents[hash%intentCount]
	if !intent.TryRLock() {
		return false
	}
	if s.keys[stripeOf(hash)].TryLock() {
		return true
	}
	intent.RUnlock()
	return false
}

// unlockKey unlocks what tryLockKey has locked.
func (s *stripes) unlockKey(hash uint64) {
	s.keys[stripeOf(hash)].Unlock()
	s.intents[hash%intentCount].RUnlock()
}

// lockAll excludes every holder of a stripe, for the rare work that spans all keys of a
// partition.
func (s *stripes) lockAll() {
	for i := range s.intents {
		s.intents[i].Lock()
	}
}

func (s *stripes) unlockAll() {
	for i := range s.intents {
		s.intents[i].Unlock()
	}
}
