package engine

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/quorate/quorate/cluster/core/ring"
)

func TestStore_SpaceAgain_AcceptsWrites(t *testing.T) {
	for _, file := range []string{".sst", ".blob"} {
		t.Run(file, func(t *testing.T) { spaceAgain(t, file) })
	}
}

func spaceAgain(t *testing.T, file string) {
	f := &faults{err: syscall.ENOSPC, at: onFile(file, opWrite)}
	mem := vfs.NewMem()
	o := testOptions(errorfs.Wrap(mem, f))
	o.MemtableBytes = 32 << 10
	o.ValueSeparationBytes = 256
	s := open(t, o)
	acked := fillUntilFault(t, s, f)
	mem.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 1 << 20, TotalBytes: 1 << 40})
	s.maintain()
	if s.sweeper.strips.Load() {
		t.Error("on a full disk it is noted that objects may be stripped")
	}
	if err := s.Health(); !errors.Is(err, ErrReadOnly) || !strings.Contains(err.Error(), "disk nearly full") {
		t.Fatalf("health: %v", err)
	}
	f.on.Store(false)
	mem.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 1 << 39, TotalBytes: 1 << 40})
	s.maintain()
	s.expire(t.Context())
	if err := s.Health(); err != nil {
		t.Fatalf("health with space again: %v", err)
	}
	if !s.sweeper.strips.Load() {
		t.Error("with space again it is not noted that objects may be stripped")
	}
	write(t, s, 0, "k", data("v"))
	if err := s.db.pebble.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, key := range acked {
		if read(t, s, 0, key) == nil {
			t.Fatalf("%s is lost", key)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, o)
	if !s.Merkle().Ready() {
		t.Error("the stop was not clean")
	}
}

// TestStore_FilledDisk_RefusesWritesUntilItIsUnfilled: a disk that is really full stays so.
func TestStore_FilledDisk_RefusesWritesUntilItIsUnfilled(t *testing.T) {
	mem := vfs.NewMem()
	s := open(t, testOptions(mem))
	write(t, s, 0, "k", data("v"))
	refused := func(when string, onPurpose bool) {
		t.Helper()
		if err := s.Health(); !errors.Is(err, ErrReadOnly) || errors.Is(err, ErrFilled) != onPurpose || !strings.Contains(err.Error(), "disk nearly full") {
			t.Fatalf("%s: health %v, want one on purpose: %v", when, err, onPurpose)
		}
	}
	s.FillDisk()
	refused("filled", true)
	mem.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 1 << 39, TotalBytes: 1 << 40})
	s.maintain()
	refused("filled, and looked after", true)
	s.db.health.ClearFull() // as by a check that was under way
	s.maintain()
	refused("filled, and looked after again", true)
	if read(t, s, 0, "k") == nil {
		t.Error("it does not answer reads")
	}
	s.UnfillDisk()
	if err := s.Health(); err != nil {
		t.Fatalf("unfilled: health %v", err)
	}
	write(t, s, 0, "k2", data("v"))
	s.FillDisk()
	mem.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 1 << 20, TotalBytes: 1 << 40})
	s.UnfillDisk()
	refused("really full", false)
	s.UnfillDisk()
	refused("really full, and unfilled twice", false)
}

// TestStore_CloseOnFullDisk_Ends lets the last batch of a clean stop find no room
// in the memtables, behind a flush that waits for space.
func TestStore_CloseOnFullDisk_Ends(t *testing.T) {
	for _, file := range []string{".sst", ".blob"} {
		t.Run(file, func(t *testing.T) {
			f := &faults{err: syscall.ENOSPC, at: onFile(file, opWrite)}
			inner := vfs.NewCrashableMem()
			o := testOptions(errorfs.Wrap(inner, f))
			o.MemtableBytes = 32 << 10
			o.ValueSeparationBytes = 256
			s := open(t, o)
			for p := range o.Partitions { // the last batch holds a tree of each
				write(t, s, ring.Partition(p), "k", data("v"))
			}
			f.on.Store(true)
			// Past the store, which takes nothing once it knows.
			var stop atomic.Bool
			var wg sync.WaitGroup
			wg.Go(func() {
				for n := 0; n < 5000 && !stop.Load(); n++ {
					key := appendObjectKey(nil, 0, uint64(n)<<32, []byte("other"))
					if err := s.db.pebble.Set(key, make([]byte, 1000), pebble.NoSync); err != nil {
						t.Error(err)
					}
				}
			})
			for deadline := time.Now().Add(10 * time.Second); s.db.stalls.Load() == 0; {
				if time.Now().After(deadline) {
					t.Fatalf("writes do not stall; health: %v", s.Health())
				}
				time.Sleep(time.Millisecond)
			}
			stop.Store(true)
			if err := s.stop(s.saveLast); !errors.Is(err, ErrReadOnly) {
				t.Errorf("save: %v, want %v", err, ErrReadOnly)
			}
			wg.Wait()
			if err := s.Close(); !errors.Is(err, ErrReadOnly) {
				t.Errorf("close: %v, want %v", err, ErrReadOnly)
			}
		})
	}
}
