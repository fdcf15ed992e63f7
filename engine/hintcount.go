package engine

import (
	"bytes"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/ring"
)

// hintCounts counts the hints of each target.
type hintCounts struct {
	bytes   atomic.Int64 // over all targets, hints that are being written included
	stored  atomic.Int64 // hints that came, since Open
	refused atomic.Int64 // for lack of room, since Open
	expired atomic.Int64 // since Open
	filter  hintFilter
	mu      struct {
		sync.Mutex
		targets map[causal.NodeID]*hintTarget
		starts  uint64 // the newest number of a start
	}
}

type hintTarget struct {
	HintStats
	// start is at or before the first hint's place on disk, so that a delivery need
	// not read past what it has just deleted. Each time that a new hint lowers it,
	// number becomes one that no target had before.
	start  []byte
	number uint64
}

// HintStats describes the hints for one node.
type HintStats struct {
	Count, Bytes int64
	// Oldest is when the oldest arrived, or earlier: exact after [Hints.Expire].
	Oldest time.Time
}

// hintChange is what a write or a deletion of a hint does to the counts.
type hintChange struct {
	target       causal.NodeID
	partition    ring.Partition
	hash         uint64 // of the key
	count, bytes int64
	created      int64
	key          []byte // of a new hint
}

// reserve takes room before the write. It returns false if there is not enough.
func (h *hintCounts) reserve(n, limit int64) bool {
	if h.bytes.Add(n) <= limit || n <= 0 {
		return true
	}
	h.bytes.Add(-n)
	return false
}

// apply counts a committed change. The bytes that a write adds were reserved before; the
// bytes that a deletion frees are given back here.
func (h *hintCounts) apply(c hintChange) {
	if c.count != 0 {
		h.filter.bucket(c.partition, c.hash).Add(int32(c.count))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.mu.targets[c.target]
	if t == nil {
		t = &hintTarget{HintStats: HintStats{Oldest: time.UnixMilli(c.created)}, start: c.key}
		h.renumber(t) // a scan may still read what was kept before
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
	if c.key != nil && bytes.Compare(c.key, t.start) < 0 {
		t.start = c.key
		h.renumber(t)
	}
	if t.Count <= 0 {
		delete(h.mu.targets, c.target)
	}
}

func (h *hintCounts) renumber(t *hintTarget) {
	h.mu.starts++
	t.number = h.mu.starts
}

// start returns where a target's hints begin, nil if it has none, and the number of that
// start.
func (h *hintCounts) start(target causal.NodeID) (start []byte, number uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t := h.mu.targets[target]; t != nil {
		return t.start, t.number
	}
	return nil, 0
}

// advance moves the start to the first hint that a scan found, unless an earlier one was
// written since the scan began at the start of that number.
func (h *hintCounts) advance(target causal.NodeID, number uint64, first []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t := h.mu.targets[target]; t != nil && t.number == number {
		t.start = bytes.Clone(first)
	}
}

func newHintCounts() *hintCounts {
	h := new(hintCounts)
	h.mu.targets = make(map[causal.NodeID]*hintTarget)
	return h
}

// all returns the statistics of every target.
func (h *hintCounts) all() map[causal.NodeID]HintStats {
	h.mu.Lock()
	defer h.mu.Unlock()
	stats := make(map[causal.NodeID]HintStats, len(h.mu.targets))
	for id, t := range h.mu.targets {
		stats[id] = t.HintStats
	}
	return stats
}

// targets lists the nodes that have hints.
func (h *hintCounts) targets() []causal.NodeID {
	h.mu.Lock()
	defer h.mu.Unlock()
	targets := make([]causal.NodeID, 0, 8)
	for id := range h.mu.targets {
		targets = append(targets, id)
	}
	return targets
}

// setOldest notes the oldest hint that a scan left, after it dropped all older ones. A
// hint that came during the scan is younger than any that stayed, if the scan missed it.
func (h *hintCounts) setOldest(target causal.NodeID, oldest time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t := h.mu.targets[target]; t != nil {
		t.Oldest = oldest
	}
}
