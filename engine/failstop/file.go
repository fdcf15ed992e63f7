package failstop

import "github.com/cockroachdb/pebble/v2/vfs"

// file is a file that Pebble writes.
type file struct {
	vfs.File
	disk *FS
	kind fileKind
	name string
}

// Write writes b, and waits for space if the file is a blob.
func (f *file) Write(b []byte) (int, error) {
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

// WriteAt serves files that Pebble does not use to store data.
func (f *file) WriteAt(b []byte, at int64) (int, error) {
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

// Sync makes data and metadata durable.
func (f *file) Sync() error { return f.disk.do(f.kind, "sync", f.name, f.File.Sync) }

// SyncData makes the data durable.
func (f *file) SyncData() error { return f.disk.do(f.kind, "sync", f.name, f.File.SyncData) }

// SyncTo makes a prefix of the file durable.
func (f *file) SyncTo(length int64) (full bool, err error) {
	err = f.disk.do(f.kind, "sync", f.name, func() error {
		full, err = f.File.SyncTo(length)
		return err
	})
	return full, err
}

// Preallocate asks for space. It hides a failure, which shows again when the space is
// used.
func (f *file) Preallocate(offset, length int64) error {
	if f.disk.Running() {
		_ = f.File.Preallocate(offset, length)
	}
	return nil
}

// Close closes the file. It syncs nothing by itself, but some file systems report a lost
// write here.
func (f *file) Close() error {
	if err := f.File.Close(); err != nil && f.disk.Running() {
		return f.disk.failed(f.kind, "sync", f.name, err)
	}
	return nil
}
