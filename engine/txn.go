package engine

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine/objectcache"
)

// maxBatch is what one commit may hold; Pebble's own limit is 4 GiB.
const maxBatch = 3 << 30

// A txn that grew beyond these is not kept for the next batch.
const (
	maxKeptBytes   = 64 << 10
	maxKeptRecords = 8 << 10
)

// txn is one batch in the making: the keys it touches, locked, and what it will
// change on disk and in the books. It is pooled with all its memory.
//
//  1. add every key, then lock: keys sorted by hash are sorted by stripe as well,
//     so that all txns lock in one order, and a key's records lie side by side.
//  2. Read, decide, and put what changes into the batch and the books.
//  3. finish: commit to the memtable, book, unlock. The sync is waited for by the
//     Commit, without locks.
type txn struct {
	store    *Store
	order    []slot
	outcomes []outcome // by place in order
	locked   []uint16  // stripes, ascending
	batch    *pebble.Batch
	changes  []change
	hinted   []hintChange
	expiries []expiryNote
	caches   []cacheNote
	same     bool // a record found what it would have stored
	key, idx []byte
	value    []byte // of an object that came from the cache
	old, in  object.Object
	shown    object.Object // to the editor
	minter   Minter        // for the editor
}

type slot struct {
	hash  uint64
	index int
}

// outcome is what a record left behind, for later records of the same key.
type outcome struct {
	set     bool
	known   bool // standing is known
	created int64
	digest  object.Digest
	standing
}

// cacheNote is a change for the object cache; object is nil for a removal.
type cacheNote struct {
	partition ring.Partition
	hash      uint64
	key       []byte
	object    []byte
	digest    object.Digest
}

// expiryNote tells the sweep of a new entry.
type expiryNote struct {
	partition ring.Partition
	at        int64
}

func (s *Store) newTxn() *txn {
	t := s.txns.Get().(*txn)
	t.batch = s.db.NewBatch()
	return t
}

func (t *txn) add(hash uint64, index int) {
	t.order = append(t.order, slot{hash: hash, index: index})
}

func (t *txn) lock() {
	if len(t.order) > 1 {
		slices.SortFunc(t.order, func(a, b slot) int {
			if c := cmp.Compare(a.hash, b.hash); c != 0 {
				return c
			}
			return cmp.Compare(a.index, b.index)
		})
	}
	last := -1
	for _, o := range t.order {
		if n := leafOf(o.hash); n != last {
			t.store.stripes[n].Lock()
			t.locked = append(t.locked, uint16(n))
			last = n
		}
	}
	t.outcomes = slices.Grow(t.outcomes[:0], len(t.order))[:len(t.order)]
	clear(t.outcomes)
}

func (t *txn) unlock() {
	for _, n := range t.locked {
		t.store.stripes[n].Unlock()
	}
	t.locked = t.locked[:0]
}

// release gives back all that the txn still holds, after finish or instead of it.
func (t *txn) release() {
	t.unlock()
	if t.batch != nil {
		_ = t.batch.Close() // gives memory back
		t.batch = nil
	}
	t.order, t.outcomes = t.order[:0], t.outcomes[:0]
	t.changes, t.hinted, t.expiries = t.changes[:0], t.hinted[:0], t.expiries[:0]
	clear(t.caches)
	t.caches = t.caches[:0]
	t.same = false
	// Nothing may be kept alive by the pool, least of all Pebble's blocks.
	clear(t.old.Siblings)
	clear(t.in.Siblings)
	t.shown = object.Object{}
	if cap(t.value) > maxKeptBytes {
		t.value = nil
	}
	if cap(t.key) > maxKeptBytes || cap(t.order) > maxKeptRecords {
		return // one giant must not make all of them giants
	}
	t.store.txns.Put(t)
}

// syncMode says what finish asks of the disk.
type syncMode uint8

const (
	asConfigured syncMode = iota
	lazily                // it may be lost in a crash: it would be done again
)

// finish commits the batch to the memtable, books its changes and unlocks.
func (t *txn) finish(mode syncMode) (Commit, error) {
	s := t.store
	sync := s.opts.Durability == Always && mode == asConfigured
	if t.batch.Empty() {
		if !t.same || !sync || s.inflight.Load() == 0 {
			return Commit{store: s}, nil
		}
		// What was found may be another's write that is still on its way to the
		// disk. Syncing anything after it makes sure of it.
		if err := t.batch.LogData(nil, nil); err != nil {
			return Commit{}, err
		}
	}
	b := t.batch
	s.space.Wrote(b.Len())
	var err error
	if sync {
		s.inflight.Add(1)
		err = s.db.ApplyNoSyncWait(b, pebble.Sync)
	} else {
		err = s.db.Apply(b, pebble.NoSync)
		s.unsynced.Store(true)
	}
	if err != nil {
		err = fmt.Errorf("%w: commit: %w", ErrFatal, err)
		s.health.Fail(err)
		s.disk.Freeze()
		for _, c := range t.caches { // nobody knows what a reader finds now
			s.objects.Forget(c.partition, c.hash, c.key)
		}
		return Commit{}, err
	}
	t.book()
	t.unlock()
	if !sync {
		return Commit{store: s}, nil // release closes the batch
	}
	t.batch = nil
	return Commit{store: s, batch: b}, nil
}

// book brings the books up to what was committed. Notes follow the commit, so
// that who clears a note and then looks finds the entry.
func (t *txn) book() {
	s := t.store
	for _, c := range t.changes {
		s.accounts.apply(c)
	}
	for _, c := range t.caches {
		s.objects.Put(c.partition, c.hash, c.key, c.object, c.digest)
	}
	for _, c := range t.hinted {
		s.hints.book(c)
	}
	for _, n := range t.expiries {
		s.expiry.note(n.partition, n.at)
	}
}

// before finds the latest record of this batch on the same key, or -1.
func (t *txn) before(recs []*Record, at int) int {
	r := recs[t.order[at].index]
	for j := at - 1; j >= 0 && t.order[j].hash == t.order[at].hash; j-- {
		q := recs[t.order[j].index]
		if t.outcomes[j].set && q.Hint == r.Hint && q.Partition == r.Partition && bytes.Equal(q.Key, r.Key) {
			return j
		}
	}
	return -1
}

// get reads a value, which is valid until the closer is closed.
func (s *Store) get(key []byte) ([]byte, closer, error) {
	v, c, err := s.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, s.readError("read object", err)
	}
	return v, c, nil
}

type closer interface{ Close() error }

// found is the object that a record meets, valid until close.
type found struct {
	object []byte        // nil: there is none
	digest object.Digest // 0 where there is none
	owned  bool          // the object is nobody's to write over
	fresh  bool          // the cache does not know it
	closer closer
}

func (f *found) close() {
	if f.closer != nil {
		_ = f.closer.Close() // gives back memory
	}
}

// find looks a key's object up, in the cache or in the store; the key is locked.
func (t *txn) find(p ring.Partition, hash uint64, key []byte) (f found, err error) {
	s := t.store
	var known objectcache.Knowledge
	t.value, f.digest, known = s.objects.Get(p, hash, key, t.value[:0])
	switch known {
	case objectcache.Absent:
		return f, nil
	case objectcache.Present:
		f.object = t.value
		return f, nil
	}
	t.key = appendObjectKey(t.key[:0], p, hash, key)
	if f.object, f.closer, err = s.get(t.key); err != nil {
		return f, err
	}
	if f.object != nil {
		f.digest = object.DigestOf(key, f.object)
	}
	f.fresh = true
	return f, nil
}

// standingOf finds the standing of a stored object. The index is asked only
// where the sweep may have been.
func (t *txn) standingOf(o *object.Object, p ring.Partition, hash uint64, key []byte) (standing, error) {
	st := standingOf(fateOf(o))
	if st.kind != expires || st.at > t.store.expiry.bound.Load() {
		return st, nil
	}
	t.idx = appendIndexKey(t.idx[:0], prefixExpiry, p, st.at, hash, key)
	v, c, err := t.store.get(t.idx)
	if err != nil {
		return st, err
	}
	st.counted = v != nil
	if c != nil {
		err = c.Close()
	}
	return st, err
}

// move changes an object's index entry from one standing to another.
func (t *txn) move(p ring.Partition, hash uint64, key []byte, from, to standing) error {
	if i := from.index(); i != 0 {
		t.idx = appendIndexKey(t.idx[:0], i, p, from.at, hash, key)
		if err := t.batch.Delete(t.idx, nil); err != nil {
			return err
		}
	}
	i := to.index()
	if i == 0 {
		return nil
	}
	if i == prefixExpiry {
		t.expiries = append(t.expiries, expiryNote{partition: p, at: to.at})
	}
	t.idx = appendIndexKey(t.idx[:0], i, p, to.at, hash, key)
	return t.batch.Set(t.idx, nil, nil)
}
