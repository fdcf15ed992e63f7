package engine

import (
	"sync/atomic"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// account is what is known of a partition's contents without reading them: its
// Merkle leaves and its counts. All are sums (XOR, addition) over the objects, so
// that a write adjusts them by what it takes away and what it brings, and so that
// a rebuild can add what lay on disk while writes go on.
//
// A leaf is changed only by the holder of the stripe with its number; it is read
// by anybody.
type account struct {
	live, total, bytes atomic.Int64
	leaves             [Leaves]atomic.Uint64
	shadow             atomic.Pointer[account] // being scrubbed: takes all changes as well
}

// accounts holds one account per partition that has one. A partition without
// objects needs none.
type accounts struct {
	of    []atomic.Pointer[account]
	ready []atomic.Bool // the account is complete
	// unready counts the partitions yet to be rebuilt.
	unready atomic.Int64
}

func newAccounts(partitions int) accounts {
	return accounts{of: make([]atomic.Pointer[account], partitions), ready: make([]atomic.Bool, partitions)}
}

func (a *accounts) get(p ring.Partition) *account {
	for {
		if acc := a.of[p].Load(); acc != nil {
			return acc
		}
		a.of[p].CompareAndSwap(nil, new(account))
	}
}

// setReady marks a partition's account complete.
func (a *accounts) setReady(p ring.Partition) {
	if a.ready[p].CompareAndSwap(false, true) {
		a.unready.Add(-1)
	}
}

// change is what a write does to the account of its partition.
type change struct {
	partition   ring.Partition
	leaf        uint16
	live, total int8
	bytes       int64
	digest      object.Digest // old XOR new
}

// apply books a change; the stripe c.leaf is held.
func (a *accounts) apply(c change) {
	acc := a.get(c.partition)
	acc.apply(c)
	if shadow := acc.shadow.Load(); shadow != nil {
		shadow.apply(c)
	}
}

func (acc *account) apply(c change) {
	leaf := &acc.leaves[c.leaf]
	leaf.Store(leaf.Load() ^ uint64(c.digest))
	if c.live != 0 {
		acc.live.Add(int64(c.live))
	}
	if c.total != 0 {
		acc.total.Add(int64(c.total))
	}
	if c.bytes != 0 {
		acc.bytes.Add(c.bytes)
	}
}

// equal compares two accounts that nobody changes.
func (acc *account) equal(other *account) bool {
	for i := range acc.leaves {
		if acc.leaves[i].Load() != other.leaves[i].Load() {
			return false
		}
	}
	return acc.live.Load() == other.live.Load() && acc.total.Load() == other.total.Load() &&
		acc.bytes.Load() == other.bytes.Load()
}

// Keys counts a partition's keys: live ones, as far as the expiry sweep has come,
// and all, tombstones included. While trees are being rebuilt it counts what was
// found so far.
func (s *Store) Keys(p ring.Partition) (live, total int64) {
	if int(p) >= len(s.accounts.of) {
		return 0, 0
	}
	acc := s.accounts.of[p].Load()
	if acc == nil {
		return 0, 0
	}
	return max(acc.live.Load(), 0), max(acc.total.Load(), 0)
}

// Bytes is the size of a partition's keys and encoded objects, before
// compression and without what is on its way out.
func (s *Store) Bytes(p ring.Partition) int64 {
	if int(p) >= len(s.accounts.of) {
		return 0
	}
	if acc := s.accounts.of[p].Load(); acc != nil {
		return max(acc.bytes.Load(), 0)
	}
	return 0
}
