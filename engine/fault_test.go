package engine

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/quorate/quorate/cluster/core/ring"
)

// faults injects errors into a file system, once switched on.
type faults struct {
	on   atomic.Bool
	hits atomic.Int64
	err  error
	at   func(op errorfs.Op) bool
}

func (f *faults) String() string { return "faults" }

func (f *faults) MaybeError(op errorfs.Op) error {
	if f.on.Load() && f.at(op) {
		f.hits.Add(1)
		return f.err
	}
	return nil
}

func onFile(suffix string, kinds ...errorfs.OpKind) func(errorfs.Op) bool {
	return func(op errorfs.Op) bool {
		name := filepath.Base(op.Path)
		if !strings.HasSuffix(name, suffix) && !strings.HasPrefix(name, suffix) {
			return false
		}
		for _, k := range kinds {
			if op.Kind == k {
				return true
			}
		}
		return false
	}
}

const (
	opCreate = errorfs.OpCreate
	opWrite  = errorfs.OpFileWrite
	opSync   = errorfs.OpFileSync
	opData   = errorfs.OpFileSyncData
	opReuse  = errorfs.OpReuseForWrite
)

// TestStore_DiskFault_StopsWritesAndKeepsReads goes through the places where a
// disk can fail. Everything acknowledged must be on the disk after a power cut on
// top of it.
func TestStore_DiskFault_StopsWritesAndKeepsReads(t *testing.T) {
	for _, c := range []struct {
		name  string
		err   error
		at    func(errorfs.Op) bool
		want  error
		fatal bool
	}{
		{"log sync", syscall.EIO, onFile(".log", opSync, opData), ErrFatal, true},
		{"log write", syscall.EIO, onFile(".log", opWrite), ErrFatal, true},
		{"log create", syscall.EIO, onFile(".log", opCreate, opReuse), ErrFatal, true},
		{"log write, disk full", syscall.ENOSPC, onFile(".log", opWrite), ErrReadOnly, false},
		{"log create, disk full", syscall.ENOSPC, onFile(".log", opCreate, opReuse), ErrReadOnly, false},
		{"table write", syscall.EIO, onFile(".sst", opWrite), ErrFatal, true},
		{"table sync", syscall.EIO, onFile(".sst", opSync, opData), ErrFatal, true},
		{"table create", syscall.EACCES, onFile(".sst", opCreate), ErrFatal, true},
		{"table create, disk full", syscall.ENOSPC, onFile(".sst", opCreate), ErrReadOnly, false},
		{"table write, disk full", syscall.EDQUOT, onFile(".sst", opWrite), ErrReadOnly, false},
		{"blob write", syscall.EIO, onFile(".blob", opWrite), ErrFatal, true},
		{"blob sync", syscall.EIO, onFile(".blob", opSync, opData), ErrFatal, true},
		{"blob create", syscall.EACCES, onFile(".blob", opCreate), ErrFatal, true},
		{"blob write, disk full", syscall.ENOSPC, onFile(".blob", opWrite), ErrReadOnly, false},
		{"blob create, disk full", syscall.ENOSPC, onFile(".blob", opCreate), ErrReadOnly, false},
		{"manifest write", syscall.EIO, onFile("MANIFEST", opWrite), ErrFatal, true},
		{"manifest sync", syscall.EIO, onFile("MANIFEST", opSync), ErrFatal, true},
		{"manifest write, disk full", syscall.ENOSPC, onFile("MANIFEST", opWrite), ErrReadOnly, false},
		{"directory sync", syscall.EIO, onFile("data", opSync), ErrFatal, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &faults{err: c.err, at: c.at}
			var fatal atomic.Int64
			inner := vfs.NewCrashableMem()
			o := testOptions(errorfs.Wrap(inner, f))
			o.MemtableBytes = 32 << 10
			if strings.HasPrefix(c.name, "blob") {
				o.ValueSeparationBytes = 256
			}
			o.OnFatal = func(err error) {
				fatal.Add(1)
				if !errors.Is(err, ErrFatal) {
					t.Errorf("told %v", err)
				}
			}
			s := open(t, o)
			acked := fillUntilFault(t, s, f)
			err := s.Health()
			if !errors.Is(err, c.want) || !errors.Is(c.want, ErrReadOnly) == errors.Is(err, ErrReadOnly) {
				t.Fatalf("health: %v, want %v", err, c.want)
			}
			if !strings.Contains(err.Error(), c.err.Error()) && c.want == ErrFatal {
				t.Errorf("health does not name the cause: %v", err)
			}
			if _, err := s.Apply([]*Record{{Key: []byte("more"), Merge: foreign(7, 1, 1, data("v"))}}); !errors.Is(err, c.want) {
				t.Errorf("a write after the fault: %v, want %v", err, c.want)
			}
			for _, key := range acked {
				if read(t, s, 0, key) == nil {
					t.Fatalf("%s cannot be read after the fault", key)
				}
			}
			begin := time.Now()
			_ = s.Close()
			if took := time.Since(begin); took > hung {
				t.Errorf("close took %v", took)
			}
			if want := map[bool]int64{true: 1}[c.fatal]; fatal.Load() != want {
				t.Errorf("told of %d fatal errors, want %d", fatal.Load(), want)
			}
			o.FS = powerCut(inner, 0, 0)
			s = open(t, o)
			for _, key := range acked {
				if read(t, s, 0, key) == nil {
					t.Fatalf("%s was acknowledged and is lost", key)
				}
			}
		})
	}
}

// fillUntilFault writes, lets the disk fail, and writes on until that is felt. It
// returns the keys whose writes were acknowledged. With memtables as small as
// here the writer may be stalled behind the failed flush; closing frees it.
func fillUntilFault(t *testing.T, s *Store, f *faults) []string {
	t.Helper()
	var acked []string
	var mu sync.Mutex
	var wg sync.WaitGroup
	t.Cleanup(wg.Wait)
	t.Cleanup(func() { _ = s.Close() })
	wg.Go(func() {
		value := data(strings.Repeat("v", 1000))
		for i := range 5000 {
			if i == 20 {
				f.on.Store(true)
			}
			key := fmt.Sprint(i)
			r := &Record{Key: []byte(key), Merge: foreign(7, 1, 1, value)}
			c, err := s.Apply([]*Record{r})
			if err == nil {
				err = c.Wait()
			}
			if err != nil {
				return
			}
			mu.Lock()
			acked = append(acked, key)
			mu.Unlock()
		}
	})
	for deadline := time.Now().Add(5 * time.Second); s.Health() == nil; {
		if time.Now().After(deadline) {
			t.Fatalf("the fault was met %d times and not felt", f.hits.Load())
		}
		time.Sleep(time.Millisecond)
	}
	mu.Lock()
	defer mu.Unlock()
	return slices.Clone(acked)
}

// TestStore_DiskFailsAnywhere_LosesNothingAcknowledged lets a random operation
// and all after it fail, under writers, flushes and compactions.
func TestStore_DiskFailsAnywhere_LosesNothingAcknowledged(t *testing.T) {
	for range 25 {
		seed := rand.Uint64()
		if failAnywhere(t, seed); t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func failAnywhere(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 0))
	left := atomic.Int64{}
	left.Store(rng.Int64N(400))
	once := rng.IntN(2) == 0
	f := &faults{err: []error{syscall.EIO, syscall.ENOSPC}[rng.IntN(2)], at: func(op errorfs.Op) bool {
		if op.Kind.ReadOrWrite() != errorfs.OpIsWrite || op.Kind == errorfs.OpFileClose || op.Kind == errorfs.OpRemove {
			return false
		}
		n := left.Add(-1)
		return n == 0 || n < 0 && !once
	}}
	inner := vfs.NewCrashableMem()
	o := testOptions(errorfs.Wrap(inner, f))
	o.MemtableBytes = 32 << 10
	o.ValueSeparationBytes = []int{-1, 256}[rng.IntN(2)]
	s := open(t, o)
	f.on.Store(true)
	acked := make([][]string, 4)
	var wg sync.WaitGroup
	for w := range acked {
		wg.Go(func() {
			for i := range 150 {
				key := fmt.Sprintf("%d-%d", w, i)
				r := &Record{Partition: ring.Partition(w), Key: []byte(key), Merge: foreign(7, 1, 1, data(strings.Repeat("v", 500)))}
				c, err := s.Apply([]*Record{r})
				if err == nil {
					err = c.Wait()
				}
				if err != nil {
					return
				}
				acked[w] = append(acked[w], key)
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(200 * time.Millisecond): // stalled behind a full disk
	}
	begin := time.Now()
	_ = s.Close()
	if took := time.Since(begin); took > hung {
		t.Errorf("close took %v", took)
	}
	<-done
	o.FS = powerCut(inner, 0, 0)
	s = open(t, o)
	for w, keys := range acked {
		for _, key := range keys {
			if read(t, s, ring.Partition(w), key) == nil {
				t.Errorf("%s was acknowledged and is lost", key)
			}
		}
	}
	if err := s.rebuild.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	audit(t, s)
	s.Crash()
}

// TestOpen_DiskFails_IsAnError: not a panic, and the directory is free again.
func TestOpen_DiskFails_IsAnError(t *testing.T) {
	for n := range int64(60) {
		for _, cause := range []error{syscall.EIO, syscall.ENOSPC} {
			inner := vfs.NewCrashableMem()
			o := testOptions(inner)
			o.MemtableBytes, o.ValueSeparationBytes = 256<<10, 256
			s := open(t, o)
			for i := range 100 {
				write(t, s, 0, fmt.Sprint(i), data(strings.Repeat("v", 400)))
			}
			s.Crash()
			var left atomic.Int64
			left.Store(n)
			f := &faults{err: cause, at: func(op errorfs.Op) bool {
				return op.Kind.ReadOrWrite() == errorfs.OpIsWrite && op.Kind != errorfs.OpFileClose &&
					op.Kind != errorfs.OpRemove && op.Kind != errorfs.OpLock && left.Add(-1) < 0
			}}
			f.on.Store(true)
			o.FS = errorfs.Wrap(inner, f)
			if s, err := Open(o); err == nil {
				_ = s.Close()
			} else if !errors.Is(err, cause) {
				t.Errorf("operation %d: %v does not name %v", n, err, cause)
			}
			f.on.Store(false)
			if s, err := Open(o); err != nil {
				t.Fatalf("operation %d failed by %v, opened again: %v", n, cause, err)
			} else {
				for i := range 100 {
					if read(t, s, 0, fmt.Sprint(i)) == nil {
						t.Fatalf("operation %d: %d is lost", n, i)
					}
				}
				s.Crash()
			}
		}
	}
}
