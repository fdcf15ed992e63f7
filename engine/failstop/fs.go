package failstop

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// FS is a file system that stops writing at the first failure.
//
// It knows three kinds of file. A journal is a file whose loss Pebble notices at once:
// the write-ahead log, the manifest, markers, directories. A table is a file that Pebble
// can write again elsewhere. A blob belongs to a table; but Pebble 2.1 crashes when the
// last write or the sync of a blob fails, so neither is allowed to fail.
//
//  1. Running: everything passes through. A table that meets a full disk gets the error
//     after a pause, because Pebble retries at once and without end; a blob waits
//     instead. Writes are refused until there is space.
//  2. Frozen, by the first other failure or by Freeze: nothing reaches the disk any
//     more. Journals report success, so that Pebble does not panic; that is safe because
//     every acknowledgement asks Frozen after its sync. Tables fail and blobs wait, so
//     that no memtable is given up for a table that does not exist, and reads go on.
//  3. Released, when the store is going down: all report success, so that writers who
//     are stalled behind a flush continue.
//  4. Closing: tables fail at once, so that running compactions end.
type FS struct {
	vfs.FS
	health *Health
	mode   atomic.Int32
	// frozen says that acknowledgements cannot be trusted any more: the disk was frozen
	// with syncs under way.
	frozen atomic.Bool
	// opened ends the phase in which a failure makes the opening fail. Nothing may wait
	// in that phase, because Pebble's Open waits for its flushes.
	opened   atomic.Bool
	once     sync.Once
	released chan struct{} // closed by Release and Closing
}

const (
	modeRunning int32 = iota
	modeFrozen
	modeReleased
	modeClosing
)

// fullPause slows down Pebble's retries of a flush that meets a full disk.
const fullPause = 100 * time.Millisecond

var errFrozen = errors.New("disk is frozen after a failure")

// New returns a file system that writes to fs and reports failures to h.
func New(fs vfs.FS, h *Health) *FS {
	return &FS{FS: fs, health: h, released: make(chan struct{})}
}

// Opened tells the file system that Pebble is open. From then on a failure makes Pebble's
// background work wait instead of fail.
func (d *FS) Opened() { d.opened.Store(true) }

// Freeze stops all writing. Acknowledgements fail from then on. The caller has told Health
// the reason, if there is one.
func (d *FS) Freeze() {
	d.frozen.Store(true)
	d.mode.CompareAndSwap(modeRunning, modeFrozen)
}

// Frozen reports whether the disk was frozen. A sync that ended before Frozen returned
// false really reached the disk.
func (d *FS) Frozen() bool { return d.frozen.Load() }

// Release lets stalled writers continue: all operations report success and do nothing.
func (d *FS) Release() { d.leave(modeReleased) }

// Closing makes background work end: tables fail at once.
func (d *FS) Closing() { d.leave(modeClosing) }

// leave ends the waiting of stalled operations. The mode never goes back.
func (d *FS) leave(mode int32) {
	for old := d.mode.Load(); old < mode && !d.mode.CompareAndSwap(old, mode); old = d.mode.Load() {
	}
	d.once.Do(func() { close(d.released) })
}

// Running reports whether writes still reach the disk.
func (d *FS) Running() bool { return d.mode.Load() == modeRunning }

type fileKind uint8

const (
	journal fileKind = iota
	table
	blob
)

func kindOf(name string) fileKind {
	switch filepath.Ext(name) {
	case ".sst":
		return table
	case ".blob":
		return blob
	}
	return journal
}

func isFull(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// failed decides what follows from an error of an operation that changes the disk. It
// returns what Pebble is to see.
func (d *FS) failed(kind fileKind, op, name string, err error) error {
	what := fmt.Sprintf("%s %s", op, filepath.Base(name))
	opened := d.opened.Load()
	switch {
	case isFull(err) && kind != journal && op != "sync" && opened:
		d.health.SetFull(fmt.Errorf("disk full: %s: %w", what, err))
		d.pause(fullPause)
		return err
	case isFull(err):
		d.health.Fail(fmt.Errorf("%w: disk full: %s: %w (restart the node once there is space)", ErrReadOnly, what, err))
	default:
		d.health.Fail(fmt.Errorf("%w: %s: %w", ErrFatal, what, err))
	}
	d.Freeze()
	if !opened {
		d.Release()
	}
	done, frozen := d.halted(kind)
	if kind == table && done && frozen != nil {
		return err
	}
	return nil
}

func (d *FS) pause(t time.Duration) {
	timer := time.NewTimer(t)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-d.released:
	}
}

// halted answers an operation in the disk's place when nothing is written any more. If
// done is true, the operation is over and err is its result.
func (d *FS) halted(kind fileKind) (done bool, err error) {
	mode := d.mode.Load()
	if mode == modeFrozen && kind == blob {
		<-d.released
	}
	if kind == table && (mode == modeFrozen || mode == modeClosing) {
		return true, errFrozen
	}
	return mode != modeRunning, nil
}

// do runs an operation that changes the disk.
func (d *FS) do(kind fileKind, op, name string, f func() error) error {
	if done, err := d.halted(kind); done {
		return err
	}
	if err := f(); err != nil {
		return d.failed(kind, op, name, err)
	}
	return nil
}

// create makes a file, or a file in memory in its place when nothing is written any more.
func (d *FS) create(op, name string, f func() (vfs.File, error)) (vfs.File, error) {
	kind := kindOf(name)
	if kind != journal && d.mode.Load() == modeFrozen {
		<-d.released // Pebble would retry the flush in a tight loop
	}
	done, err := d.halted(kind)
	if !done {
		var opened vfs.File
		if opened, err = f(); err == nil {
			return &file{File: opened, disk: d, kind: kind, name: name}, nil
		}
		err = d.failed(kind, op, name, err)
	}
	if err != nil {
		if d.mode.Load() == modeClosing {
			time.Sleep(time.Millisecond) // yields: Pebble retries until it notices the end
		}
		return nil, err
	}
	return &file{File: vfs.NewMemFile(nil), disk: d, kind: kind, name: name}, nil
}

// Create creates a file.
func (d *FS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return d.create("create", name, func() (vfs.File, error) { return d.FS.Create(name, c) })
}

// ReuseForWrite renames an old file and opens it for writing.
func (d *FS) ReuseForWrite(old, name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return d.create("reuse", name, func() (vfs.File, error) { return d.FS.ReuseForWrite(old, name, c) })
}

// OpenReadWrite opens a file for reading and writing.
func (d *FS) OpenReadWrite(name string, c vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	return d.create("open", name, func() (vfs.File, error) { return d.FS.OpenReadWrite(name, c, opts...) })
}

// OpenDir opens a directory, so that it can be synced.
func (d *FS) OpenDir(name string) (vfs.File, error) {
	f, err := d.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return &file{File: f, disk: d, kind: journal, name: name}, nil
}

// Link gives a file a second name.
func (d *FS) Link(old, name string) error {
	return d.do(kindOf(name), "link", name, func() error { return d.FS.Link(old, name) })
}

// Rename gives a file another name.
func (d *FS) Rename(old, name string) error {
	return d.do(kindOf(name), "rename", name, func() error { return d.FS.Rename(old, name) })
}

// MkdirAll makes a directory and its parents.
func (d *FS) MkdirAll(name string, perm os.FileMode) error {
	return d.do(journal, "make directory", name, func() error { return d.FS.MkdirAll(name, perm) })
}

// Remove removes a file. It keeps the file when nothing is written any more, because the
// next start may need it. A failure to remove loses nothing.
func (d *FS) Remove(name string) error {
	if !d.Running() {
		return nil
	}
	return d.FS.Remove(name)
}

// RemoveAll removes a directory and what is in it, under the rule of Remove.
func (d *FS) RemoveAll(name string) error {
	if !d.Running() {
		return nil
	}
	return d.FS.RemoveAll(name)
}

// Unwrap returns the file system below.
func (d *FS) Unwrap() vfs.FS { return d.FS }
