package engine

import (
	"fmt"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
)

// diskLossKey is present while the node may lack objects that it once acknowledged. Its
// value is a [Doubt]; it is empty where the data was lost.
var diskLossKey = []byte{prefixInternal, 'g'}

// Doubt is why a store may lack what the node has acknowledged.
type Doubt string

// The reasons for doubt.
const (
	NoDoubt  Doubt = ""
	Lost     Doubt = "lost"     // the disk was lost, or is a new one
	Outdated Doubt = "outdated" // the disk is an older copy of itself, or another process took writes in its place
)

// DiskLoss tells whether the store may lack what the node has acknowledged, because its
// data was lost or put back from an older copy, and is not yet restored from other
// nodes. As long as that is so, nothing that is stored here, and nothing that is not,
// tells what the newest version of a key is.
type DiskLoss struct {
	db    *database
	doubt atomic.Pointer[Doubt]
}

// discard removes what a lost disk takes along, and notes the loss in the same durable
// batch. The mark of a clean stop goes as well: what it says of the Merkle trees is not
// true any more.
func (l *DiskLoss) discard() error {
	b := l.db.pebble.NewBatch()
	defer b.Close()
	for _, prefix := range append(partitionPrefixes[:], prefixHint, prefixHintPart, prefixTree) {
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

// load finds out whether an earlier start was in doubt, and was not repaired.
func (l *DiskLoss) load() error {
	value, found, err := l.db.load(diskLossKey)
	doubt := NoDoubt
	if found {
		if doubt = Doubt(value); doubt == NoDoubt {
			doubt = Lost
		}
	}
	l.doubt.Store(&doubt)
	return err
}

// Unrepaired reports whether the store may lack what the node has acknowledged, and
// MarkRepaired was not called since.
func (l *DiskLoss) Unrepaired() bool { return l.Doubt() != NoDoubt }

// Doubt returns why the store may lack what the node has acknowledged.
func (l *DiskLoss) Doubt() Doubt { return *l.doubt.Load() }

// Mark notes, durably, that the store may lack what the node has acknowledged.
func (l *DiskLoss) Mark(doubt Doubt) error {
	if err := l.db.enter(); err != nil {
		return err
	}
	defer l.db.guard.leave()
	l.doubt.Store(&doubt) // first, so that no answer is wrong meanwhile
	if err := l.db.pebble.Set(diskLossKey, []byte(doubt), pebble.Sync); err != nil {
		return fmt.Errorf("mark the data as %s: %w", doubt, err)
	}
	return l.db.checkSynced()
}

// MarkRepaired notes, durably, that the store has again all that it lacked.
func (l *DiskLoss) MarkRepaired() error {
	if err := l.db.enter(); err != nil {
		return err
	}
	defer l.db.guard.leave()
	if err := l.db.pebble.Delete(diskLossKey, pebble.Sync); err != nil {
		return fmt.Errorf("mark the data as repaired: %w", err)
	}
	none := NoDoubt
	l.doubt.Store(&none)
	return l.db.checkSynced()
}
