package engine

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// copyOf returns a copy of a disk as it is now.
func copyOf(fs *vfs.MemFS) *vfs.MemFS {
	return fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 1))})
}

// TestEpochs_DirectoryPutBack_ContinuesNothing: a directory is replaced by a copy that
// was made after a clean stop, at once, after some time, and with a clock set back.
func TestEpochs_DirectoryPutBack_ContinuesNothing(t *testing.T) {
	const keys = 500
	for _, later := range []time.Duration{0, time.Minute, time.Hour, -time.Hour} {
		t.Run(later.String(), func(t *testing.T) {
			clock := newTestClock()
			fs := vfs.NewCrashableMem()
			o := testOptions(fs)
			o.Now = clock.now
			minted := make(map[string]causal.Dot)
			life := func(fs *vfs.MemFS, keep bool) {
				o.FS = fs
				s := open(t, o)
				for i := range 2 * keys { // half of them exist in the copy
					key := fmt.Sprint("k", i)
					e := &put{s: s, value: data("v")}
					apply(t, s, &Record{Key: []byte(key), Edit: e})
					if e.dot == minted[key] {
						t.Fatalf("dot %v of %s names two events", e.dot, key)
					}
					if keep {
						minted[key] = e.dot
					}
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
			s := open(t, o)
			for i := range keys {
				write(t, s, 0, fmt.Sprint("k", i), data("old"))
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			backup := copyOf(fs)
			life(fs, true)
			clock.advance(later)
			life(backup, false)
		})
	}
}

// TestEpochs_Outgrow_GoesOnAboveTheUnknownStart: what the start of another copy of the
// directory has used is not used again, and not continued when it arrives.
func TestEpochs_Outgrow_GoesOnAboveTheUnknownStart(t *testing.T) {
	fs := vfs.NewCrashableMem()
	s := open(t, testOptions(fs))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	backup := copyOf(fs)
	other := open(t, testOptions(fs))
	first := &put{s: other, value: data("1")}
	apply(t, other, &Record{Key: []byte("k"), Edit: first})
	second := &put{s: other, value: data("2")}
	r := &Record{Key: []byte("k"), Edit: second}
	apply(t, other, r)

	s = open(t, testOptions(backup))
	if s.Incarnation() == other.Incarnation() {
		t.Fatalf("two starts are called %x", s.Incarnation())
	}
	before := s.Incarnation()
	s.Outgrow(other.Incarnation())
	apply(t, s, &Record{Key: []byte("k"), Merge: r.Stored})
	next := &put{s: s, value: data("3")}
	apply(t, s, &Record{Key: []byte("k"), Edit: next})
	if e := next.dot.Actor.Epoch; e <= second.dot.Actor.Epoch || e < before {
		t.Errorf("dot %v, after %v of the other start", next.dot, second.dot)
	}
	s.Outgrow(causal.Epoch(1) << 63) // centuries ahead: nobody was there
	if e := s.epochs.mint(ownLineage); uint64(e)>>20 > uint64(time.Now().Add(24*time.Hour).UnixMilli()) {
		t.Errorf("epoch %x after a start that cannot have been", e)
	}
}

// TestEpochs_TwoProcessesOnCopies_NeverMeet: while two processes use copies of one
// directory, each is brought the versions of the other, and goes on above them.
func TestEpochs_TwoProcessesOnCopies_NeverMeet(t *testing.T) {
	fs := vfs.NewCrashableMem()
	first := open(t, testOptions(fs))
	second := open(t, testOptions(copyOf(fs)))
	minted := make(map[causal.Dot]string)
	for i := range 20 {
		shared := &put{s: second, value: data("v")}
		r := &Record{Key: []byte(fmt.Sprint("shared", i)), Edit: shared}
		apply(t, second, r)
		minted[shared.dot] = "shared"
		apply(t, first, &Record{Key: r.Key, Merge: r.Stored})
		for _, s := range []*Store{first, second} {
			own := &put{s: s, value: data("v")}
			apply(t, s, &Record{Key: []byte(fmt.Sprint("own", i)), Edit: own})
			if other := minted[own.dot]; other != "" {
				t.Fatalf("dot %v names two events, one of a key %s%d", own.dot, other, i)
			}
			minted[own.dot] = "own"
		}
	}
}

// TestEpochs_ContextOfAnotherProcess_IsNotContinued: a client brings what one process has
// made to another one on a copy of its directory, which hears of later epochs after that.
func TestEpochs_ContextOfAnotherProcess_IsNotContinued(t *testing.T) {
	fs := vfs.NewCrashableMem()
	high := open(t, testOptions(fs))
	low := open(t, testOptions(copyOf(fs)))
	if low.Incarnation() > high.Incarnation() {
		high, low = low, high
	}
	edit := func(s *Store, p ring.Partition, key string, e *put) *Record {
		e.s, e.value = s, data("v")
		r := &Record{Partition: p, Key: []byte(key), Edit: e}
		apply(t, s, r)
		return r
	}
	var first, second, other put
	edit(high, 0, "k", &first)
	edit(low, 0, "k", &put{blind: true, ctx: causal.Vector{{Actor: first.dot.Actor, Counter: first.dot.Counter}}})
	later := edit(high, 1, "later", &put{})
	apply(t, low, &Record{Partition: 1, Key: later.Key, Merge: later.Stored})
	edit(high, 0, "k", &second)
	edit(low, 0, "k", &other)
	if other.dot == second.dot {
		t.Errorf("dot %v names two events", other.dot)
	}
}

// TestEpochs_TrimmedEntryComesBackLower_IsNotContinued: this node's entry in a key's
// vector is dropped for its age, and an old replica brings it back as it was before.
func TestEpochs_TrimmedEntryComesBackLower_IsNotContinued(t *testing.T) {
	s := openMem(t)
	minted := make(map[causal.Dot]bool)
	mint := func(value string) *Record {
		e := &put{s: s, value: data(value)}
		r := &Record{Key: []byte("k"), Edit: e}
		apply(t, s, r)
		if minted[e.dot] {
			t.Fatalf("dot %v names two events", e.dot)
		}
		minted[e.dot] = true
		return r
	}
	old := mint("1").Stored
	newest, err := object.Decode(mint("2").Stored)
	if err != nil {
		t.Fatal(err)
	}
	later := newest.Clock.Latest() + causal.TimestampOf((object.TrimAge + time.Hour).Milliseconds())
	for i := range object.MaxVector + 1 {
		dot := causal.Dot{Actor: causal.Actor{Node: causal.NodeID(100 + i), Epoch: 1}, Counter: 1}
		newest = object.Put(newest, newest.Context(), dot, later, data("later"))
		apply(t, s, &Record{Key: []byte("k"), Merge: newest.Append(nil)})
	}
	wantValues(t, s, 0, "k", "later")
	if _, known := newest.Clock.NewestBelow(testNode, 1<<63); known {
		t.Fatalf("the entry was not dropped: %v", newest.Clock)
	}
	apply(t, s, &Record{Key: []byte("k"), Merge: old})
	mint("3")
	mint("4")
}

// TestEpochs_ForgedEpochOfTheFuture_IsNotContinued: a client's context names an epoch that
// this node has not come to. It would be above the floors of many starts, so the same dots
// would be minted once more wherever the directory is older.
func TestEpochs_ForgedEpochOfTheFuture_IsNotContinued(t *testing.T) {
	const target = causal.NodeID(8)
	for name, kept := range map[string]causal.NodeID{"own copy": 0, "hint": target} {
		t.Run(name, func(t *testing.T) {
			s := openMem(t)
			lineage := ownLineage
			if kept != 0 {
				lineage = hintLineage(kept)
			}
			forged := causal.Actor{Node: testNode, Epoch: causal.Epoch(tickAt(s.db.now()+24*time.Hour.Milliseconds())<<lineageBits) | lineage}
			minted := make(map[causal.Dot]bool)
			for i := range 4 {
				e := &put{s: s, value: data("v")}
				if i == 1 {
					e.blind, e.ctx = true, causal.Vector{{Actor: forged, Counter: 5}}
				}
				apply(t, s, &Record{Key: []byte("k"), Hint: kept, Edit: e})
				if e.dot.Actor == forged || minted[e.dot] {
					t.Fatalf("update %d is %v: minted before %v, forged was %v", i, e.dot, minted[e.dot], forged)
				}
				minted[e.dot] = true
			}
		})
	}
}

// TestEpochs_HintOfAnotherProcess_IsNotContinued: a process on a copy of the directory is
// handed the other one's hint, and comes to later epochs after that.
func TestEpochs_HintOfAnotherProcess_IsNotContinued(t *testing.T) {
	const target = causal.NodeID(8)
	clock := newTestClock()
	fs := vfs.NewCrashableMem()
	o := testOptions(fs)
	o.Now = clock.now
	high := open(t, o)
	o.FS = copyOf(fs)
	low := open(t, o)
	if low.Incarnation() > high.Incarnation() {
		high, low = low, high
	}
	edit := func(s *Store, key string, e *put) *Record {
		e.s, e.value = s, data("v")
		r := &Record{Key: []byte(key), Hint: target, Edit: e}
		apply(t, s, r)
		return r
	}
	var first, second, other put
	hint := edit(high, "k", &first)
	apply(t, low, &Record{Key: hint.Key, Hint: target, Merge: hint.Stored})
	clock.advance(time.Hour)
	edit(low, "another", &put{})
	edit(high, "k", &second)
	edit(low, "k", &other)
	if other.dot == second.dot {
		t.Errorf("dot %v names two events", other.dot)
	}
}
