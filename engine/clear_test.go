package engine

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

const otherNode = causal.NodeID(0xb0b)

// proposal carries out the first two steps of a clear on one node, and returns the clear.
func proposal(tb testing.TB, s *Store) object.Clear {
	tb.Helper()
	seen, err := s.Clears().Prepare()
	if err != nil {
		tb.Fatal(err)
	}
	return seen.With(object.Bound{Node: testNode, Below: s.Clears().Bound(seen.Below(testNode))})
}

func clearAll(tb testing.TB, s *Store, c object.Clear) {
	tb.Helper()
	if err := s.Clears().Apply(c); err != nil {
		tb.Fatal(err)
	}
	if s.Clears().Mark() != s.Clears().Current().Mark() {
		tb.Fatalf("the clear is not carried out")
	}
}

// fromOther is a version that the other node has made in an epoch.
func fromOther(epoch causal.Epoch, value string) object.Object {
	dot := causal.Dot{Actor: causal.Actor{Node: otherNode, Epoch: epoch}, Counter: 1}
	return object.Put(object.Object{}, causal.Context{}, dot, 1, data(value))
}

// wantConsistent checks that what is counted is what is stored.
func wantConsistent(tb testing.TB, s *Store) {
	tb.Helper()
	for p := range ring.Partition(s.db.opts.Partitions) {
		sum := newRecount(s.db, s.db.pebble.NewSnapshot())
		lower, upper := partitionBounds(prefixObject, p)
		for e, err := range s.db.objectChunks(sum.snapshot, lower, upper) {
			if err == nil {
				err = sum.add(e)
			}
			if err != nil {
				tb.Fatal(err)
			}
		}
		_ = sum.snapshot.Close()
		right := new(partitionStats)
		sum.addTo(right)
		have := s.stats.at(p)
		if have == nil {
			have = new(partitionStats)
		}
		if !have.equal(right) {
			tb.Errorf("partition %d: the statistics do not match its objects", p)
		}
	}
}

func liveKeys(s *Store) (n int64) {
	for p := range ring.Partition(s.db.opts.Partitions) {
		live, _ := s.Partitions().Keys(p)
		n += live
	}
	return n
}

func TestClears_Apply_RemovesWhatIsStoredAndKeepsWhatComesAfter(t *testing.T) {
	for _, durability := range []Durability{Always, Interval} {
		o := testOptions(vfs.NewCrashableMem())
		o.Durability = durability
		s := open(t, o)
		for i := range 100 {
			write(t, s, ring.Partition(i%16), fmt.Sprint("k", i), data("v"))
		}
		write(t, s, 1, "dead", object.Value{Tombstone: true})
		write(t, s, 2, "expiring", object.Value{Data: []byte("v"), Expiry: s.db.now() + 1e6})
		apply(t, s, &Record{Partition: 3, Key: []byte("gone member"), Merge: appended(fromOther(7, "v"))})
		clear := proposal(t, s)
		write(t, s, 3, "raced", data("new"))
		write(t, s, 3, "k3", data("newer")) // over a version that is cleared
		clearAll(t, s, clear)
		for i := range 100 {
			if i != 3 {
				wantValues(t, s, ring.Partition(i%16), fmt.Sprint("k", i))
			}
		}
		wantValues(t, s, 1, "dead")
		wantValues(t, s, 2, "expiring")
		wantValues(t, s, 3, "gone member")
		wantValues(t, s, 3, "raced", "new")
		wantValues(t, s, 3, "k3", "newer")
		if n := liveKeys(s); n != 2 {
			t.Errorf("%d keys", n)
		}
		wantConsistent(t, s)
		r := write(t, s, 4, "k4", data("again"))
		if stored, err := object.Decode(r.Stored); err != nil || clear.Covers(stored.Clock[0].Actor) {
			t.Errorf("a version after the clear is covered by it: %v, %v", stored, err)
		}
		// The power fails: all of it is there.
		o.FS = o.FS.(*vfs.MemFS).CrashClone(vfs.CrashCloneCfg{})
		again := open(t, o)
		wantValues(t, again, 3, "raced", "new")
		wantValues(t, again, 5, "k5")
		if again.Clears().Mark() != clear.Mark() {
			t.Errorf("the clear is forgotten")
		}
	}
}

func appended(o object.Object) []byte { return o.Append(nil) }

// What was under way when the clear came is stored without what is cleared of it, as a copy
// or as a hint.
func TestClears_WhatComesLate_Obeys(t *testing.T) {
	s := openMem(t)
	clear := object.Clear{{Node: otherNode, Below: 100}}
	apply(t, s, &Record{Partition: 1, Key: []byte("hinted"), Hint: 99, Merge: appended(fromOther(7, "old"))})
	clearAll(t, s, clear)
	late, fresh := fromOther(7, "late"), fromOther(100, "fresh")
	mixed, _ := object.Merge(late, fresh)
	for _, hint := range []causal.NodeID{0, 99} {
		apply(t, s,
			&Record{Partition: 1, Key: []byte("late"), Hint: hint, Merge: appended(late)},
			&Record{Partition: 1, Key: []byte("mixed"), Hint: hint, Merge: appended(mixed)},
		)
	}
	wantValues(t, s, 1, "late")
	wantValues(t, s, 1, "mixed", "fresh")
	for key, want := range map[string]object.Object{"late": {}, "hinted": {}, "mixed": fresh} {
		raw, found, err := s.Hints().Get(1, []byte(key), nil)
		if err != nil || found != (len(want.Clock) > 0) || found && !bytes.Equal(raw, appended(want)) {
			t.Errorf("the hint for %s: %x, %v, %v", key, raw, found, err)
		}
	}
	// A client that names cleared versions does not bring them back into the clock.
	r := &Record{Partition: 1, Key: []byte("context"), Edit: &put{s: s, blind: true, ctx: late.Clock, value: data("v")}}
	apply(t, s, r)
	if o, err := object.Decode(r.Stored); err != nil || len(o.Clock) != 1 || o.Clock[0].Actor.Node != testNode {
		t.Errorf("stored %v, %v", o, err)
	}
	wantConsistent(t, s)
}

// A node that was not prepared does not know which keys have other versions. It looks at all.
func TestClears_Apply_Unprepared_Sweeps(t *testing.T) {
	for _, rebuilding := range []bool{false, true} {
		o := testOptions(vfs.NewMem())
		s := open(t, o)
		for i := range 2000 {
			late, fresh := fromOther(7, "late"), fromOther(100, "fresh")
			both, _ := object.Merge(late, fresh)
			apply(t, s, &Record{Partition: 1, Key: fmt.Append(nil, i), Merge: appended([]object.Object{late, fresh, both}[i%3])})
		}
		write(t, s, 2, "own", data("v"))
		if rebuilding {
			s.Crash()
			s = open(t, o)
		}
		clearAll(t, s, object.Clear{{Node: otherNode, Below: 100}})
		for i := range 2000 {
			if i%3 == 0 {
				wantValues(t, s, 1, fmt.Sprint(i))
			} else {
				wantValues(t, s, 1, fmt.Sprint(i), "fresh")
			}
		}
		wantValues(t, s, 2, "own", "v")
		if !rebuilding {
			wantConsistent(t, s)
		}
	}
}

func TestClears_Apply_MoreKeysWrittenThanAreNoted_Sweeps(t *testing.T) {
	s := openMem(t)
	write(t, s, 1, "old", data("v"))
	clear := proposal(t, s)
	for i := range maxNotedKeys/1000 + 1 {
		recs := make([]*Record, 1000)
		for k := range recs {
			recs[k] = &Record{Partition: 1, Key: fmt.Append(nil, i, "-", k), Edit: &put{s: s, value: data("new")}}
		}
		apply(t, s, recs...)
	}
	clearAll(t, s, clear)
	wantValues(t, s, 1, "old")
	if n := liveKeys(s); n != (maxNotedKeys/1000+1)*1000 {
		t.Errorf("%d keys", n)
	}
	wantConsistent(t, s)
}

// The statistics of a clean stop, and those that are rebuilt after another one, tell which
// epochs a partition has.
func TestClears_Prepare_AfterAStart_KnowsTheEpochs(t *testing.T) {
	for _, clean := range []bool{true, false} {
		o := testOptions(vfs.NewCrashableMem())
		s := open(t, o)
		apply(t, s, &Record{Partition: 3, Key: []byte("k"), Merge: appended(fromOther(7, "v"))})
		write(t, s, 3, "own", data("v"))
		want, err := s.Clears().Prepare()
		if err != nil {
			t.Fatal(err)
		}
		if clean {
			err = s.Close()
		} else {
			s.Crash()
		}
		if err != nil {
			t.Fatal(err)
		}
		s = open(t, o)
		if _, err := s.Clears().Prepare(); !clean && !errors.Is(err, ErrNotCounted) {
			t.Errorf("before the statistics are rebuilt: %v", err)
		}
		if err := s.rebuild.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		got, err := s.Clears().Prepare()
		if err != nil || got.Below(otherNode) != 8 || !got.Includes(want) {
			t.Errorf("clean %v: %v, %v, want %v", clean, got, err, want)
		}
	}
}

// A disk that is put back may have used epochs below a bound that a later life of the node has
// named. What was made in them is cleared, and that is known.
func TestClears_BoundOfAnotherProcess_MakesEpochsForgotten(t *testing.T) {
	s := openMem(t)
	dot := func() causal.Dot {
		e := &put{s: s, value: data("v")}
		apply(t, s, &Record{Partition: 1, Key: []byte("k"), Edit: e})
		return e.dot
	}
	first := dot()
	bound := first.Actor.Epoch + 1<<30
	clearAll(t, s, object.Clear{{Node: testNode, Below: bound}})
	second := dot()
	if !s.Clears().Forgets(first) || s.Clears().Forgets(second) || second.Actor.Epoch < bound {
		t.Errorf("forgets %v: %v, %v: %v", first, s.Clears().Forgets(first), second, s.Clears().Forgets(second))
	}
	clearAll(t, s, proposal(t, s))
	if s.Clears().Forgets(second) {
		t.Errorf("what was cleared in good order counts as forgotten")
	}
}

func BenchmarkClears_Apply(b *testing.B) {
	s := openMem(b)
	for i := range b.N {
		b.StopTimer()
		recs := make([]*Record, 10_000)
		for k := range recs {
			recs[k] = &Record{Partition: ring.Partition(k % 16), Key: fmt.Append(nil, i, "-", k), Edit: &put{s: s, value: data("v")}}
		}
		apply(b, s, recs...)
		clear := proposal(b, s)
		b.StartTimer()
		clearAll(b, s, clear)
	}
}
