package engine

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// recount sums up what a snapshot holds of one partition at a time.
type recount struct {
	db       *database
	snapshot *pebble.Snapshot
	recent   int64 // unix ms; the sweep may have taken what expires before
	keys     int64 // of all partitions so far

	live, total, bytes  int64 // of this partition
	valued              int64
	expiring, expirySum int64
	dead                int64
	leaves              [Leaves]uint64
	newest              newestEpochs

	object object.Object
	index  []byte
}

func newRecount(db *database, snapshot *pebble.Snapshot) *recount {
	return &recount{db: db, snapshot: snapshot, recent: db.now() + expirySlack.Milliseconds()}
}

// add adds one object to the sums.
func (r *recount) add(e chunkEntry) error {
	p, hash, key, ok := splitObjectKey(e.key)
	if !ok || int(p) >= r.db.opts.Partitions {
		return r.db.corrupt("key", fmt.Errorf("%x", e.key))
	}
	found := storedObject{object: e.value}
	if err := r.db.parseLarge(&found, partsPlace{}); err != nil {
		return err
	}
	if !found.isLarge() {
		found.digest = object.SeedOf(key).Digest(e.value)
	}
	if err := r.object.DecodeFrom(found.object); err != nil {
		return r.db.corrupt("stored object", err)
	}
	r.object.Rest = found.spread.total
	st := indexStateOf(r.object.Lifetime())
	if st.Kind == object.Expiring && st.At <= r.recent {
		swept, err := r.swept(p, st.At, key)
		if err != nil {
			return err
		}
		st.counted = !swept
	}
	r.newest.see(r.object.Clock)
	r.live += int64(st.live())
	r.valued += int64(st.valued())
	r.expiring += int64(st.expiring())
	r.expirySum += st.expirySum()
	r.dead += int64(st.dead())
	r.total++
	r.keys++
	r.bytes += int64(len(key) + found.length())
	r.leaves[hash>>(32-leafBits)] ^= uint64(found.digest)
	return nil
}

// swept reports whether the sweep had taken an object off the expiry index when the
// snapshot was taken.
func (r *recount) swept(p ring.Partition, at int64, key []byte) (bool, error) {
	if !r.db.guard.enter() {
		return false, ErrClosed
	}
	defer r.db.guard.leave()
	r.index = appendIndexKey(r.index[:0], prefixExpiry, p, at, hashOf(key), key)
	_, c, err := r.snapshot.Get(r.index)
	if errors.Is(err, pebble.ErrNotFound) {
		return true, nil
	}
	if err != nil {
		return false, r.db.readError("read expiry index", err)
	}
	return false, c.Close()
}

// addTo adds the sums to the partition's statistics. The caller holds all stripes.
func (r *recount) addTo(stats *partitionStats) {
	for i, x := range r.leaves {
		stats.toggle(i, x)
	}
	stats.live.Add(r.live)
	stats.valued.Add(r.valued)
	stats.expiring.Add(r.expiring)
	stats.expirySum.Add(r.expirySum)
	stats.dead.Add(r.dead)
	stats.total.Add(r.total)
	stats.bytes.Add(r.bytes)
}

// reset begins another partition.
func (r *recount) reset() {
	r.live, r.total, r.bytes, r.valued = 0, 0, 0, 0
	r.expiring, r.expirySum, r.dead = 0, 0, 0
	clear(r.leaves[:])
	r.newest.list.Store(nil)
	r.newest.more.Store(false)
}
