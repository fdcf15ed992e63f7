package engine

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine/objectcache"
)

// Partitions counts what each partition holds, and drops partitions.
type Partitions struct {
	db      *database
	stats   *statistics
	stripes *stripes
	epochs  *epochs
	objects *objectcache.Cache
	reclaim *reclaimer
}

// Keys counts a partition's keys: the live ones, as far as the expiry sweep has come,
// and all of them, tombstones included. While the statistics are being rebuilt it counts
// what was found so far.
func (a *Partitions) Keys(p ring.Partition) (live, total int64) {
	stats := a.stats.at(p)
	if stats == nil {
		return 0, 0
	}
	return max(stats.live.Load(), 0), max(stats.total.Load(), 0)
}

// Valued counts a partition's objects that have a value, as far as the expiry sweep has
// come: the live keys, and those whose value is hidden by a newer deletion. While the
// statistics are being rebuilt it counts what was found so far.
func (a *Partitions) Valued(p ring.Partition) int64 {
	if stats := a.stats.at(p); stats != nil {
		return max(stats.valued.Load(), 0)
	}
	return 0
}

// Expiring counts a partition's live keys that expire, as far as the expiry sweep has
// come, and adds up their expiries, in unix seconds.
func (a *Partitions) Expiring(p ring.Partition) (keys, sum int64) {
	stats := a.stats.at(p)
	if stats == nil {
		return 0, 0
	}
	return max(stats.expiring.Load(), 0), max(stats.expirySum.Load(), 0)
}

// Bytes returns the size of a partition's keys and encoded objects, before compression
// and without space that is yet to be reclaimed.
func (a *Partitions) Bytes(p ring.Partition) int64 {
	if stats := a.stats.at(p); stats != nil {
		return max(stats.bytes.Load(), 0)
	}
	return 0
}

// DropIf removes all objects of a partition, for good and durably, if the partition still
// is what it was when the root of its Merkle tree was root. It reports whether it was.
// [Store.Run] reclaims the space. If the partition returns, the node mints new epochs for
// its keys, because what comes back from other nodes may be older than what this node
// minted. Hints stay.
func (a *Partitions) DropIf(p ring.Partition, root uint64) (dropped bool, err error) {
	return a.drop(p, func() bool {
		return a.stats.isReady(p) && (&Merkle{a.stats}).Root(p) == root
	})
}

// drop removes a partition if condition holds while all writers are shut out.
func (a *Partitions) drop(p ring.Partition, condition func() bool) (dropped bool, err error) {
	if int(p) >= a.db.opts.Partitions {
		return false, fmt.Errorf("drop partition %d of %d: out of range", p, a.db.opts.Partitions)
	}
	if err := a.db.enter(); err != nil {
		return false, err
	}
	defer a.db.guard.leave()
	b := a.db.pebble.NewBatch()
	for _, prefix := range partitionPrefixes {
		from, to := partitionBounds(prefix, p)
		if err := b.DeleteRange(from, to, nil); err != nil {
			return false, errors.Join(err, b.Close())
		}
	}
	if dropped, err = a.commitDrop(b, p, condition); err != nil {
		return false, fmt.Errorf("drop partition %d: %w", p, err)
	}
	if !dropped {
		return false, b.Close()
	}
	if err := b.SyncWait(); err != nil {
		return false, fmt.Errorf("drop partition %d: %w", p, err)
	}
	if err := errors.Join(b.Close(), a.db.checkSynced()); err != nil {
		return false, fmt.Errorf("drop partition %d: %w", p, err)
	}
	a.reclaim.drop(p)
	return true, nil
}

// commitDrop commits the removal with all writers shut out, so that none changes the
// statistics that are given up.
func (a *Partitions) commitDrop(b *pebble.Batch, p ring.Partition, condition func() bool) (bool, error) {
	a.stripes.lockAll()
	defer a.stripes.unlockAll()
	if !condition() {
		return false, nil
	}
	if err := a.db.pebble.ApplyNoSyncWait(b, pebble.Sync); err != nil {
		return false, err
	}
	lift(&a.epochs.partitionFloors[p], a.epochs.nextFloor())
	a.stats.of[p].Store(nil)
	a.objects.ForgetPartition(p)
	a.stats.setReady(p)
	return true, nil
}
