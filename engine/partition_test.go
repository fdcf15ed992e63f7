package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

func diskUsage(t *testing.T, dir string) (bytes int64) {
	t.Helper()
	err := filepath.Walk(dir, func(name string, info os.FileInfo, err error) error {
		if ext := filepath.Ext(name); err == nil && (ext == ".sst" || ext == ".blob") {
			bytes += info.Size()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}

// TestDropPartition_GivesSpaceBack stores incompressible values, small ones in
// tables and large ones in blob files, among other partitions' keys.
func TestDropPartition_GivesSpaceBack(t *testing.T) {
	o := testOptions(nil)
	o.Dir = t.TempDir()
	o.Durability = Interval
	o.MemtableBytes = 1 << 20
	s := open(t, o)
	random := func(n int) object.Value {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rand.Uint32())
		}
		return object.Value{Data: b, Expiry: 1 << 50}
	}
	const each = 1 << 20 // bytes per partition and kind
	for i := range each / 16384 {
		for p := range ring.Partition(4) {
			write(t, s, p, fmt.Sprintf("large%d", i), random(16384))
			for j := range 16 {
				write(t, s, p, fmt.Sprintf("small%d", i*16+j), random(1024))
			}
		}
	}
	if err := s.db.pebble.Flush(); err != nil {
		t.Fatal(err)
	}
	before := diskUsage(t, o.Dir)
	if before < 8*each {
		t.Fatalf("%d bytes on disk for %d of data", before, 8*each)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() { _ = s.Run(ctx) })
	for _, p := range []ring.Partition{0, 2, 3} {
		if err := dropPartition(s, p); err != nil {
			t.Fatal(err)
		}
	}
	audit(t, s)
	if live, total := s.Partitions().Keys(2); live != 0 || total != 0 || s.Merkle().Roots(nil)[2] != 0 || s.Partitions().Bytes(2) != 0 {
		t.Errorf("a dropped partition holds %d of %d keys, %d bytes", live, total, s.Partitions().Bytes(2))
	}
	want := before * 35 / 100 // one partition of four is left
	deadline := time.Now().Add(10 * time.Second)
	for diskUsage(t, o.Dir) > want {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d bytes are still on disk, want at most %d", diskUsage(t, o.Dir), before, want)
		}
		time.Sleep(5 * time.Millisecond)
	}
	if _, total := s.Partitions().Keys(1); total != each/16384*17 {
		t.Errorf("%d keys left in the partition that was not dropped", total)
	}
	audit(t, s)
}

func TestDropPartition_KeysReturn_StartANewEpoch(t *testing.T) {
	s := openMem(t)
	first := &put{s: s, value: data("1")}
	old := &Record{Partition: 3, Key: []byte("k"), Edit: first}
	apply(t, s, old)
	second := &put{s: s, value: data("2")}
	apply(t, s, &Record{Partition: 3, Key: []byte("k"), Edit: second})
	if err := dropPartition(s, 3); err != nil {
		t.Fatal(err)
	}
	wantValues(t, s, 3, "k")
	// A replica that missed the second write hands back the first.
	apply(t, s, &Record{Partition: 3, Key: []byte("k"), Merge: old.Stored})
	third := &put{s: s, value: data("3")}
	apply(t, s, &Record{Partition: 3, Key: []byte("k"), Edit: third})
	if third.dot.Actor.Epoch <= second.dot.Actor.Epoch {
		t.Fatalf("dot %v after the drop, %v before", third.dot, second.dot)
	}
	audit(t, s)
}

func TestDropPartitionIf_Changed_Stays(t *testing.T) {
	s := openMem(t)
	write(t, s, 3, "k", data("1"))
	root := s.Merkle().Roots(nil)[3]
	write(t, s, 3, "k", data("2"))
	if dropped, err := s.Partitions().DropIf(3, root); dropped || err != nil {
		t.Fatalf("dropped %v: %v", dropped, err)
	}
	wantValues(t, s, 3, "k", "2")
	if dropped, err := s.Partitions().DropIf(3, s.Merkle().Roots(nil)[3]); !dropped || err != nil {
		t.Fatalf("dropped %v: %v", dropped, err)
	}
	wantValues(t, s, 3, "k")
}
