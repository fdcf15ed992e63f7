package engine

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/quorate/quorate/cluster/core/ring"
)

// hung is how long nothing takes that ends, on a busy machine too.
const hung = time.Minute

// hangs makes operations wait, without an error, until release is called.
type hangs struct {
	faults
	reached chan struct{} // closed when the first operation waits
	release func()
}

func newHangs(at func(errorfs.Op) bool) *hangs {
	h := &hangs{reached: make(chan struct{})}
	released := make(chan struct{})
	h.release = sync.OnceFunc(func() { close(released) })
	reach := sync.OnceFunc(func() { close(h.reached) })
	h.at = func(op errorfs.Op) bool {
		if at(op) {
			reach()
			<-released
		}
		return false
	}
	return h
}

// TestStore_DiskHangs_StopEnds lets an operation of the disk neither succeed nor fail
// while the store stops.
func TestStore_DiskHangs_StopEnds(t *testing.T) {
	for _, c := range []struct {
		name string
		at   func(errorfs.Op) bool
		work func(s *Store) // waits for the operation that hangs; nil: only Close meets one
	}{
		{"log sync of what Close saves", onFile(".log", opSync, opData), nil},
		{"log sync of a write", onFile(".log", opSync, opData), func(s *Store) {
			if c, err := s.Apply([]*Record{{Key: []byte("late"), Merge: foreign(7, 1, 1, data("v"))}}); err == nil {
				_ = c.Wait()
			}
		}},
		{"log sync of a dropped partition", onFile(".log", opSync, opData), func(s *Store) { _ = dropPartition(s, 3) }},
		{"table write", onFile(".sst", opWrite), func(s *Store) { _, _ = s.db.pebble.AsyncFlush() }},
	} {
		for _, stop := range []struct {
			name string
			do   func(*Store) error
			err  bool
		}{
			{"Close", (*Store).Close, true},
			{"Crash", func(s *Store) error { s.Crash(); return nil }, false},
		} {
			if c.work == nil && !stop.err {
				continue
			}
			t.Run(c.name+"/"+stop.name, func(t *testing.T) {
				h := newHangs(c.at)
				o := testOptions(errorfs.Wrap(vfs.NewMem(), h))
				o.CloseTimeout = 20 * time.Millisecond
				s := open(t, o)
				for p := range ring.Partition(16) {
					write(t, s, p, "k", data("v"))
				}
				h.on.Store(true)
				var wg sync.WaitGroup
				defer wg.Wait()
				defer h.release()
				if c.work != nil {
					wg.Go(func() { c.work(s) })
					<-h.reached
				}
				stopped := make(chan error, 1)
				wg.Go(func() { stopped <- stop.do(s) })
				select {
				case err := <-stopped:
					if (err != nil) != stop.err {
						t.Errorf("%s: %v", stop.name, err)
					}
				case <-time.After(hung):
					t.Fatalf("%s still waits", stop.name)
				}
				if _, err := Open(o); !errors.Is(err, ErrLocked) {
					t.Errorf("open while the operation hangs: %v, want %v", err, ErrLocked)
				}
				h.on.Store(false)
				h.release()
				s.stopping.Wait()
				s = open(t, o)
				if read(t, s, 15, "k") == nil {
					t.Error("a write is lost")
				}
			})
		}
	}
}

// TestStore_DiskHangs_RunEnds lets an operation of the background work neither succeed
// nor fail while the store stops.
func TestStore_DiskHangs_RunEnds(t *testing.T) {
	h := newHangs(onFile(".log", opSync, opData))
	o := testOptions(errorfs.Wrap(vfs.NewMem(), h))
	o.Durability, o.SyncEvery, o.CloseTimeout = Interval, time.Millisecond, 20*time.Millisecond
	s := open(t, o)
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer h.release()
	wg.Go(func() { ran <- s.Run(ctx) })
	h.on.Store(true)
	write(t, s, 1, "k", data("v"))
	<-h.reached
	cancel()
	select {
	case err := <-ran:
		if !errors.Is(err, ErrFatal) {
			t.Errorf("Run returned %v while the disk hangs, want %v", err, ErrFatal)
		}
	case <-time.After(hung):
		t.Fatal("Run still waits")
	}
	if err := s.Close(); !errors.Is(err, ErrFatal) {
		t.Errorf("Close returned %v while the disk hangs, want %v", err, ErrFatal)
	}
	h.on.Store(false)
	h.release()
	s.background.Wait()
	s.stopping.Wait()
}
