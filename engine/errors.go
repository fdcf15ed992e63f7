package engine

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/engine/failstop"
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
	ErrReadOnly = failstop.ErrReadOnly
	// ErrFatal means that the disk failed under a write. Nothing can be written
	// until the store is opened again, on a disk that somebody has looked at.
	ErrFatal = failstop.ErrFatal
	// ErrCorrupt means that bytes on disk are not those that were written.
	ErrCorrupt = errors.New("store is corrupt")
	// ErrClosed means that the store is closed, or closing.
	ErrClosed = errors.New("store is closed")
	// ErrHintsFull means that the bytes allowed for hints are used up.
	ErrHintsFull = errors.New("no room for hints")
	// ErrTooBig means that the batch would exceed what one commit may hold.
	ErrTooBig = errors.New("batch is too big")
)

// Health returns nil, or the reason why writes are refused: [ErrReadOnly] for a full
// disk, [ErrCorrupt] (which is also ErrReadOnly) for bad blocks, [ErrFatal] for a failed
// write, [ErrClosed].
func (s *Store) Health() error {
	if s.guard.closed() {
		return ErrClosed
	}
	return s.health.Err()
}

// readError marks an error that Pebble returned for a read.
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
	s.health.Fail(fmt.Errorf("%w: %w", ErrReadOnly, marked))
	return marked
}
