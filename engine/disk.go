package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// disk stands between Pebble and the file system, because Pebble answers a
// failed write to its log or manifest by a panic or by ending the process, and
// retries some failed fsyncs.
//
// It knows three kinds of file. A journal is a file whose loss is felt at once:
// the write-ahead log, the manifest, markers, directories. A table is one that
// Pebble can write anew elsewhere. A blob belongs to a table; but Pebble 2.1
// crashes when the last write or the sync of a blob fails, so none may.
//
//  1. Running: all passes through. A table that meets a full disk gets the error,
//     after a pause (Pebble retries at once and for ever); a blob is kept waiting
//     instead. Writes are refused until there is space.
//  2. Frozen, by the first other failure, or by Crash: nothing reaches the
//     disk any more. Journals pretend, so that Pebble does not panic; that is
//     safe because every acknowledgement asks the disk, after its sync, whether it
//     was real. Tables fail and blobs are kept waiting, so that no memtable is
//     given up for a table that does not exist, and reads go on.
//  3. Draining, when the store is going down: all pretend, so that writers stalled
//     behind a flush come free.
//  4. Closing: tables fail at once, so that running compactions end.
//
// What is on disk is then what a kill at the instant of freezing leaves.
type disk struct {
	vfs.FS
	health *health
	mode   atomic.Int32
	// crashed says that acknowledgements cannot be trusted any more: the disk was
	// frozen with syncs under way.
	crashed atomic.Bool
	// opened ends the phase in which a failure makes Open fail: there nothing may
	// be kept waiting, for Pebble's Open waits for its flushes, and all pretend.
	opened  atomic.Bool
	once    sync.Once
	release chan struct{} // closed when draining begins
}

const (
	diskRunning int32 = iota
	diskFrozen
	diskDraining
	diskClosing
)

// fullPause slows down Pebble's retries of a flush that meets a full disk.
const fullPause = 100 * time.Millisecond

var errFrozen = errors.New("disk is frozen after a failure")

func newDisk(fs vfs.FS, h *health) *disk {
	return &disk{FS: fs, health: h, release: make(chan struct{})}
}

// freeze stops all writing. Acknowledgements fail from here on; why, health was
// told before.
func (d *disk) freeze() {
	d.crashed.Store(true)
	d.mode.CompareAndSwap(diskRunning, diskFrozen)
}

// drain lets stalled writers go; wind makes background work end.
func (d *disk) drain() {
	d.mode.Store(diskDraining)
	d.once.Do(func() { close(d.release) })
}

func (d *disk) wind() {
	d.mode.Store(diskClosing)
	d.once.Do(func() { close(d.release) })
}

func (d *disk) running() bool { return d.mode.Load() == diskRunning }

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

// failed decides about an error of an operation that changes the disk. It
// returns what Pebble should see.
func (d *disk) failed(kind fileKind, op, name string, err error) error {
	what := fmt.Sprintf("%s %s", op, filepath.Base(name))
	opened := d.opened.Load()
	switch {
	case isFull(err) && kind != journal && op != "sync" && opened:
		d.health.setFull(fmt.Sprintf("disk full: %s: %v", what, err))
		d.pause(fullPause)
		return err
	case isFull(err):
		d.health.fail(fmt.Errorf("%w: disk full: %s: %w (restart the node once there is space)", ErrReadOnly, what, err))
	default:
		d.health.fail(fmt.Errorf("%w: %s: %w", ErrFatal, what, err))
	}
	d.freeze()
	if !opened {
		d.drain()
	}
	done, frozen := d.halted(kind)
	if kind == table && done && frozen != nil {
		return err
	}
	return nil
}

func (d *disk) pause(t time.Duration) {
	timer := time.NewTimer(t)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-d.release:
	}
}

// halted answers for the disk once it is frozen: done says that the operation is
// over, with err.
func (d *disk) halted(kind fileKind) (done bool, err error) {
	mode := d.mode.Load()
	if mode == diskFrozen && kind == blob {
		<-d.release
	}
	if kind == table && (mode == diskFrozen || mode == diskClosing) {
		return true, errFrozen
	}
	return mode != diskRunning, nil
}

// do runs an operation that changes the disk.
func (d *disk) do(kind fileKind, op, name string, f func() error) error {
	if done, err := d.halted(kind); done {
		return err
	}
	if err := f(); err != nil {
		return d.failed(kind, op, name, err)
	}
	return nil
}

// create makes a file, or something that looks like one when the disk is frozen.
func (d *disk) create(op, name string, f func() (vfs.File, error)) (vfs.File, error) {
	kind := kindOf(name)
	if kind != journal && d.mode.Load() == diskFrozen {
		<-d.release // Pebble would retry the flush in a tight loop
	}
	done, err := d.halted(kind)
	if !done {
		var file vfs.File
		if file, err = f(); err == nil {
			return &diskFile{File: file, disk: d, kind: kind, name: name}, nil
		}
		err = d.failed(kind, op, name, err)
	}
	if err != nil {
		if d.mode.Load() == diskClosing {
			time.Sleep(time.Millisecond) // yield: Pebble retries until it notices the end
		}
		return nil, err
	}
	return &diskFile{File: vfs.NewMemFile(nil), disk: d, kind: kind, name: name}, nil
}

func (d *disk) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return d.create("create", name, func() (vfs.File, error) { return d.FS.Create(name, c) })
}

func (d *disk) ReuseForWrite(old, name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return d.create("reuse", name, func() (vfs.File, error) { return d.FS.ReuseForWrite(old, name, c) })
}

func (d *disk) OpenReadWrite(name string, c vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	return d.create("open", name, func() (vfs.File, error) { return d.FS.OpenReadWrite(name, c, opts...) })
}

func (d *disk) OpenDir(name string) (vfs.File, error) {
	f, err := d.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return &diskFile{File: f, disk: d, kind: journal, name: name}, nil
}

func (d *disk) Link(old, name string) error {
	return d.do(kindOf(name), "link", name, func() error { return d.FS.Link(old, name) })
}

func (d *disk) Rename(old, name string) error {
	return d.do(kindOf(name), "rename", name, func() error { return d.FS.Rename(old, name) })
}

func (d *disk) MkdirAll(name string, perm os.FileMode) error {
	return d.do(journal, "make directory", name, func() error { return d.FS.MkdirAll(name, perm) })
}

// Remove keeps the file where a frozen disk might need it at the next start. A
// failure to remove loses nothing.
func (d *disk) Remove(name string) error {
	if !d.running() {
		return nil
	}
	return d.FS.Remove(name)
}

func (d *disk) RemoveAll(name string) error {
	if !d.running() {
		return nil
	}
	return d.FS.RemoveAll(name)
}

func (d *disk) Unwrap() vfs.FS { return d.FS }

// diskFile is a file that Pebble writes.
type diskFile struct {
	vfs.File
	disk *disk
	kind fileKind
	name string
}

func (f *diskFile) Write(b []byte) (int, error) {
	for done := 0; ; {
		if halted, err := f.disk.halted(f.kind); halted {
			return wrote(b, err)
		}
		n, err := f.File.Write(b[done:])
		if done += n; err == nil {
			return done, nil
		}
		err = f.disk.failed(f.kind, "write", f.name, err)
		if f.kind == blob && isFull(err) {
			continue // there may be space now
		}
		if err != nil {
			return done, err
		}
		return len(b), nil
	}
}

// WriteAt is for files that Pebble does not use to store data.
func (f *diskFile) WriteAt(b []byte, at int64) (int, error) {
	if halted, err := f.disk.halted(f.kind); halted {
		return wrote(b, err)
	}
	n, err := f.File.WriteAt(b, at)
	if err == nil {
		return n, nil
	}
	return wrote(b, f.disk.failed(f.kind, "write", f.name, err))
}

func wrote(b []byte, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	return len(b), nil
}

func (f *diskFile) Sync() error     { return f.disk.do(f.kind, "sync", f.name, f.File.Sync) }
func (f *diskFile) SyncData() error { return f.disk.do(f.kind, "sync", f.name, f.File.SyncData) }

func (f *diskFile) SyncTo(length int64) (full bool, err error) {
	err = f.disk.do(f.kind, "sync", f.name, func() error {
		full, err = f.File.SyncTo(length)
		return err
	})
	return full, err
}

// Preallocate is advice: a failure shows again when the space is used.
func (f *diskFile) Preallocate(offset, length int64) error {
	if f.disk.running() {
		_ = f.File.Preallocate(offset, length)
	}
	return nil
}

// Close syncs nothing by itself, but some file systems report a lost write here.
func (f *diskFile) Close() error {
	if err := f.File.Close(); err != nil && f.disk.running() {
		return f.disk.failed(f.kind, "sync", f.name, err)
	}
	return nil
}

// isLockHeld tells a held lock from a directory that cannot be locked at all.
func isLockHeld(err error) bool {
	var path *os.PathError
	if errors.As(err, &path) {
		return false
	}
	return errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EACCES) ||
		strings.Contains(err.Error(), "lock held by current process")
}
