package engine

import (
	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// Editor makes a new version of an object.
type Editor interface {
	// Edit is called under the key's lock, and must not block nor call the store.
	// current is the stored object with Record.Merge merged in, valid during the call
	// only. mint names the new event. If write is false or err is not nil, next is
	// ignored. next may share memory with current, and belongs to Apply until it
	// returns.
	Edit(current *object.Object, mint *Minter) (next object.Object, write bool, err error)
}

// Record is one key's part of a batch. It belongs to the caller. Its slices must not
// change until Apply returns.
type Record struct {
	Partition ring.Partition
	Key       []byte
	// Hint is 0 for the node's own copy, else the node that the hint is for.
	Hint causal.NodeID
	// Merge is an encoded object to merge in, or nil.
	Merge []byte
	// Delta says that Merge is an encoded object.Delta, of the node's own copy.
	Delta bool
	// Edit is the coordinator's edit, or nil. It follows Merge.
	Edit Editor

	// Blind says that Edit does not look at the values of current: those of a large object
	// may be empty then.
	Blind bool

	// Room is memory that Apply may put Stored into, or nil.
	Room []byte

	// Stored is, after Apply, the encoded object that is stored, nil if there is
	// none, or if only some elements were read (see PartEditor). It belongs to the caller: it lies in Room if it fits there, and is Merge
	// itself if the merged object won.
	Stored []byte
	// Changed reports whether this record changed what is stored.
	Changed bool
	// Misses reports whether the stored object had sums that Merge did not have.
	Misses bool
	// Err is the error of this record alone: wire.ErrCorrupt if Merge cannot be
	// decoded, ErrCorrupt if the stored object cannot, ErrBehind, ErrHintsFull, ErrTooBig, or
	// the editor's error. Nothing was stored for the record then.
	Err error
}

func (r *Record) room() []byte { return r.Room[:0] }

// Commit is an applied batch that is on its way to the disk.
type Commit struct {
	w     *writer
	batch *pebble.Batch // nil if there is nothing to wait for
}

// Durable reports whether Wait will return at once.
func (c Commit) Durable() bool { return c.batch == nil }

// Wait returns once the batch is as safe as the durability mode promises. It returns the
// reason if the batch may not be safe. It must be called exactly once.
func (c Commit) Wait() error {
	if c.w == nil {
		return nil
	}
	var err error
	if c.batch != nil {
		err = c.batch.SyncWait()
		c.w.inflight.Add(-1)
		if cerr := c.batch.Close(); err == nil {
			err = cerr
		}
	}
	if err != nil {
		return err
	}
	return c.w.db.checkSynced()
}
