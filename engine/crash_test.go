package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// powerCut returns what the disk holds after a power cut: all that was synced, and a
// random part of the rest.
func powerCut(fs *vfs.MemFS, percent int, seed uint64) *vfs.MemFS {
	return fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rand.New(rand.NewPCG(seed, 1))})
}

// TestAlways_PowerCut_LosesNothingAcknowledged cuts the power at random moments
// under concurrent writers, again and again, on one ageing disk.
func TestAlways_PowerCut_LosesNothingAcknowledged(t *testing.T) {
	const writers, rounds = 4, 6
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	fs := vfs.NewCrashableMem()
	acked := make(map[string]string)
	dots := make(map[string]map[causal.Dot]bool)
	for round := range rounds {
		o := testOptions(fs)
		o.MemtableBytes = 64 << 10 // flushes and compactions take part
		o.ValueSeparationBytes = []int{-1, 128}[round%2]
		o.SplitBytes, o.partBytes = []int{-1, 100}[round/2%2], 64
		s := open(t, o)
		var mu sync.Mutex
		var wg sync.WaitGroup
		cut := make(chan struct{})
		for w := range writers {
			wg.Go(func() {
				for i := 0; ; i++ {
					key := fmt.Sprintf("%d-%d", w, i%50)
					value := fmt.Sprintf("%d.%d.%0*d", round, i, 200, i)
					e := &put{s: s, value: data(value)}
					r := &Record{Partition: ring.Partition(w), Key: []byte(key), Edit: e}
					c, err := s.Apply([]*Record{r})
					if err == nil && r.Err == nil {
						// The object goes to the peers before the disk has it.
						mu.Lock()
						if dots[key] == nil {
							dots[key] = map[causal.Dot]bool{}
						}
						if dots[key][e.dot] {
							t.Errorf("dot %v of %s minted twice", e.dot, key)
						}
						dots[key][e.dot] = true
						mu.Unlock()
						err = c.Wait()
					}
					if err != nil {
						return
					}
					mu.Lock()
					select {
					case <-cut:
					default:
						acked[key] = value
					}
					mu.Unlock()
				}
			})
		}
		for deadline := 200 + rng.IntN(2000); ; {
			mu.Lock()
			if len(acked) > 0 && rng.IntN(deadline) == 0 {
				break // with mu held: what is acknowledged now must survive
			}
			mu.Unlock()
			time.Sleep(0)
		}
		next := powerCut(fs, rng.IntN(101), rng.Uint64())
		close(cut)
		mu.Unlock()
		s.Crash()
		wg.Wait()
		fs = next

		s = open(t, testOptions(fs))
		for key, want := range acked {
			var w, i int
			if _, err := fmt.Sscanf(key, "%d-%d", &w, &i); err != nil {
				t.Fatal(err)
			}
			got := read(t, s, ring.Partition(w), key)
			if len(got) != 1 || !sameOrLater(got[0], want) {
				t.Fatalf("round %d: %s holds %.20q, acknowledged was %.20q", round, key, got, want)
			}
		}
		if err := s.rebuild.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		audit(t, s)
		s.Crash()
	}
}

// sameOrLater compares the writes of one key: one that was not acknowledged may
// have survived as well.
func sameOrLater(got, want string) bool {
	var gotRound, gotWrite, wantRound, wantWrite int
	_, err := fmt.Sscanf(got, "%d.%d.", &gotRound, &gotWrite)
	_, err2 := fmt.Sscanf(want, "%d.%d.", &wantRound, &wantWrite)
	return err == nil && err2 == nil && (gotRound > wantRound || gotRound == wantRound && gotWrite >= wantWrite)
}

func TestInterval_PowerCut_LosesOnlyASuffix(t *testing.T) {
	for seed := range uint64(20) {
		fs := vfs.NewCrashableMem()
		o := testOptions(fs)
		o.Durability = Interval
		s := open(t, o)
		const n, synced = 60, 30
		for i := range n {
			write(t, s, 0, fmt.Sprint(i), data("v"))
			if i+1 == synced {
				s.writer.syncNow()
			}
		}
		o.FS = powerCut(fs, 50, seed)
		s.Crash()
		s = open(t, o)
		kept := 0
		for kept < n && read(t, s, 0, fmt.Sprint(kept)) != nil {
			kept++
		}
		if kept < synced {
			t.Errorf("seed %d: write %d was synced and is lost", seed, kept)
		}
		for i := kept; i < n; i++ {
			if read(t, s, 0, fmt.Sprint(i)) != nil {
				t.Errorf("seed %d: write %d is kept, the older %d is not", seed, i, kept)
			}
		}
		s.Crash()
	}
}

// TestApplySynced_PowerCut_LosesNothing checks that what ApplySynced stored is on the disk
// in either mode, even if it was here already and only in memory.
func TestApplySynced_PowerCut_LosesNothing(t *testing.T) {
	for _, mode := range []Durability{Always, Interval} {
		for _, before := range []bool{false, true} {
			fs := vfs.NewCrashableMem()
			o := testOptions(fs)
			o.Durability = mode
			s := open(t, o)
			object := write(t, openMem(t), 0, "k", data("v")).Stored
			record := &Record{Key: []byte("k"), Merge: object}
			if before {
				if _, err := s.Apply([]*Record{record}); err != nil {
					t.Fatal(err)
				}
			}
			commit, err := s.ApplySynced([]*Record{record})
			if err == nil {
				err = commit.Wait()
			}
			if err != nil {
				t.Fatal(err)
			}
			o.FS = powerCut(fs, 0, 0)
			s.Crash()
			if s = open(t, o); read(t, s, 0, "k") == nil {
				t.Errorf("%v, in memory before: %v: the write is lost", mode, before)
			}
		}
	}
}

// What a node has filled itself with counts when it tells so in its saved state: a node
// that gains a partition marks itself done, one that was refilled drops its mark. So
// saving takes everything with it to the disk that was applied before.
func TestState_Save_SyncsWhatWasAppliedBefore(t *testing.T) {
	fs := vfs.NewCrashableMem()
	o := testOptions(fs)
	o.Durability = Interval
	s := open(t, o)
	write(t, s, 0, "k", data("v"))
	if err := s.State().Save("state", []byte("done")); err != nil {
		t.Fatal(err)
	}
	if err := s.DiskLoss().MarkRepaired(); err != nil {
		t.Fatal(err)
	}
	o.FS = powerCut(fs, 0, 0)
	s.Crash()
	s = open(t, o)
	if state, err := s.State().Load("state"); err != nil || string(state) != "done" || read(t, s, 0, "k") == nil {
		t.Errorf("state %q, %v; the write before it is there: %v", state, err, read(t, s, 0, "k") != nil)
	}
	s.Crash()
}

// TestUncleanStop_RaisesEpochFloor shows why: what the node minted last may be
// on a peer's disk and not on its own.
func TestUncleanStop_RaisesEpochFloor(t *testing.T) {
	for _, mode := range []Durability{Always, Interval} {
		t.Run(mode.String(), func(t *testing.T) {
			fs := vfs.NewCrashableMem()
			o := testOptions(fs)
			o.Durability = mode
			s := open(t, o)
			write(t, s, 0, "k", data("1"))
			s.writer.syncNow()
			disk := powerCut(fs, 0, 0)
			lost := &put{s: s, value: data("2")}
			apply(t, s, &Record{Key: []byte("k"), Edit: lost})
			s.Crash()

			o.FS = disk
			s = open(t, o)
			wantValues(t, s, 0, "k", "1")
			again := &put{s: s, value: data("3")}
			apply(t, s, &Record{Key: []byte("k"), Edit: again})
			if again.dot.Actor.Epoch <= lost.dot.Actor.Epoch {
				t.Fatalf("dot %v after a crash, %v before it", again.dot, lost.dot)
			}
		})
	}
}

// TestCleanStop_BeginsNewEpoch: the directory may be a copy of what the stop left.
func TestCleanStop_BeginsNewEpoch(t *testing.T) {
	o := testOptions(vfs.NewMem())
	s := open(t, o)
	first := &put{s: s, value: data("1")}
	apply(t, s, &Record{Key: []byte("k"), Edit: first})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, o)
	second := &put{s: s, value: data("2")}
	apply(t, s, &Record{Key: []byte("k"), Edit: second})
	third := &put{s: s, value: data("3")}
	apply(t, s, &Record{Key: []byte("k"), Edit: third})
	if second.dot.Actor.Epoch <= first.dot.Actor.Epoch {
		t.Fatalf("dot %v after a stop, %v before it", second.dot, first.dot)
	}
	if want := (causal.Dot{Actor: second.dot.Actor, Counter: second.dot.Counter + 1}); third.dot != want {
		t.Fatalf("dot %v, want %v", third.dot, want)
	}
}

func TestCrash_UnderLoad_FreesDirectoryFast(t *testing.T) {
	o := testOptions(nil)
	o.Dir = t.TempDir()
	o.MemtableBytes = 256 << 10
	s := open(t, o)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() { _ = s.Run(ctx) })
	started := make(chan struct{}, 4)
	for w := range 4 {
		wg.Go(func() {
			for i := 0; ; i++ {
				r := &Record{Partition: ring.Partition(w), Key: fmt.Appendf(nil, "%d", i), Merge: foreign(7, 1, 1, data(fmt.Sprintf("%01000d", i)))}
				c, err := s.Apply([]*Record{r})
				if err == nil {
					err = c.Wait()
				}
				if err != nil {
					if !errors.Is(err, ErrClosed) {
						t.Errorf("write at a crash: %v", err)
					}
					return
				}
				if i == 100 {
					started <- struct{}{}
				}
			}
		})
	}
	for range 4 {
		<-started
	}
	begin := time.Now()
	s.Crash()
	if took := time.Since(begin); took > hung {
		t.Errorf("crash took %v", took)
	}
	s = open(t, o)
	for w := range 4 {
		for i := range 100 {
			if _, ok, err := s.Get(ring.Partition(w), fmt.Appendf(nil, "%d", i), nil); !ok || err != nil {
				t.Fatalf("writer %d lost %d: %v", w, i, err)
			}
		}
	}
}

func TestRebuild_WritesMeanwhile_StatisticsAreRight(t *testing.T) {
	clock := newTestClock()
	fs := vfs.NewCrashableMem()
	o := testOptions(fs)
	o.Now = clock.now
	s := open(t, o)
	for i := range 3000 {
		v := data("v")
		switch i % 5 {
		case 0:
			v.Expiry = clock.at.Add(time.Duration(i) * time.Millisecond).UnixMilli()
		case 1:
			v = object.Value{Tombstone: true}
		}
		write(t, s, ring.Partition(i%8), fmt.Sprint(i), v)
	}
	clock.advance(time.Second)
	if _, err := s.sweeper.sweep(t.Context(), s.db.now()); err != nil {
		t.Fatal(err)
	}
	s.Crash()

	s = open(t, o)
	if s.Merkle().Ready() {
		t.Fatal("trees are ready after an unclean stop")
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range 1000 {
			write(t, s, ring.Partition(i%8), fmt.Sprint(i*3), data("new"))
			switch i {
			case 300:
				if err := dropPartition(s, 5); err != nil {
					t.Error(err)
				}
			case 600:
				if _, err := s.sweeper.sweep(t.Context(), s.db.now()+500); err != nil {
					t.Error(err)
				}
			}
		}
	})
	if err := s.rebuild.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if !s.Merkle().Ready() {
		t.Fatal("trees are not ready after their rebuild")
	}
	audit(t, s)
}

func TestScrub_WrongAccount_IsPutRight(t *testing.T) {
	clock := newTestClock()
	o := testOptions(vfs.NewMem())
	o.Now = clock.now
	s := open(t, o)
	for i := range 2000 {
		v := data("v")
		v.Expiry = clock.at.Add(time.Duration(i) * time.Millisecond).UnixMilli()
		write(t, s, 3, fmt.Sprint(i), v)
	}
	clock.advance(time.Second)
	if _, err := s.sweeper.sweep(t.Context(), s.db.now()); err != nil {
		t.Fatal(err)
	}
	scrub := func(want bool) {
		t.Helper()
		var wg sync.WaitGroup
		wg.Go(func() {
			for i := range 300 {
				write(t, s, 3, fmt.Sprint(i*7), data("meanwhile"))
			}
		})
		repaired, err := s.scrubber.scrub(t.Context(), 3)
		wg.Wait()
		if repaired != want || err != nil {
			t.Fatalf("repaired %v, want %v: %v", repaired, want, err)
		}
		audit(t, s)
	}
	scrub(false)
	s.stats.get(3).leaves[17].Add(1)
	scrub(true)
	s.stats.get(3).live.Add(1)
	scrub(true)
	scrub(false)
	if got, err := s.scrubber.scrub(t.Context(), 4); got || err != nil {
		t.Errorf("an empty partition: repaired %v, %v", got, err)
	}
}
