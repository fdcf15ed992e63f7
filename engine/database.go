package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/engine/failstop"
)

// database is the Pebble store and what protects it. The parts of a Store share one.
type database struct {
	opts     Options
	pebble   *pebble.DB // set by open
	dirLock  *pebble.Lock
	disk     *failstop.FS
	health   *failstop.Health
	space    *failstop.Space
	guard    *closeGuard
	stallLog stallLog
	stalls   atomic.Int64 // times that writes waited for compactions
}

func newDatabase(o Options) *database {
	d := &database{opts: o, guard: newCloseGuard(), health: failstop.NewHealth(o.OnFatal)}
	d.disk = failstop.New(o.FS, d.health)
	d.space = failstop.NewSpace(o.FS, o.Dir, o.ReserveBytes, d.health, o.Logger)
	return d
}

// open makes the directory, locks it and opens Pebble in it.
func (d *database) open() (err error) {
	if err := d.opts.FS.MkdirAll(d.opts.Dir, 0o750); err != nil {
		return fmt.Errorf("%w: %w", ErrNoDirectory, err)
	}
	if d.dirLock, err = pebble.LockDirectory(d.opts.Dir, d.opts.FS); err != nil {
		if isLockHeld(err) {
			return fmt.Errorf("%s: %w by a running node", d.opts.Dir, ErrLocked)
		}
		return fmt.Errorf("lock data directory: %w", err)
	}
	if err := d.openPebble(); err != nil {
		return errors.Join(fmt.Errorf("open store in %s: %w", d.opts.Dir, err), d.dirLock.Close())
	}
	return nil
}

// openPebble opens Pebble. It returns an error where Pebble panics.
func (d *database) openPebble() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", ErrFatal, r)
		}
		if err != nil { // a failure of the disk may have caused it
			err = errors.Join(d.health.Err(), err)
		}
	}()
	d.pebble, err = pebble.Open(d.opts.Dir, d.pebbleOptions(d.dirLock))
	if pebble.IsCorruptionError(err) {
		err = fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	d.disk.Opened()
	return err
}

// shutDown closes Pebble and unlocks the directory.
func (d *database) shutDown() error {
	err := d.pebble.Close()
	if d.disk.Frozen() {
		err = nil // Pebble may complain about what was cut off
	}
	return errors.Join(err, d.dirLock.Close())
}

// enter lets an operation in that writes in either durability mode. It returns the reason
// if that is not possible; else the caller calls guard.leave. A full disk does not keep
// the operation from trying.
func (d *database) enter() error {
	if !d.guard.enter() {
		return ErrClosed
	}
	if err := d.health.LastingErr(); err != nil {
		d.guard.leave()
		return err
	}
	return nil
}

// checkSynced returns nil if everything that was synced until now really reached the
// disk.
func (d *database) checkSynced() error {
	if !d.disk.Frozen() {
		return nil
	}
	if err := d.health.LastingErr(); err != nil {
		return err
	}
	return ErrClosed
}

// now returns the time in unix milliseconds.
func (d *database) now() int64 { return d.opts.Now().UnixMilli() }

// readError marks an error that Pebble returned for a read.
func (d *database) readError(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case pebble.IsCorruptionError(err):
		return d.corrupt(what, err)
	default:
		return fmt.Errorf("%s: %w", what, err)
	}
}

// corrupt records damage, which refuses writes, and returns the marked error.
func (d *database) corrupt(what string, err error) error {
	marked := fmt.Errorf("%s: %w: %w", what, ErrCorrupt, err)
	d.health.Fail(fmt.Errorf("%w: %w", ErrReadOnly, marked))
	return marked
}

// get reads a value, which is valid until the closer is closed. Both are nil if there is
// none.
func (d *database) get(key []byte) ([]byte, io.Closer, error) {
	v, c, err := d.pebble.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, d.readError("read object", err)
	}
	return v, c, nil
}

// load copies one value.
func (d *database) load(key []byte) (value []byte, ok bool, err error) {
	v, closer, err := d.pebble.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, d.readError("read record", err)
	}
	value = append([]byte{}, v...)
	return value, true, closer.Close()
}

// loadUint64 reads a number, 0 if there is none.
func (d *database) loadUint64(key []byte) (uint64, error) {
	v, ok, err := d.load(key)
	if err != nil || !ok {
		return 0, err
	}
	if len(v) != 8 {
		return 0, fmt.Errorf("record %q: %w", key, ErrCorrupt)
	}
	return binary.BigEndian.Uint64(v), nil
}

// forEach calls f for every entry of a range. Key and value are valid during the call
// only.
func (d *database) forEach(lower, upper []byte, f func(key, value []byte) error) error {
	it, err := d.pebble.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return d.readError("iterate", err)
	}
	for ok := it.First(); ok && err == nil; ok = it.Next() {
		var v []byte
		if v, err = it.ValueAndErr(); err != nil {
			err = d.readError("iterate", err)
			break
		}
		err = f(it.Key(), v)
	}
	if cerr := it.Close(); err == nil {
		err = d.readError("iterate", cerr)
	}
	return err
}
