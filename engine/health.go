package engine

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
)

var (
	// ErrLocked means that another process, or another store of this one, has
	// the directory open.
	ErrLocked = errors.New("data directory is in use")
	// ErrOtherOwner means that the directory belongs to another node.
	ErrOtherOwner = errors.New("data directory belongs to another node")
	// ErrOtherFormat means that the directory was made with other partitions, or
	// by another version.
	ErrOtherFormat = errors.New("data directory has another format")
	// ErrReadOnly means that writes are refused for now, and reads go on.
	ErrReadOnly = errors.New("store is read-only")
	// ErrFatal means that the disk failed under a write. Nothing can be written
	// until the store is opened again, on a disk that somebody has looked at.
	ErrFatal = errors.New("store failed")
	// ErrCorrupt means that bytes on disk are not those that were written.
	ErrCorrupt = errors.New("store is corrupt")
	// ErrClosed means that the store is closed, or closing.
	ErrClosed = errors.New("store is closed")
	// ErrHintsFull means that the bytes allowed for hints are used up.
	ErrHintsFull = errors.New("no room for hints")
	// ErrTooBig means that the batch would exceed what one commit may hold.
	ErrTooBig = errors.New("batch is too big")
)

// health holds why writes are refused. The zero value is well.
type health struct {
	lasting atomic.Pointer[error] // fatal, corrupt, or full at a place that cannot be retried
	full    atomic.Pointer[error] // disk nearly or wholly full; clears itself
	once    sync.Once
	onFatal func(error)
	opened  atomic.Bool // before, Open itself returns the error
}

// err is nil, or why writes are refused.
func (h *health) err() error {
	if e := h.lasting.Load(); e != nil {
		return *e
	}
	if e := h.full.Load(); e != nil {
		return *e
	}
	return nil
}

// lastingErr is nil, or what will not pass.
func (h *health) lastingErr() error {
	if e := h.lasting.Load(); e != nil {
		return *e
	}
	return nil
}

// fail refuses writes for good. The first reason stays, except that a fatal one
// replaces a milder one.
func (h *health) fail(err error) {
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
	if fatal && h.opened.Load() {
		h.once.Do(func() { h.onFatal(err) })
	}
}

// setFull refuses writes until clearFull.
func (h *health) setFull(reason string) {
	err := fmt.Errorf("%w: %s", ErrReadOnly, reason)
	h.full.Store(&err)
}

func (h *health) clearFull() bool { return h.full.Swap(nil) != nil }

// Health is nil, or why writes are refused: [ErrReadOnly] for a full disk,
// [ErrCorrupt] (which is also ErrReadOnly) for bad blocks, [ErrFatal] for a
// failed write, [ErrClosed].
func (s *Store) Health() error {
	if s.gate.closed() {
		return ErrClosed
	}
	return s.health.err()
}

// readError marks what Pebble says about a read.
func (s *Store) readError(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case pebble.IsCorruptionError(err):
		return s.corrupt(what, err)
	default:
		return fmt.Errorf("%s: %w", what, err)
	}
}

// corrupt records damage, which refuses writes, and returns the marked error.
func (s *Store) corrupt(what string, err error) error {
	marked := fmt.Errorf("%s: %w: %w", what, ErrCorrupt, err)
	s.health.fail(fmt.Errorf("%w: %w", ErrReadOnly, marked))
	return marked
}
