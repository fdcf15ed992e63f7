package engine

import (
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// deadKeys writes keys into partitions 4 and 5, and deletes all but those that are divisible
// by five. It returns the ref of each object.
func deadKeys(t *testing.T, s *Store, clock *testClock, n int) map[string]Ref {
	refs := make(map[string]Ref)
	for i := range n {
		p, key := ring.Partition(4+i%2), fmt.Sprint(i)
		r := write(t, s, p, key, data("v"))
		if i%5 != 0 {
			r = write(t, s, p, key, deletion)
		}
		refs[key] = Ref{Partition: p, Key: r.Key, Digest: object.SeedOf(r.Key).Digest(r.Stored)}
		clock.advance(time.Millisecond)
	}
	return refs
}

func TestTombstones_Page_ReadsEachDeadObjectOnce(t *testing.T) {
	clock := newTestClock()
	o := testOptions(vfs.NewMem())
	o.Now = clock.now
	s := open(t, o)
	written := deadKeys(t, s, clock, 100)
	old := clock.at
	write(t, s, 4, "young", deletion)
	for _, most := range []int{1, 7, 1000} {
		seen := make(map[string]bool)
		for rest := DeadBefore(4, old); !rest.Empty(); {
			page, err := s.Tombstones().Page(rest, most)
			if err != nil || len(page.Refs) > most {
				t.Fatalf("%d refs, %v", len(page.Refs), err)
			}
			again, err := s.Tombstones().Page(page.Read, most)
			if err != nil || fmt.Sprint(again.Refs) != fmt.Sprint(page.Refs) || !again.Rest.Empty() {
				t.Errorf("what a page has read, read again: %+v, %v, want %+v", again, err, page)
			}
			for _, r := range page.Refs {
				if w := written[string(r.Key)]; seen[string(r.Key)] || r.Partition != 4 || r.Digest != w.Digest {
					t.Errorf("%+v, seen before: %v; want once %+v", r, seen[string(r.Key)], w)
				}
				seen[string(r.Key)] = true
			}
			rest = page.Rest
		}
		if len(seen) != 40 {
			t.Errorf("%d dead objects in pages of %d, want 40", len(seen), most)
		}
	}
}

func TestTombstones_Same_IsThisVersionDeadAndNothingElse(t *testing.T) {
	clock := newTestClock()
	o := testOptions(vfs.NewMem())
	o.Now = clock.now
	s := open(t, o)
	written := deadKeys(t, s, clock, 100)
	var refs []Ref
	var want []bool
	for i := range 101 {
		r, known := written[fmt.Sprint(i)]
		if known && r.Partition != 4 {
			continue
		}
		if !known {
			r = Ref{Partition: 4, Key: []byte("absent"), Digest: 1}
		}
		if i%4 == 0 {
			r.Digest++
		}
		refs, want = append(refs, r), append(want, known && i%4 != 0 && i%5 != 0)
	}
	same, err := s.Tombstones().Same(4, refs)
	if err != nil || fmt.Sprint(same) != fmt.Sprint(want) {
		t.Errorf("same: %v, %v, want %v", same, err, want)
	}
	if same, err := s.Tombstones().Same(6, refs); err != nil || fmt.Sprint(same) != fmt.Sprint(make([]bool, len(refs))) {
		t.Errorf("same in a partition without objects: %v, %v", same, err)
	}
	if n, err := s.Tombstones().Reap(refs); n != 20 || err != nil {
		t.Errorf("reaped %d, %v, want 20", n, err)
	}
	if m := s.Metrics(); m.Dead != 60 || m.Reaped != 20 || m.DeadFreed < 20*2 {
		t.Errorf("metrics: %d dead, %d reaped, %d bytes freed; want 60, 20 and some", m.Dead, m.Reaped, m.DeadFreed)
	}
	audit(t, s)
}
