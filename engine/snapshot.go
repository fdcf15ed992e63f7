package engine

import (
	"sync"

	"github.com/cockroachdb/pebble/v2"
)

// heldSnapshot is a snapshot that background work reads without being inside the close guard
// all the time. So the stop of the store can close it as well.
type heldSnapshot struct {
	mu struct {
		sync.Mutex
		snapshot *pebble.Snapshot // nil: none
	}
}

// take takes a snapshot. None is held.
func (h *heldSnapshot) take(db *pebble.DB) *pebble.Snapshot {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.mu.snapshot = db.NewSnapshot()
	return h.mu.snapshot
}

// get returns the snapshot, or nil if none is held. Whoever reads it is inside the close
// guard.
func (h *heldSnapshot) get() *pebble.Snapshot {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.mu.snapshot
}

// release closes the snapshot, which nobody reads any more.
func (h *heldSnapshot) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.mu.snapshot != nil {
		_ = h.mu.snapshot.Close()
		h.mu.snapshot = nil
	}
}
