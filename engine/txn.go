package engine

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// maxBatch is how many bytes one commit may hold. Pebble's own limit is 4 GiB.
const maxBatch = 3 << 30

// A txn that grew beyond these limits is not kept for the next batch.
const (
	maxKeptBytes   = 64 << 10
	maxKeptRecords = 8 << 10
)

// txn is one batch: the keys it touches, locked, and what it will change on disk and in
// memory. It is pooled with all its memory.
//
//  1. add every key, then lock. Keys that are sorted by hash are sorted by stripe as
//     well, so that all txns lock in one order, and a key's records lie side by side.
//  2. Read, decide, and collect the changes.
//  3. commit: apply the batch to the memtable, publish the changes, unlock. The Commit
//     waits for the sync, without locks.
type txn struct {
	w       *writer
	order   []hashedRecord
	results []recordResult // by place in order
	locked  []uint16       // stripes, ascending
	intent  int            // among those of the stripes
	batch   *pebble.Batch

	stats    []statsChange
	hints    []hintChange
	expiries []expiryAdded
	caches   []cacheUpdate

	before func() // called when the batch is committed, before its changes are published; or nil

	foundSame bool // a record found stored what it would have stored
	key, idx  []byte
	value     []byte // of an object that came from the cache
	cell      []byte // an encoded one
	part      part
	old, in   object.Object
	shown     object.Object // to the editor
	minter    Minter        // for the editor
}

// hashedRecord is the hash of a key and the index of its record.
type hashedRecord struct {
	hash  uint64
	index int
}

// compareHashed orders records by hash, and those of one hash as they came.
func compareHashed(a, b hashedRecord) int {
	if c := cmp.Compare(a.hash, b.hash); c != 0 {
		return c
	}
	return cmp.Compare(a.index, b.index)
}

// recordResult is what a record left behind, for later records of the same key.
type recordResult struct {
	set     bool
	known   bool // the index state is known
	created int64
	digest  object.Digest
	state   indexState
	split   *splitRecord  // what lies in the object's place, if it was left there
	spread  *spreadRecord // what lies there of a spread object
}

// cacheUpdate is a change for the object cache; object is nil for a removal.
type cacheUpdate struct {
	partition ring.Partition
	hash      uint64
	key       []byte
	object    []byte
	digest    object.Digest
	forget    bool // the cache is to know nothing of the key
}

// expiryAdded is a new entry of the index of what expires, or of what has expired.
type expiryAdded struct {
	times     *expiryTimes
	partition ring.Partition
	at        int64
}

// add adds a record by its key's hash and its index.
func (t *txn) add(hash uint64, index int) {
	t.order = append(t.order, hashedRecord{hash: hash, index: index})
}

// lock sorts the records by key and locks their stripes.
func (t *txn) lock() {
	if len(t.order) > 1 {
		slices.SortFunc(t.order, compareHashed)
	}
	t.prefetch()
	for _, o := range t.order {
		if n := stripeOf(o.hash); len(t.locked) == 0 || n != t.locked[len(t.locked)-1] {
			t.locked = append(t.locked, n)
		}
	}
	if len(t.locked) > 0 {
		t.w.stripes.lock(t.intent, t.locked)
	}
	t.results = slices.Grow(t.results[:0], len(t.order))[:len(t.order)]
	clear(t.results)
}

// prefetch has the processor load what the records will find in the object cache. The txn
// holds no lock while it is loaded.
func (t *txn) prefetch() {
	var hashes [prefetched]uint64
	for first := 0; first < len(t.order); first += prefetched {
		part := t.order[first:min(first+prefetched, len(t.order))]
		for i, o := range part {
			hashes[i] = o.hash
		}
		t.w.objects.Prefetch(hashes[:len(part)])
	}
}

func (t *txn) unlock() {
	if len(t.locked) > 0 {
		t.w.stripes.unlock(t.intent, t.locked)
	}
	t.locked = t.locked[:0]
}

// release gives back everything that the txn still holds, after commit or instead of it.
func (t *txn) release() {
	t.unlock()
	if t.batch != nil {
		_ = t.batch.Close() // gives memory back
		t.batch = nil
	}
	t.order, t.results = t.order[:0], t.results[:0]
	t.stats, t.hints, t.expiries = t.stats[:0], t.hints[:0], t.expiries[:0]
	clear(t.caches)
	t.caches = t.caches[:0]
	t.before = nil
	t.foundSame = false
	t.part.reset()
	// The pool may keep nothing else alive, least of all Pebble's blocks.
	t.old.Forget()
	t.in.Forget()
	t.shown = object.Object{}
	if cap(t.value) > maxKeptBytes {
		t.value = nil
	}
	if cap(t.cell) > maxKeptBytes {
		t.cell = nil
	}
	if cap(t.key) > maxKeptBytes || cap(t.order) > maxKeptRecords {
		return // one large batch must not make all pooled txns large
	}
	t.w.txns.Put(t)
}

// syncMode says what commit asks of the disk.
type syncMode uint8

const (
	syncAsConfigured syncMode = iota
	syncNow                   // the changes, and what was found the same, in either durability mode
	syncNever                 // a crash may lose the changes, which would be made again
)

// commit applies the batch to the memtable, publishes its changes and unlocks.
func (t *txn) commit(mode syncMode) (Commit, error) {
	w := t.w
	always := w.db.opts.Durability == Always
	sync := mode == syncNow || always && mode == syncAsConfigured
	if t.batch.Empty() {
		if !t.foundSame || !sync || always && w.inflight.Load() == 0 {
			return Commit{w: w}, nil
		}
		// What a record found may be another write that is still on its way to the
		// disk, or has not been sent there. Syncing anything after that write makes it safe.
		if err := t.batch.LogData(nil, nil); err != nil {
			return Commit{}, err
		}
	}
	b := t.batch
	w.db.space.Wrote(b.Len())
	var err error
	if sync {
		w.inflight.Add(1)
		err = w.db.pebble.ApplyNoSyncWait(b, pebble.Sync)
	} else {
		err = w.db.pebble.Apply(b, pebble.NoSync)
		w.unsynced.Store(true)
	}
	if err != nil {
		err = fmt.Errorf("%w: commit: %w", ErrFatal, err)
		w.db.health.Fail(err)
		w.db.disk.Freeze()
		for _, c := range t.caches { // it is unknown what a reader finds now
			w.objects.Forget(c.partition, c.hash, c.key)
		}
		return Commit{}, err
	}
	t.publish()
	t.unlock()
	if !sync {
		return Commit{w: w}, nil // release closes the batch
	}
	t.batch = nil
	return Commit{w: w, batch: b}, nil
}

// publish brings everything in memory up to what was committed. It follows the commit, so
// that whoever clears a time of the expiry index and then reads the index finds the entry.
func (t *txn) publish() {
	w := t.w
	if t.before != nil {
		t.before()
	}
	for _, c := range t.stats {
		w.stats.apply(c)
	}
	for _, c := range t.caches {
		if c.forget {
			w.objects.Forget(c.partition, c.hash, c.key)
		} else {
			w.objects.Put(c.partition, c.hash, c.key, c.object, c.digest)
		}
	}
	for _, c := range t.hints {
		w.hints.apply(c)
	}
	if len(t.caches) > 0 && w.written.noting.Load() {
		w.written.add(t.caches)
	}
	for _, e := range t.expiries {
		e.times.added(e.partition, e.at)
	}
}

// earlier returns the place of the latest earlier record of the same key, or -1.
func (t *txn) earlier(recs []*Record, at int) int {
	r := recs[t.order[at].index]
	for j := at - 1; j >= 0 && t.order[j].hash == t.order[at].hash; j-- {
		q := recs[t.order[j].index]
		if t.results[j].set && q.Hint == r.Hint && q.Partition == r.Partition && bytes.Equal(q.Key, r.Key) {
			return j
		}
	}
	return -1
}

// put stores an object, whose key is locked, in its place. An object that comes from the
// other place is removed there.
func (t *txn) put(p ring.Partition, hash uint64, key []byte, from, to indexState, encoded []byte) error {
	if to.Lifetime != from.Lifetime || to.counted != from.counted {
		if err := t.reindex(p, hash, key, from, to); err != nil {
			return err
		}
	}
	if place := from.place(); place != 0 && place != to.place() {
		t.key = appendPlace(t.key[:0], place, p, hash, key)
		if err := t.batch.Delete(t.key, nil); err != nil {
			return err
		}
	}
	t.key = appendPlace(t.key[:0], to.place(), p, hash, key)
	t.makeRoom(len(t.key) + len(encoded))
	return t.batch.Set(t.key, encoded, nil)
}

// largeRecord is a record for which a batch is made as large as it needs to be. A batch
// that grows by itself doubles, and may take twice as much.
const largeRecord = 1 << 20

// makeRoom makes an empty batch large enough for a large record.
func (t *txn) makeRoom(record int) {
	if record < largeRecord || !t.batch.Empty() {
		return
	}
	_ = t.batch.Close() // gives memory back
	t.batch = t.w.db.pebble.NewBatchWithSize(record + objectHeader + batchHeader)
}

// batchHeader is more than a batch adds to its only record, in bytes.
const batchHeader = 64

// indexStateOf returns the state of a stored object. It reads the index only where the
// sweep may have been.
func (t *txn) indexStateOf(o *object.Object, p ring.Partition, hash uint64, key []byte) (indexState, error) {
	st := indexStateOf(o.Lifetime())
	if st.Kind != object.Expiring || st.At > t.w.expiry.bound.Load() {
		return st, nil
	}
	t.idx = appendIndexKey(t.idx[:0], prefixExpiry, p, st.At, hash, key)
	v, c, err := t.w.db.get(t.idx)
	if err != nil {
		return st, err
	}
	st.counted = v != nil
	if c != nil {
		err = c.Close()
	}
	return st, err
}

// reindex moves an object's index entry from one state to another.
func (t *txn) reindex(p ring.Partition, hash uint64, key []byte, from, to indexState) error {
	if i := from.index(); i != 0 {
		t.idx = appendIndexKey(t.idx[:0], i, p, from.At, hash, key)
		if err := t.batch.Delete(t.idx, nil); err != nil {
			return err
		}
	}
	i := to.index()
	if i == 0 {
		return nil
	}
	switch i {
	case prefixExpiry:
		t.expiries = append(t.expiries, expiryAdded{times: t.w.expiry, partition: p, at: to.At})
	case prefixExpired:
		t.expiries = append(t.expiries, expiryAdded{times: t.w.expired, partition: p, at: to.At})
	}
	t.idx = appendIndexKey(t.idx[:0], i, p, to.At, hash, key)
	return t.batch.Set(t.idx, nil, nil)
}
