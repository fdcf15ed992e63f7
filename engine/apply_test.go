package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
)

func TestApply_SameKeyInOneBatch_SeesPredecessor(t *testing.T) {
	s := openMem(t)
	write(t, s, 1, "k", data("0"))
	var recs []*Record
	for i := range 5 {
		recs = append(recs,
			&Record{Partition: 1, Key: []byte("k"), Edit: &put{s: s, value: data(fmt.Sprint(i))}},
			&Record{Partition: 1, Key: fmt.Appendf(nil, "other%d", i), Edit: &put{s: s, value: data("x")}},
			&Record{Partition: 2, Key: []byte("k"), Edit: &put{s: s, value: data("elsewhere")}})
	}
	apply(t, s, recs...)
	wantValues(t, s, 1, "k", "4")
	wantValues(t, s, 2, "k", "elsewhere")
	o, err := object.Decode(recs[12].Stored)
	if err != nil {
		t.Fatal(err)
	}
	if n := o.Clock[0].Counter; len(o.Clock) != 1 || n != 6 {
		t.Fatalf("clock %v after six writes", o.Clock)
	}
	audit(t, s)
}

func TestApply_IncomingWins_KeepsItsBytes(t *testing.T) {
	s := openMem(t)
	old := foreign(7, 1, 1, data("old"))
	o, err := object.Decode(old)
	if err != nil {
		t.Fatal(err)
	}
	o = object.Put(o, o.Context(), causal.Dot{Actor: causal.Actor{Node: 7, Epoch: 1}, Counter: 2}, 2, data("new"))
	next := o.Append(nil)

	for _, step := range []struct {
		name    string
		merge   []byte
		stored  []byte
		own     bool // Stored is Merge itself
		changed bool
	}{
		{"absent", old, old, true, true},
		{"equal", old, old, false, false},
		{"newer", next, next, true, true},
		{"older", old, next, false, false},
	} {
		r := &Record{Key: []byte("k"), Merge: step.merge}
		apply(t, s, r)
		if string(r.Stored) != string(step.stored) || r.Changed != step.changed {
			t.Fatalf("%s: changed %v, stored %x", step.name, r.Changed, r.Stored)
		}
		if own := &r.Stored[0] == &step.merge[0]; own != step.own {
			t.Fatalf("%s: stored is the incoming object's memory: %v", step.name, own)
		}
	}
}

func TestApply_Concurrent_BecomeSiblings(t *testing.T) {
	s := openMem(t)
	apply(t, s, &Record{Key: []byte("k"), Merge: foreign(7, 1, 1, data("seven"))})
	apply(t, s, &Record{Key: []byte("k"), Merge: foreign(8, 1, 1, data("eight"))})
	wantValues(t, s, 0, "k", "seven", "eight")
	audit(t, s)
}

type editFunc func(*object.Object, bool) (object.Object, bool, error)

func (f editFunc) Edit(o *object.Object, mint *Minter) (object.Object, bool, error) {
	return f(o, mint.stored != nil)
}

// TestApply_FaultyRecord_LeavesOthersAlone also pins what each fault reports.
func TestApply_FaultyRecord_LeavesOthersAlone(t *testing.T) {
	s := openMem(t)
	refusal := errors.New("refused")
	good := foreign(7, 1, 1, data("v"))
	bad := append([]byte(nil), good...)
	bad[len(bad)-1] ^= 1
	recs := []*Record{
		{Key: []byte("a"), Merge: good},
		{Key: []byte("b"), Merge: bad},
		{Key: []byte("c"), Edit: editFunc(func(o *object.Object, _ bool) (object.Object, bool, error) { return *o, true, refusal })},
		{Key: []byte("d"), Partition: 16, Merge: good},
		{Key: []byte("e"), Edit: editFunc(func(o *object.Object, exists bool) (object.Object, bool, error) {
			if exists {
				t.Error("an absent object exists")
			}
			return *o, false, nil
		})},
		{Key: []byte("f"), Merge: good, Edit: editFunc(func(o *object.Object, exists bool) (object.Object, bool, error) {
			if exists || len(o.Siblings) != 1 {
				t.Errorf("exists %v with %d siblings; it only came along", exists, len(o.Siblings))
			}
			return *o, false, nil
		})},
		{Key: []byte("b"), Merge: good},
	}
	c, err := s.Apply(recs)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(recs[1].Err, wire.ErrCorrupt) || errors.Is(recs[1].Err, ErrCorrupt) {
		t.Errorf("bad object: %v", recs[1].Err)
	}
	if !errors.Is(recs[2].Err, refusal) || recs[3].Err == nil {
		t.Errorf("editor's: %v, partition: %v", recs[2].Err, recs[3].Err)
	}
	for i, want := range []bool{true, false, false, false, false, true, true} {
		if r := recs[i]; r.Changed != want || (r.Stored != nil) != want {
			t.Errorf("%s: changed %v, stored %x", r.Key, r.Changed, r.Stored)
		}
	}
	if s.Health() != nil {
		t.Errorf("health after a bad message: %v", s.Health())
	}
	audit(t, s)
}

func TestApply_ManyWriters_EveryEventSurvives(t *testing.T) {
	const writers, rounds, keys = 8, 60, 5
	s := openMem(t)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range rounds {
				var recs []*Record
				for k := range keys {
					p := ring.Partition((k + w) % keys) // every order of keys
					recs = append(recs, &Record{
						Partition: p, Key: fmt.Appendf(nil, "k%d", p),
						Edit: &put{s: s, blind: true, value: data(fmt.Sprintf("%d.%d", w, i))},
					})
				}
				apply(t, s, recs...)
			}
		})
	}
	wg.Wait()
	for p := range ring.Partition(keys) {
		got := read(t, s, p, fmt.Sprintf("k%d", p))
		if len(got) != writers*rounds {
			t.Errorf("key %d: %d siblings of %d concurrent writes", p, len(got), writers*rounds)
		}
	}
	audit(t, s)
}

// TestApply_Unchanged_IsNotSafeBeforeWhatItFound: a write that finds its object
// stored already must wait for the sync of the write that stored it.
func TestApply_Unchanged_IsNotSafeBeforeWhatItFound(t *testing.T) {
	fs := vfs.NewCrashableMem()
	s := open(t, testOptions(fs))
	encoded := foreign(7, 1, 1, data("v"))
	first, err := s.Apply([]*Record{{Key: []byte("k"), Merge: encoded}})
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.Apply([]*Record{{Key: []byte("k"), Merge: encoded}})
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Wait(); err != nil {
		t.Fatal(err)
	}
	disk := powerCut(fs, 0, 0)
	if err := first.Wait(); err != nil {
		t.Fatal(err)
	}
	third, err := s.Apply([]*Record{{Key: []byte("k"), Merge: encoded}})
	if err != nil {
		t.Fatal(err)
	}
	if !third.Durable() {
		t.Error("a repeated write syncs, though all before it is safe")
	}
	wantValues(t, open(t, testOptions(disk)), 0, "k", "v")
}

// TestApply_Results_OwnTheirMemory: what is stored must not change when later
// batches reuse the engine's buffers.
func TestApply_Results_OwnTheirMemory(t *testing.T) {
	s := openMem(t)
	var recs []*Record
	var want []string
	for i := range 200 {
		r := write(t, s, 0, fmt.Sprint(i%7), data(strings.Repeat(fmt.Sprint(i), i)))
		recs, want = append(recs, r), append(want, string(r.Stored))
		r = &Record{Key: r.Key, Merge: foreign(7, 1, 1, data("old"))}
		apply(t, s, r)
		recs, want = append(recs, r), append(want, string(r.Stored))
	}
	for i, r := range recs {
		if string(r.Stored) != want[i] {
			t.Fatalf("result %d changed after Apply", i)
		}
	}
}

func TestApply_Closed_SaysSo(t *testing.T) {
	s := openMem(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Apply([]*Record{{Key: []byte("k")}}); !errors.Is(err, ErrClosed) {
		t.Errorf("apply: %v", err)
	}
	if _, _, err := s.Get(0, []byte("k"), nil); !errors.Is(err, ErrClosed) {
		t.Errorf("get: %v", err)
	}
	for _, err := range s.Scan(0, 0) {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("scan: %v", err)
		}
	}
	if !errors.Is(s.Health(), ErrClosed) {
		t.Errorf("health: %v", s.Health())
	}
	if err := s.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
}

// Whoever merges an object hears of its latest time: the clock of the node follows it.
func TestApply_Merge_TellsOfItsTime(t *testing.T) {
	var told []causal.Timestamp
	o := testOptions(vfs.NewMem())
	o.Observe = func(at causal.Timestamp) { told = append(told, at) }
	s := open(t, o)
	apply(t, s, &Record{Key: []byte("k"), Merge: foreign(7, 1, 500, data("own copy"))})
	apply(t, s, &Record{Key: []byte("k"), Hint: 9, Merge: foreign(7, 1, 600, data("hint"))})
	write(t, s, 0, "k", data("by an editor")) // the coordinator has its time itself
	if !slices.Equal(told, []causal.Timestamp{500, 600}) {
		t.Errorf("told of %v", told)
	}
}
