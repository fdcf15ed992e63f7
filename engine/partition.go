package engine

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/ring"
)

// DropPartition removes all objects of a partition, for good and durably, and
// has Run give back their space. Should the partition return, the node mints new
// epochs for its keys: what comes back from others may be older than what this
// node minted. Hints are not touched.
func (s *Store) DropPartition(p ring.Partition) error {
	_, err := s.drop(p, func() bool { return true })
	return err
}

// DropPartitionIf is DropPartition on condition that the partition still is what
// it was when the root of its Merkle tree was root. It reports whether it was.
func (s *Store) DropPartitionIf(p ring.Partition, root uint64) (dropped bool, err error) {
	return s.drop(p, func() bool {
		return s.ReadyPartition(p) && s.MerkleNodes(p, 0, []int{0})[0] == root
	})
}

// drop removes a partition if condition holds while all writers are shut out.
func (s *Store) drop(p ring.Partition, condition func() bool) (dropped bool, err error) {
	if int(p) >= s.opts.Partitions {
		return false, fmt.Errorf("drop partition %d of %d: out of range", p, s.opts.Partitions)
	}
	if !s.guard.enter() {
		return false, ErrClosed
	}
	defer s.guard.leave()
	if err := s.health.LastingErr(); err != nil {
		return false, err
	}
	b := s.db.NewBatch()
	for _, prefix := range []byte{prefixObject, prefixExpiry, prefixGrave} {
		from, to := partitionBounds(prefix, p)
		if err := b.DeleteRange(from, to, nil); err != nil {
			return false, errors.Join(err, b.Close())
		}
	}
	if dropped, err = s.dropLocked(b, p, condition); err != nil {
		return false, fmt.Errorf("drop partition %d: %w", p, err)
	}
	if !dropped {
		return false, b.Close()
	}
	if err := b.SyncWait(); err != nil {
		return false, fmt.Errorf("drop partition %d: %w", p, err)
	}
	if err := errors.Join(b.Close(), s.trusted()); err != nil {
		return false, fmt.Errorf("drop partition %d: %w", p, err)
	}
	select {
	case s.dropped <- p:
	default: // so many are waiting that this one is among them
	}
	return true, nil
}

// dropLocked commits the removal with all writers shut out, so that none books a
// change into the account that is given up.
func (s *Store) dropLocked(b *pebble.Batch, p ring.Partition, condition func() bool) (bool, error) {
	s.stripes.lockAll()
	defer s.stripes.unlockAll()
	if !condition() {
		return false, nil
	}
	floor := s.nextFloor()
	key, _ := partitionBounds(prefixFloor, p)
	if err := b.Set(key, binary.BigEndian.AppendUint64(nil, floor), nil); err != nil {
		return false, err
	}
	if err := s.db.ApplyNoSyncWait(b, pebble.Sync); err != nil {
		return false, err
	}
	s.epochs.floors[p].Store(floor)
	s.accounts.of[p].Store(nil)
	s.objects.ForgetPartition(p)
	s.accounts.setReady(p)
	return true, nil
}

// reclaim rewrites what holds a dropped partition, so that its space comes back
// now and not when the next writes happen to come by.
func (s *Store) reclaim(ctx context.Context, p ring.Partition) error {
	if !s.guard.enter() {
		return nil
	}
	defer s.guard.leave()
	if s.health.LastingErr() != nil {
		return nil
	}
	for _, prefix := range []byte{prefixObject, prefixExpiry, prefixGrave} {
		from, to := partitionBounds(prefix, p)
		if err := s.db.Compact(ctx, from, to, false); err != nil && ctx.Err() == nil {
			return fmt.Errorf("reclaim partition %d: %w", p, err)
		}
	}
	return nil
}
