package engine

import (
	"fmt"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
)

// diskLossKey is present while the node may lack objects that it once acknowledged.
var diskLossKey = []byte{prefixInternal, 'g'}

// DiskLoss tells whether the data was lost (Options.LoseData) and is not yet restored
// from other nodes.
type DiskLoss struct {
	db         *database
	unrepaired atomic.Bool
}

// discard removes what a lost disk takes along, and notes the loss. The marks of a clean
// stop go in the same durable batch, so that no epoch of the past is continued whatever
// happens next (see [epochs]).
func (l *DiskLoss) discard() error {
	b := l.db.pebble.NewBatch()
	defer b.Close()
	for _, prefix := range []byte{prefixObject, prefixHint, prefixExpiry, prefixDead, prefixTree} {
		lower, upper := prefixBounds(prefix)
		if err := b.DeleteRange(lower, upper, nil); err != nil {
			return err
		}
	}
	if err := b.Delete(cleanStopKey, nil); err != nil {
		return err
	}
	if err := b.Set(diskLossKey, nil, nil); err != nil {
		return err
	}
	if err := l.db.pebble.Apply(b, pebble.Sync); err != nil {
		return fmt.Errorf("discard the data: %w", err)
	}
	return nil
}

// load finds out whether an earlier run lost the data and was not repaired.
func (l *DiskLoss) load() error {
	_, lost, err := l.db.load(diskLossKey)
	l.unrepaired.Store(lost)
	return err
}

// Unrepaired reports whether the data was lost, in this run or an earlier one, and
// MarkRepaired was not called since. While it is true, a key that is not stored here
// proves nothing.
func (l *DiskLoss) Unrepaired() bool { return l.unrepaired.Load() }

// MarkRepaired notes, durably, that the store has again all that it lost.
func (l *DiskLoss) MarkRepaired() error {
	if err := l.db.enter(); err != nil {
		return err
	}
	defer l.db.guard.leave()
	if err := l.db.pebble.Delete(diskLossKey, pebble.Sync); err != nil {
		return fmt.Errorf("mark the data as repaired: %w", err)
	}
	l.unrepaired.Store(false)
	return l.db.checkSynced()
}
