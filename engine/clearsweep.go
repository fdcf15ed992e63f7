package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// Sweeps of partitions of which it is not known that a clear covers all.

// clearBatch is how many objects a sweep filters in one batch.
const clearBatch = 256

// sweep filters the objects of the partitions that are left, and then shows the clear's mark.
// The caller holds x.mu.
func (x *Clears) sweep() error {
	swept := len(x.unswept) > 0
	for len(x.unswept) > 0 {
		if err := x.sweepPartition(x.unswept[0]); err != nil {
			return fmt.Errorf("sweep partition %d: %w", x.unswept[0], err)
		}
		x.unswept = x.unswept[1:]
	}
	if swept {
		if err := x.db.pebble.Delete(unsweptKey, pebble.Sync); err != nil {
			return fmt.Errorf("end of a sweep: %w", err)
		}
		if err := x.db.checkSynced(); err != nil {
			return err
		}
	}
	x.mark.Store(x.Current().Mark())
	return nil
}

// sweepPartition filters the objects of one partition.
func (x *Clears) sweepPartition(p ring.Partition) error {
	clear := x.Current()
	var o object.Object
	var keys [][]byte
	lower, upper := partitionBounds(prefixObject, p)
	for e, err := range x.db.objectChunks(x.db.pebble, lower, upper) {
		if err != nil {
			return err
		}
		_, _, key, ok := splitObjectKey(e.key)
		if !ok {
			return x.db.corrupt("key", fmt.Errorf("%x", e.key))
		}
		found := storedObject{object: e.value}
		if err := x.db.parseLarge(&found, partsPlace{}); err != nil {
			return err
		}
		if err := o.DecodeFrom(found.object); err != nil {
			return x.db.corrupt("stored object", err)
		}
		if _, changed := clear.Filter(o); changed {
			keys = append(keys, append([]byte(nil), key...))
		}
		if len(keys) == clearBatch {
			if err := x.filterKeys(p, keys); err != nil {
				return err
			}
			keys = keys[:0]
		}
	}
	return x.filterKeys(p, keys)
}

// filterKeys filters the objects of some keys in one batch.
func (x *Clears) filterKeys(p ring.Partition, keys [][]byte) error {
	t := x.writer.newTxn()
	defer t.release()
	for i, key := range keys {
		t.add(hashOf(key), i)
	}
	t.lock()
	for _, o := range t.order {
		if err := t.filter(p, o.hash, keys[o.index]); err != nil {
			return err
		}
	}
	commit, err := t.commit(syncNever) // the next start sweeps again
	if err != nil {
		return err
	}
	return commit.Wait()
}

// filter filters the object of a key, which is locked.
func (t *txn) filter(p ring.Partition, hash uint64, key []byte) error {
	old, err := t.find(p, hash, key)
	if err != nil || old.object == nil {
		return err
	}
	defer old.close()
	if err := t.old.DecodeFrom(old.object); err != nil {
		return t.w.db.corrupt("stored object", err)
	}
	left, changed := t.w.obeyed.filter(t.old)
	if !changed {
		return nil
	}
	from, err := t.indexStateOf(&t.old, p, hash, key)
	if err != nil {
		return err
	}
	return t.putNew(p, hash, key, from, &left, old)
}

// finish ends a sweep that an earlier start began. If it cannot, the next start does.
func (x *Clears) finish(ctx context.Context) {
	if ctx.Err() != nil || x.db.enter() != nil {
		return
	}
	defer x.db.guard.leave()
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.sweep(); err != nil && !errors.Is(err, ErrClosed) {
		x.db.opts.Logger.Error("what was cleared is not removed yet", "err", err)
	}
}
