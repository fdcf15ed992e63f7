package engine

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/sim/poll"
)

// On a node that takes no other writes, stripped values give their space back to the disk,
// and not only their bytes to the count.
func TestReclaimer_StrippedValues_GiveSpaceBack(t *testing.T) {
	clock := newTestClock()
	o := testOptions(vfs.NewMem())
	o.Now, o.StripAfter = clock.now, time.Minute
	s := open(t, o)
	const values, size = 2000, 8 << 10
	random := rand.NewChaCha8([32]byte{})
	for i := range values {
		v := object.Value{Data: make([]byte, size), Expiry: clock.at.UnixMilli()}
		_, _ = random.Read(v.Data) // it never fails
		write(t, s, ring.Partition(i%16), fmt.Sprint(i), v)
	}
	if err := s.db.pebble.Flush(); err != nil {
		t.Fatal(err)
	}
	space := func() uint64 {
		m := s.db.pebble.Metrics()
		return m.DiskSpaceUsage() - m.WAL.PhysicalSize - m.WAL.ObsoletePhysicalSize
	}
	look := func() (flushed bool) {
		t.Helper()
		before := s.db.pebble.Metrics().Flush.Count
		if err := s.reclaimer.look(t.Context()); err != nil {
			t.Fatal(err)
		}
		return s.db.pebble.Metrics().Flush.Count > before
	}
	for range 3 * reclaimTicks {
		if look() {
			t.Fatal("flushed where nothing was removed")
		}
	}
	if held := space(); held < values*size {
		t.Fatalf("%d bytes on disk, want %d at least", held, values*size)
	}
	clock.advance(time.Hour)
	if _, err := s.sweeper.sweep(t.Context(), s.db.now()); err != nil {
		t.Fatal(err)
	}
	for range reclaimTicks {
		if look() {
			t.Fatal("flushed before a write may have caused it")
		}
	}
	if !look() {
		t.Fatal("not flushed")
	}
	poll.Until(t, "the files are deleted", func() bool { return space() < values*size/8 })
	for range 3 * reclaimTicks {
		if look() {
			t.Fatal("flushed again")
		}
	}
}
