package engine

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// After a clean stop the accounts are read back. After any other they are
// rebuilt beside the running writes:
//
//  1. Before the first write, a snapshot of the store is taken, and every account
//     begins at zero. Writes book their changes from then on.
//  2. The snapshot is read once, and what it holds of a partition is added to the
//     partition's account. All books are sums, so the order does not matter: what
//     the snapshot holds, plus all changes since, is what is stored.
//  3. The partition is ready. One that was dropped meanwhile is ready at once,
//     and what the snapshot held of it is passed over.
type rebuild struct {
	mu       sync.Mutex
	snapshot *pebble.Snapshot // nil when there is nothing to rebuild
}

func (r *rebuild) take() *pebble.Snapshot {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.snapshot
}

// release lets go of the snapshot; nobody reads it any more.
func (r *rebuild) release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.snapshot != nil {
		_ = r.snapshot.Close()
		r.snapshot = nil
	}
}

// accountSize is that of a saved account: three counts and the leaves.
const accountSize = 8 * (3 + Leaves)

// loadAccounts reads the accounts of a clean stop, and has them removed with the
// batch, for the first write makes them untrue. Without them it prepares their
// rebuilding.
func (s *Store) loadAccounts(b *pebble.Batch, trusted bool) error {
	s.accounts.unready.Store(int64(s.opts.Partitions))
	if !trusted {
		s.rebuild.snapshot = s.db.NewSnapshot()
		return nil
	}
	lower, upper := prefixBounds(prefixTree)
	err := s.forEach(lower, upper, func(k, v []byte) error {
		// One by one: a range deletion would slow down every read of the
		// memtable that it lies in.
		if err := b.Delete(k, nil); err != nil {
			return err
		}
		if len(k) != 3 || len(v) != accountSize {
			return fmt.Errorf("saved merkle tree: %w", ErrCorrupt)
		}
		p := ring.Partition(binary.BigEndian.Uint16(k[1:]))
		if int(p) >= s.opts.Partitions {
			return fmt.Errorf("saved merkle tree of partition %d: %w", p, ErrCorrupt)
		}
		acc := s.accounts.get(p)
		acc.live.Store(int64(binary.BigEndian.Uint64(v)))
		acc.total.Store(int64(binary.BigEndian.Uint64(v[8:])))
		acc.bytes.Store(int64(binary.BigEndian.Uint64(v[16:])))
		for i := range acc.leaves {
			acc.leaves[i].Store(binary.BigEndian.Uint64(v[24+8*i:]))
		}
		return nil
	})
	if err != nil {
		return err
	}
	for p := range s.accounts.ready {
		s.accounts.setReady(ring.Partition(p))
	}
	return nil
}

// saveAccounts ends a clean stop: one durable batch holds the word that the stop
// was clean, and the accounts, if they are complete.
func (s *Store) saveAccounts() error {
	b := s.db.NewBatch()
	defer b.Close()
	var word []byte
	if s.Ready() {
		word = []byte("trees")
		if err := s.putAccounts(b); err != nil {
			return err
		}
	}
	if err := b.Set(cleanKey, word, nil); err != nil {
		return err
	}
	if err := s.db.Apply(b, pebble.Sync); err != nil {
		return fmt.Errorf("save merkle trees: %w", err)
	}
	return nil
}

func (s *Store) putAccounts(b *pebble.Batch) error {
	var v []byte
	for p := range s.accounts.of {
		acc := s.accounts.of[p].Load()
		if acc == nil || acc.total.Load() == 0 {
			continue
		}
		v = binary.BigEndian.AppendUint64(v[:0], uint64(acc.live.Load()))
		v = binary.BigEndian.AppendUint64(v, uint64(acc.total.Load()))
		v = binary.BigEndian.AppendUint64(v, uint64(acc.bytes.Load()))
		for i := range acc.leaves {
			v = binary.BigEndian.AppendUint64(v, acc.leaves[i].Load())
		}
		k, _ := partitionBounds(prefixTree, ring.Partition(p))
		if err := b.Set(k, v, nil); err != nil {
			return err
		}
	}
	return nil
}

// runRebuild makes every account complete, if they are not.
func (s *Store) runRebuild(ctx context.Context) error {
	snapshot := s.rebuild.take()
	if snapshot == nil {
		return nil
	}
	started := s.opts.Now()
	part := rebuilding{store: s, snapshot: snapshot, recent: s.now() + expirySlack.Milliseconds()}
	lower, upper := prefixBounds(prefixObject)
	for e, err := range s.chunks(snapshot, lower, upper) {
		if errors.Is(err, ErrClosed) || ctx.Err() != nil {
			return nil // the next start begins again
		}
		if err != nil {
			return fmt.Errorf("rebuild merkle trees: %w", err)
		}
		if err := part.add(e); err != nil {
			return fmt.Errorf("rebuild merkle trees: %w", err)
		}
	}
	part.finishBefore(s.opts.Partitions)
	if !s.guard.enter() {
		return nil
	}
	defer s.guard.leave()
	s.rebuild.release()
	s.opts.Logger.Info("merkle trees rebuilt", "keys", part.keys, "took", s.opts.Now().Sub(started))
	return nil
}

// rebuilding adds up one partition at a time, in the order of the snapshot.
type rebuilding struct {
	store    *Store
	snapshot *pebble.Snapshot
	recent   int64 // unix ms; the sweep may have taken what expires before
	next     int   // the partition being added up; those below are ready
	live     int64
	total    int64
	bytes    int64
	leaves   [Leaves]uint64
	object   object.Object
	idx      []byte
	keys     int64
}

func (r *rebuilding) add(e chunkEntry) error {
	p, hash, key, ok := splitObjectKey(e.key)
	if !ok || int(p) >= r.store.opts.Partitions {
		return r.store.corrupt("key", fmt.Errorf("%x", e.key))
	}
	r.finishBefore(int(p))
	if err := r.object.DecodeFrom(e.value); err != nil {
		return r.store.corrupt("stored object", err)
	}
	st := standingOf(fateOf(&r.object))
	if st.kind == expires && st.at <= r.recent {
		swept, err := r.swept(p, st.at, key)
		if err != nil {
			return err
		}
		st.counted = !swept
	}
	r.live += int64(st.live())
	r.total++
	r.keys++
	r.bytes += int64(len(key) + len(e.value))
	r.leaves[hash>>(32-leafBits)] ^= uint64(object.DigestOf(key, e.value))
	return nil
}

// swept says whether the sweep had been at an object when the snapshot was
// taken.
func (r *rebuilding) swept(p ring.Partition, at int64, key []byte) (bool, error) {
	s := r.store
	if !s.guard.enter() {
		return false, ErrClosed
	}
	defer s.guard.leave()
	r.idx = appendIndexKey(r.idx[:0], prefixExpiry, p, at, hashOf(key), key)
	_, c, err := r.snapshot.Get(r.idx)
	if errors.Is(err, pebble.ErrNotFound) {
		return true, nil
	}
	if err != nil {
		return false, s.readError("read expiry index", err)
	}
	return false, c.Close()
}

// finishBefore completes the partition being added up, if it lies before p, and
// those after it up to p, of which the snapshot holds nothing.
func (r *rebuilding) finishBefore(p int) {
	s := r.store
	for ; r.next < p; r.next++ {
		at := ring.Partition(r.next)
		if r.total == 0 {
			s.accounts.setReady(at)
			continue
		}
		s.stripes.lockAll()
		if !s.accounts.ready[at].Load() {
			r.addTo(s.accounts.get(at))
			s.accounts.setReady(at)
		}
		s.stripes.unlockAll()
		r.live, r.total, r.bytes = 0, 0, 0
		clear(r.leaves[:])
	}
}

// addTo adds what the snapshot held to an account; all stripes are held.
func (r *rebuilding) addTo(acc *account) {
	for i, x := range r.leaves {
		acc.leaves[i].Store(acc.leaves[i].Load() ^ x)
	}
	acc.live.Add(r.live)
	acc.total.Add(r.total)
	acc.bytes.Add(r.bytes)
}
