package engine

import (
	"bytes"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
)

// hints counts what is kept for whom.
type hints struct {
	bytes  atomic.Int64 // over all targets, those being written included
	stored atomic.Int64 // hints that came, since Open
	mu     struct {
		sync.Mutex
		targets map[causal.NodeID]*hintTarget
		moves   uint64 // the newest that a target was given
	}
}

type hintTarget struct {
	HintStats
	// first is at or before the first hint's place on disk, so that a delivery
	// need not wade through what it has just deleted. moves is a number that no
	// target had before, each time that it goes down.
	first []byte
	moves uint64
}

// HintStats describes the hints kept for one node.
type HintStats struct {
	Count, Bytes int64
	// Oldest is when the oldest arrived, or earlier: exact after ExpireHints.
	Oldest time.Time
}

// hintChange is what a write or a deletion does to the counts.
type hintChange struct {
	target       causal.NodeID
	count, bytes int64
	created      int64
	key          []byte // of a new hint
}

// reserve takes room before the write.
func (h *hints) reserve(n, limit int64) bool {
	if h.bytes.Add(n) <= limit || n <= 0 {
		return true
	}
	h.bytes.Add(-n)
	return false
}

// book counts a committed change. What a write adds was reserved before; what a
// deletion frees is given back here.
func (h *hints) book(c hintChange) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.mu.targets[c.target]
	if t == nil {
		t = &hintTarget{HintStats: HintStats{Oldest: time.UnixMilli(c.created)}, first: c.key}
		h.move(t) // a scan may still be under way over what was kept before
		h.mu.targets[c.target] = t
	}
	t.Count += c.count
	t.Bytes += c.bytes
	if c.count < 0 {
		h.bytes.Add(c.bytes)
	} else {
		h.stored.Add(c.count)
	}
	if at := time.UnixMilli(c.created); c.key != nil && at.Before(t.Oldest) {
		t.Oldest = at
	}
	if c.key != nil && bytes.Compare(c.key, t.first) < 0 {
		t.first = c.key
		h.move(t)
	}
	if t.Count <= 0 {
		delete(h.mu.targets, c.target)
	}
}

func (h *hints) move(t *hintTarget) {
	h.mu.moves++
	t.moves = h.mu.moves
}

// start is where a target's hints begin, or nil if it has none.
func (h *hints) start(target causal.NodeID) (first []byte, moves uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t := h.mu.targets[target]; t != nil {
		return t.first, t.moves
	}
	return nil, 0
}

// began notes the first hint that a scan found, unless an earlier one was
// written since the scan began.
func (h *hints) began(target causal.NodeID, moves uint64, first []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t := h.mu.targets[target]; t != nil && t.moves == moves {
		t.first = bytes.Clone(first)
	}
}

// loadHints counts what a former life left.
func (s *Store) loadHints() error {
	s.hints.mu.targets = make(map[causal.NodeID]*hintTarget)
	lower, upper := prefixBounds(prefixHint)
	err := s.forEach(lower, upper, func(k, v []byte) error {
		target, _, key, ok := splitHintKey(k)
		created, object, err := splitHint(v)
		if !ok || err != nil {
			return s.corrupt("hint", errors.Join(err, errors.New("malformed")))
		}
		n := int64(hintOverhead + len(key) + len(object))
		s.hints.bytes.Add(n)
		c := hintChange{target: target, count: 1, bytes: n, created: created, key: k}
		if first, _ := s.hints.start(target); first == nil {
			c.key = bytes.Clone(k)
		}
		s.hints.book(c)
		return nil
	})
	s.hints.stored.Store(0) // they came before
	return err
}
