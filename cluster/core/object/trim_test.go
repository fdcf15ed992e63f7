package object

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
)

var day = causal.TimestampOf((24 * time.Hour).Milliseconds())

// written is the object of one write after another, each by another node and with
// all that was there as its context, each a day after the one before.
func written(nodes int) Object {
	var o Object
	for i := range nodes {
		o = Put(o, o.Context(), causal.Dot{Actor: causal.Actor{Node: causal.NodeID(i + 1), Epoch: 1}, Counter: 1}, causal.Timestamp(i+1)*day, Value{Data: []byte{byte(i)}})
	}
	return o
}

func TestTrim(t *testing.T) {
	nodes := func(v causal.Vector) (n []causal.NodeID) {
		for _, e := range v {
			n = append(n, e.Actor.Node)
		}
		return n
	}
	sequence := func(from, to causal.NodeID) (n []causal.NodeID) {
		for ; from <= to; from++ {
			n = append(n, from)
		}
		return n
	}
	for _, c := range []struct {
		name string
		o    Object
		want []causal.NodeID
	}{
		{"short, however old", written(10), sequence(1, 10)},
		{"long, yet all young", written(11), sequence(1, 11)}, // the oldest is 10 days older, not more
		{"one too old", written(12), sequence(2, 12)},
		{"never below MaxVector", func() Object {
			o := written(11)
			return Put(o, o.Context(), causal.Dot{Actor: causal.Actor{Node: 99, Epoch: 1}, Counter: 1}, 1000*day, Value{})
		}(), append(sequence(3, 11), 99)},
	} {
		if got := nodes(c.o.Clock); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestTrim_NeededBySibling_Stays(t *testing.T) {
	first := Put(Object{}, causal.Context{}, causal.Dot{Actor: causal.Actor{Node: 1, Epoch: 1}, Counter: 1}, day, Value{Data: []byte("old")})
	var ctx causal.Vector // of a client that never saw it
	o := first
	for i := range 20 {
		o = Put(o, causal.Context{Vector: ctx}, causal.Dot{Actor: causal.Actor{Node: causal.NodeID(i + 2), Epoch: 1}, Counter: 1}, causal.Timestamp(i+2)*day, Value{})
		ctx = slices.DeleteFunc(o.Clock.Clone(), func(e causal.Entry) bool { return e.Actor.Node == 1 })
	}
	if !o.Clock.Covers(causal.Dot{Actor: causal.Actor{Node: 1, Epoch: 1}, Counter: 1}) || len(o.Siblings) != 2 {
		t.Errorf("the old sibling, or its entry, is gone: %v", o)
	}
	if len(o.Clock) > MaxVector+2 {
		t.Errorf("%d entries", len(o.Clock))
	}
	o = Put(o, o.Context(), causal.Dot{Actor: causal.Actor{Node: 50, Epoch: 1}, Counter: 1}, 40*day, Value{})
	if o.Clock.Covers(causal.Dot{Actor: causal.Actor{Node: 1, Epoch: 1}, Counter: 1}) {
		t.Error("the entry stays though no sibling needs it")
	}
}

func TestTrim_ForgedContexts_CannotGrowTheClock(t *testing.T) {
	var o Object
	at := causal.Timestamp(100 * day)
	for round := range 5 {
		ctx := o.Clock.Clone()
		for i := range causal.MaxEntries {
			ctx = append(ctx, causal.Entry{Actor: causal.Actor{Node: causal.NodeID(1000 + round*causal.MaxEntries + i), Epoch: 1}, Counter: 1, Time: at})
		}
		slices.SortFunc(ctx, func(a, b causal.Entry) int { return a.Actor.Compare(b.Actor) })
		at++
		o = Put(o, causal.Context{Vector: ctx}, causal.Dot{Actor: causal.Actor{Node: 1, Epoch: 1}, Counter: causal.Counter(round + 1)}, at, Value{})
		if len(o.Clock) > causal.MaxEntries {
			t.Fatalf("%d entries", len(o.Clock))
		}
		if !o.Clock.Covers(o.Siblings[0].Dot) {
			t.Fatal("its own event is not covered")
		}
	}
}

// Replicas that trimmed at different times become the same, and stay so, once
// each has met each of the others.
func TestTrim_ManyMerges_Converge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(5)
		for range rapid.IntRange(10, 60).Draw(t, "steps") {
			r := rapid.SampledFrom(w.replicas).Draw(t, "replica")
			w.now += causal.Timestamp(rapid.IntRange(0, 3).Draw(t, "days")) * day
			switch rapid.IntRange(0, 4).Draw(t, "step") {
			case 0, 1, 2:
				w.put(r, w.read(r))
				r.floor = w.epoch + 1 // a new actor for each write
			case 3:
				w.put(r, w.reads[0])
			case 4:
				w.merge(r, rapid.SampledFrom(w.replicas).Draw(t, "from"))
			}
		}
		for round := 0; ; round++ {
			if round == 4 {
				t.Fatal("still changing")
			}
			changed := false
			for _, to := range w.replicas {
				for _, from := range w.replicas {
					before := to.object
					w.merge(to, from)
					changed = changed || !to.object.Equal(&before)
				}
			}
			if !changed {
				break
			}
		}
		first := &w.replicas[0].object
		for _, r := range w.replicas[1:] {
			if !r.object.Equal(first) {
				t.Fatalf("replicas differ:\n%+v\n%+v", r.object, *first)
			}
		}
		// What no other write replaced is still there.
		all := map[causal.Dot]bool{}
		for _, r := range w.replicas {
			all = union(all, r.heard)
		}
		for _, d := range w.live(all) {
			if !slices.Contains(dotsOf(first), d) {
				t.Fatalf("%v is lost", d)
			}
		}
		if first.trimmable() {
			t.Fatal("a merged object could be trimmed further")
		}
	})
}

func TestMerge_OtherSideNotTrimmed_IsTheTrimmedOne(t *testing.T) {
	trimmed := written(12) // has forgotten node 1
	stale := written(5)
	if m, r := Merge(trimmed, stale); r != SameAsA || !m.Equal(&trimmed) {
		t.Errorf("%v: %v", r, m.Clock)
	}
	if m, r := Merge(stale, trimmed); r != SameAsB || !m.Equal(&trimmed) {
		t.Errorf("%v: %v", r, m.Clock)
	}
}
