package failstop

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

var (
	// ErrReadOnly means that writes are refused for now, and reads go on.
	ErrReadOnly = errors.New("store is read-only")
	// ErrFatal means that the disk failed under a write. Nothing can be written until
	// the store is opened again, on a disk that somebody has looked at.
	ErrFatal = errors.New("store failed")
)

// Health holds the reason why writes are refused, if they are. It is safe for concurrent
// use.
type Health struct {
	lasting  atomic.Pointer[error] // fatal, corrupt, or full at a place that cannot be retried
	full     atomic.Pointer[error] // the disk is nearly or wholly full; passes by itself
	once     sync.Once
	onFatal  func(error)
	announce atomic.Bool
}

// NewHealth returns a health in which nothing is wrong. It calls onFatal once, from any
// goroutine, for the first fatal failure after Announce.
func NewHealth(onFatal func(error)) *Health { return &Health{onFatal: onFatal} }

// Announce begins to report fatal failures. Before it, whoever opens the store gets them
// as an error.
func (h *Health) Announce() { h.announce.Store(true) }

// Err returns the reason why writes are refused, or nil.
func (h *Health) Err() error {
	if err := h.LastingErr(); err != nil {
		return err
	}
	if e := h.full.Load(); e != nil {
		return *e
	}
	return nil
}

// LastingErr returns the reason that will not pass by itself, or nil.
func (h *Health) LastingErr() error {
	if e := h.lasting.Load(); e != nil {
		return *e
	}
	return nil
}

// Fail refuses writes for good. The first reason stays, except that a fatal reason
// replaces one that is not.
func (h *Health) Fail(err error) {
	fatal := errors.Is(err, ErrFatal)
	for {
		old := h.lasting.Load()
		if old != nil && (!fatal || errors.Is(*old, ErrFatal)) {
			return
		}
		if h.lasting.CompareAndSwap(old, &err) {
			break
		}
	}
	if fatal && h.announce.Load() {
		h.once.Do(func() { h.onFatal(err) })
	}
}

// Full reports whether writes are refused for lack of space that may come back.
func (h *Health) Full() bool { return h.full.Load() != nil }

// SetFull refuses writes until ClearFull, because of reason.
func (h *Health) SetFull(reason error) {
	err := fmt.Errorf("%w: %w", ErrReadOnly, reason)
	h.full.Store(&err)
}

// ClearFull accepts writes again, and reports whether they were refused by SetFull.
func (h *Health) ClearFull() bool { return h.full.Swap(nil) != nil }
