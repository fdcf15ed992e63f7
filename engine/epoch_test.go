package engine

import (
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/ring"
)

// TestEpochs_NeverRepeat mints over restarts, crashes, power cuts, a clock that
// jumps about, and from many goroutines.
func TestEpochs_NeverRepeat(t *testing.T) {
	clock := newTestClock()
	fs := vfs.NewCrashableMem()
	seen := make(map[causal.Epoch]bool)
	var highest causal.Epoch
	jumps := []time.Duration{time.Second, -time.Hour, 24 * time.Hour, 0, -48 * time.Hour, 11 * time.Minute, 0, -time.Minute}
	for life, jump := range jumps {
		clock.advance(jump)
		o := testOptions(fs)
		o.Now = clock.now
		s := open(t, o)
		var mu sync.Mutex
		var wg sync.WaitGroup
		start := highest
		for g := range 4 {
			wg.Go(func() {
				last := start
				for range 5000 { // more than a millisecond's worth
					e := s.epochs.mint(causal.Epoch(g % 2))
					mu.Lock()
					if seen[e] || e>>lineageBits <= start>>lineageBits || e <= last {
						t.Errorf("life %d: epoch %d comes again, or after a higher one", life, e)
					}
					seen[e] = true
					highest = max(highest, e)
					mu.Unlock()
					last = e
				}
			})
		}
		wg.Wait()
		clock.advance(30 * time.Minute) // beyond the lease, with Run out of action
		seen[s.epochs.mint(ownLineage)] = true
		s.epochs.renewLease()
		e := s.epochs.mint(ownLineage)
		seen[e], highest = true, e
		switch life % 3 {
		case 0:
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		case 1:
			s.Crash()
		case 2:
			next := powerCut(fs, 0, 0)
			s.Crash()
			fs = next
		}
	}
}

// TestEpochs_NewDirectory_ContinuesNothing: a node that lost its disk meets its
// own objects again in what others hand back.
func TestEpochs_NewDirectory_ContinuesNothing(t *testing.T) {
	clock := newTestClock()
	o := testOptions(vfs.NewMem())
	o.Now = clock.now
	s := open(t, o)
	old := &Record{Key: []byte("k"), Edit: &put{s: s, value: data("1")}}
	apply(t, s, old)
	lost := &put{s: s, value: data("2")}
	apply(t, s, &Record{Key: []byte("k"), Edit: lost})
	clock.advance(time.Second)
	o.FS = vfs.NewMem()
	s = open(t, o)
	apply(t, s, &Record{Key: []byte("k"), Merge: old.Stored})
	next := &put{s: s, value: data("3")}
	apply(t, s, &Record{Key: []byte("k"), Edit: next})
	if next.dot.Actor.Epoch <= lost.dot.Actor.Epoch {
		t.Fatalf("dot %v on the new disk, %v on the lost one", next.dot, lost.dot)
	}
}

// TestEpochs_HintComesBackOlder_ContinuesNothing: a hint that was delivered is
// forgotten, and an older state of the same key is then handed to this node to
// keep; so is one whose lineage has the same number.
func TestEpochs_HintComesBackOlder_ContinuesNothing(t *testing.T) {
	const target, namesake = causal.NodeID(8), causal.NodeID(8 + lineageMask)
	for _, test := range []struct {
		name   string
		comes  causal.NodeID // whom the older state is kept for
		before bool          // that node has a hint of the key already
		again  bool          // the node is restarted in between
	}{
		{"to the same node", target, false, false},
		{"before a restart", target, false, true},
		{"to one of the same memory", namesake, false, false},
		{"into its hint", namesake, true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := testOptions(vfs.NewMem())
			s := open(t, o)
			if test.before {
				apply(t, s, &Record{Key: []byte("k"), Hint: test.comes, Edit: &put{s: s, value: data("0")}})
			}
			old := &Record{Key: []byte("k"), Hint: target, Edit: &put{s: s, value: data("1")}}
			apply(t, s, old)
			forgotten := &put{s: s, value: data("2")}
			apply(t, s, &Record{Key: []byte("k"), Hint: target, Edit: forgotten})
			for _, h := range collect(t, s, target) {
				if err := s.Hints().Delete(target, []HintRef{h.HintRef}); err != nil {
					t.Fatal(err)
				}
			}
			apply(t, s, &Record{Key: []byte("k"), Hint: test.comes, Merge: old.Stored})
			if test.again {
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				s = open(t, o)
			}
			next := &put{s: s, value: data("3")}
			apply(t, s, &Record{Key: []byte("k"), Hint: test.comes, Edit: next})
			if next.dot == forgotten.dot {
				t.Fatalf("dot %v names two events", next.dot)
			}
		})
	}
}

// The lease is renewed while half of it is left, so that no write waits for the disk.
func TestEpochs_Lease_IsRenewedAhead(t *testing.T) {
	clock := newTestClock()
	o := testOptions(vfs.NewMem())
	o.Now = clock.now
	s := open(t, o)
	leased := func() uint64 { s.epochs.mu.Lock(); defer s.epochs.mu.Unlock(); return s.epochs.mu.leased }
	for range 3 {
		clock.at = time.UnixMilli(int64(leased()>>tickBits) - leaseMilli/2 + 1000) // a little less is left
		before := leased()
		s.maintain()
		renewed := leased()
		if renewed == before {
			t.Fatal("not renewed")
		}
		clock.advance(leaseMilli / 2 * time.Millisecond) // as long as a round of Run may be late
		s.epochs.mint(ownLineage)
		if leased() != renewed {
			t.Error("a write had to wait for a lease")
		}
	}
}

// What was dropped may come back from another node in an older state.
func TestEpochs_DroppedPartition_IsContinuedInNoEpoch(t *testing.T) {
	s := openMem(t)
	var dots [2]causal.Dot
	for p := range dots {
		e := &put{s: s, value: data("v")}
		apply(t, s, &Record{Partition: ring.Partition(p), Key: []byte("k"), Edit: e})
		dots[p] = e.dot
	}
	if err := dropPartition(s, 0); err != nil {
		t.Fatal(err)
	}
	for p, dot := range dots {
		if continued := dot.Actor.Epoch >= s.epochs.ownSpan(ring.Partition(p)).From; continued != (p == 1) {
			t.Errorf("partition %d: epoch %d is continued: %v", p, dot.Actor.Epoch, continued)
		}
	}
}
