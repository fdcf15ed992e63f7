package engine

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// A hint is stored as the time at which its first write arrived, then the
// object. Later writes of the key are merged in and do not make it younger.
const (
	hintTime     = 8
	hintOverhead = hintHeader + hintTime
)

func splitHint(b []byte) (created int64, encoded []byte, err error) {
	if len(b) < hintTime {
		return 0, nil, errors.New("hint is too short")
	}
	return int64(binary.BigEndian.Uint64(b)), b[hintTime:], nil
}

// HintRef names one version of one hint.
type HintRef struct {
	Partition ring.Partition
	Key       []byte
	Digest    object.Digest
}

// Hint is an object kept for another node.
type Hint struct {
	HintRef
	Created time.Time
	Object  []byte // encoded
}

// Clone copies the hint into memory of its own.
func (h Hint) Clone() Hint {
	h.Key, h.Object = bytes.Clone(h.Key), bytes.Clone(h.Object)
	return h
}

// HintTargets lists the nodes that hints are kept for.
func (s *Store) HintTargets() map[causal.NodeID]HintStats {
	s.hints.mu.Lock()
	defer s.hints.mu.Unlock()
	stats := make(map[causal.NodeID]HintStats, len(s.hints.mu.targets))
	for id, t := range s.hints.mu.targets {
		stats[id] = t.HintStats
	}
	return stats
}

// Hints yields what is kept for a node, by partition, hash and key. A hint is
// valid until the next one. No iterator is open while the consumer works.
func (s *Store) Hints(target causal.NodeID) iter.Seq2[Hint, error] {
	return func(yield func(Hint, error) bool) {
		first, moves := s.hints.start(target)
		if first == nil {
			return
		}
		_, upper := hintBounds(target)
		noted := false
		for e, err := range s.chunks(s.db, first, upper) {
			if err != nil {
				yield(Hint{}, err)
				return
			}
			if !noted {
				s.hints.began(target, moves, e.key)
				noted = true
			}
			h, err := s.hintOf(e)
			if !yield(h, err) || err != nil {
				return
			}
		}
	}
}

func (s *Store) hintOf(e chunkEntry) (Hint, error) {
	_, p, key, ok := splitHintKey(e.key)
	created, encoded, err := splitHint(e.value)
	if !ok || err != nil {
		return Hint{}, s.corrupt("hint", errors.Join(err, errors.New("malformed")))
	}
	return Hint{
		HintRef: HintRef{Partition: p, Key: key, Digest: object.DigestOf(key, encoded)},
		Created: time.UnixMilli(created),
		Object:  encoded,
	}, nil
}

// DeleteHints deletes hints that are still what was delivered. A crash may bring
// them back: delivering one again changes nothing.
func (s *Store) DeleteHints(target causal.NodeID, refs []HintRef) error {
	if !s.guard.enter() {
		return ErrClosed
	}
	defer s.guard.leave()
	if err := s.health.LastingErr(); err != nil {
		return err
	}
	_, err := s.deleteHints(target, refs)
	return err
}

func (s *Store) deleteHints(target causal.NodeID, refs []HintRef) (deleted int, err error) {
	t := s.newTxn()
	defer t.release()
	for i, r := range refs {
		t.add(hashOf(r.Key), i)
	}
	t.lock()
	for at, o := range t.order {
		r := refs[o.index]
		if at > 0 && o.hash == t.order[at-1].hash && bytes.Equal(r.Key, refs[t.order[at-1].index].Key) {
			continue // named twice
		}
		t.key = appendHintKey(t.key[:0], target, r.Partition, o.hash, r.Key)
		ch, err := t.deleteHint(target, r)
		if err != nil {
			return 0, err
		}
		if ch.count != 0 {
			t.hinted = append(t.hinted, ch)
			deleted++
		}
	}
	if _, err := t.finish(lazily); err != nil {
		return 0, err
	}
	return deleted, nil
}

func (t *txn) deleteHint(target causal.NodeID, r HintRef) (hintChange, error) {
	raw, c, err := t.store.get(t.key)
	if err != nil || raw == nil {
		return hintChange{}, err
	}
	defer c.Close() //nolint:errcheck // gives back memory
	_, encoded, err := splitHint(raw)
	if err != nil {
		return hintChange{}, t.store.corrupt("hint", err)
	}
	if object.DigestOf(r.Key, encoded) != r.Digest {
		return hintChange{}, nil
	}
	n := int64(hintOverhead + len(r.Key) + len(encoded))
	return hintChange{target: target, count: -1, bytes: -n}, t.batch.Delete(t.key, nil)
}

// ExpireHints drops the hints that are older than Options.HintAge, and returns
// how many. It costs next to nothing when there are none.
func (s *Store) ExpireHints(now time.Time) (dropped int) {
	if !s.guard.enter() {
		return 0
	}
	defer s.guard.leave()
	before := now.Add(-s.opts.HintAge)
	for target, stats := range s.HintTargets() {
		if !stats.Oldest.Before(before) {
			continue
		}
		n, err := s.expireHints(target, before)
		dropped += n
		if err != nil && !errors.Is(err, ErrClosed) {
			s.opts.Logger.Warn("expire hints", "err", err)
		}
	}
	s.counters.hintsExpired.Add(int64(dropped))
	return dropped
}

func (s *Store) expireHints(target causal.NodeID, before time.Time) (dropped int, err error) {
	oldest := time.UnixMilli(math.MaxInt64)
	var refs []HintRef
	drop := func() error {
		n, err := s.deleteHints(target, refs)
		dropped, refs = dropped+n, refs[:0]
		return err
	}
	for h, err := range s.Hints(target) {
		if err != nil {
			return dropped, fmt.Errorf("scan hints: %w", err)
		}
		if !h.Created.Before(before) {
			if h.Created.Before(oldest) {
				oldest = h.Created
			}
			continue
		}
		h.Key = bytes.Clone(h.Key)
		if refs = append(refs, h.HintRef); len(refs) == chunkEntries {
			if err := drop(); err != nil {
				return dropped, err
			}
		}
	}
	err = drop()
	s.hints.mu.Lock()
	defer s.hints.mu.Unlock()
	// A hint that came during the scan is younger than any that stayed, if the
	// scan missed it.
	if t := s.hints.mu.targets[target]; t != nil && err == nil && oldest.Before(s.opts.Now()) {
		t.Oldest = oldest
	}
	return dropped, err
}

// GetHint appends to dst the object that the hints of a key amount to: what a
// fallback knows of it.
func (s *Store) GetHint(p ring.Partition, key, dst []byte) (encoded []byte, found bool, err error) {
	if !s.guard.enter() {
		return dst, false, ErrClosed
	}
	defer s.guard.leave()
	s.hints.mu.Lock()
	targets := make([]causal.NodeID, 0, 8)
	for id := range maps.Keys(s.hints.mu.targets) {
		targets = append(targets, id)
	}
	s.hints.mu.Unlock()
	var merged object.Object
	var only []byte // the single hint found so far
	hash := hashOf(key)
	var place []byte
	for _, target := range targets {
		place = appendHintKey(place[:0], target, p, hash, key)
		raw, _, err := s.load(place)
		if err != nil {
			return dst, false, err
		}
		if raw == nil {
			continue
		}
		_, encoded, err := splitHint(raw)
		if err != nil {
			return dst, false, s.corrupt("hint", err)
		}
		o, err := object.Decode(encoded)
		if err != nil {
			return dst, false, s.corrupt("hint", err)
		}
		if only = encoded; found {
			only = nil
			merged, _ = object.Merge(merged, o)
		} else {
			merged, found = o, true
		}
	}
	switch {
	case !found:
		return dst, false, nil
	case only != nil:
		return append(dst, only...), true, nil
	}
	return merged.Append(dst), true, nil
}
