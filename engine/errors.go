package engine

import (
	"errors"

	"github.com/quorate/quorate/engine/failstop"
)

var (
	// ErrNoDirectory means that there is no data directory, and none can be made.
	ErrNoDirectory = errors.New("make data directory")
	// ErrLocked means that another process, or another store of this one, has
	// the directory open.
	ErrLocked = errors.New("data directory is in use")
	// ErrOtherOwner means that the directory belongs to another node.
	ErrOtherOwner = errors.New("data directory belongs to another node")
	// ErrOtherFormat means that the directory was made with another number of
	// partitions, or by another version of the program.
	ErrOtherFormat = errors.New("data directory has another format")
	// ErrReadOnly means that writes are refused for now, and reads go on. It is
	// [failstop.ErrReadOnly].
	ErrReadOnly = failstop.ErrReadOnly
	// ErrFilled means that the disk counts as full, on purpose: an ErrReadOnly that
	// [Store.UnfillDisk] ends. It is [failstop.ErrFilled].
	ErrFilled = failstop.ErrFilled
	// ErrFatal means that the disk failed under a write. It is [failstop.ErrFatal].
	ErrFatal = failstop.ErrFatal
	// ErrCorrupt means that bytes on disk are not those that were written.
	ErrCorrupt = errors.New("store is corrupt")
	// ErrClosed means that the store is closed, or closing.
	ErrClosed = errors.New("store is closed")
	// ErrHintsFull means that the bytes allowed for hints are used up.
	ErrHintsFull = errors.New("no room for hints")
	// ErrBehind means that a delta builds on what the stored object does not know.
	ErrBehind = errors.New("the copy lacks what the delta builds on")
	// ErrNotAtHand means that an edit needs elements that it was not shown. It is shown all then.
	ErrNotAtHand = errors.New("the edit needs elements that it was not shown")
	// ErrTooBig means that the batch would exceed what one commit may hold.
	ErrTooBig = errors.New("batch is too big")
)
