package object

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
)

func TestPut(t *testing.T) {
	a, b := causal.Actor{Node: 1, Epoch: 1}, causal.Actor{Node: 2, Epoch: 1}
	value := func(s string) Value { return Value{Data: []byte(s)} }
	first := Put(Object{}, causal.Context{}, causal.Dot{Actor: a, Counter: 1}, 10, value("x"))
	blind := Put(first, causal.Context{}, causal.Dot{Actor: a, Counter: 2}, 20, value("y"))
	if got := dotsOf(&blind); !slices.Equal(got, []causal.Dot{{Actor: a, Counter: 1}, {Actor: a, Counter: 2}}) {
		t.Errorf("a write that saw nothing replaced something: %v", got)
	}
	seen := Put(blind, blind.Context(), causal.Dot{Actor: b, Counter: 1}, 30, value("z"))
	if got := dotsOf(&seen); !slices.Equal(got, []causal.Dot{{Actor: b, Counter: 1}}) {
		t.Errorf("a write that saw all left %v", got)
	}
	if want := (causal.Vector{{Actor: a, Counter: 2, Time: 20}, {Actor: b, Counter: 1, Time: 30}}); !slices.Equal(seen.Clock, want) {
		t.Errorf("clock %v, want %v", seen.Clock, want)
	}
	if len(blind.Siblings) != 2 || len(first.Clock) != 1 || first.Clock[0].Counter != 1 {
		t.Error("Put changed its argument")
	}
	half := Put(blind, first.Context(), causal.Dot{Actor: b, Counter: 1}, 30, value("z"))
	if got := dotsOf(&half); !slices.Equal(got, []causal.Dot{{Actor: a, Counter: 2}, {Actor: b, Counter: 1}}) {
		t.Errorf("a write that saw one of two left %v", got)
	}
	tomb := Put(first, first.Context(), causal.Dot{Actor: a, Counter: 2}, 20, Value{Tombstone: true, Data: []byte("x"), Expiry: 7})
	if s := tomb.Siblings[0]; !s.Tombstone || s.Data != nil || s.Expiry != 0 {
		t.Errorf("a deletion holds a value: %+v", s)
	}
	past := Put(Object{}, causal.Context{}, causal.Dot{Actor: a, Counter: 1}, 10, Value{Data: []byte("x"), Expiry: -5})
	if past.Siblings[0].Expiry <= 0 || past.Live(1000) {
		t.Errorf("an expiry before 1970: %+v", past)
	}
}

func TestPut_ContextFromTheFuture_IsCutToTheWrite(t *testing.T) {
	a, b := causal.Actor{Node: 1, Epoch: 1}, causal.Actor{Node: 2, Epoch: 1}
	ctx := causal.Vector{{Actor: a, Counter: 7, Time: 1 << 60}}
	o := Put(Object{}, causal.Context{Vector: ctx}, causal.Dot{Actor: b, Counter: 1}, 30, Value{})
	if o.Clock.Latest() != 30 || ctx[0].Time != 1<<60 {
		t.Errorf("clock %v, context %v", o.Clock, ctx)
	}
}

func TestPut_UsedDot_Panics(t *testing.T) {
	a := causal.Actor{Node: 1, Epoch: 1}
	o := Put(Object{}, causal.Context{}, causal.Dot{Actor: a, Counter: 2}, 10, Value{})
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	Put(o, o.Context(), causal.Dot{Actor: a, Counter: 2}, 20, Value{})
}

func TestNextDot(t *testing.T) {
	const node causal.NodeID = 7
	old, now := causal.Actor{Node: node, Epoch: 5}, causal.Actor{Node: node, Epoch: 9}
	known := Object{Clock: causal.Vector{{Actor: old, Counter: 3, Time: 1}, {Actor: now, Counter: 4, Time: 2}, {Actor: causal.Actor{Node: 8, Epoch: 1}, Counter: 50, Time: 3}}}
	full := Object{Clock: causal.Vector{{Actor: now, Counter: causal.MaxCounter, Time: 2}}}
	for _, c := range []struct {
		name   string
		o      Object
		exists bool
		ctx    causal.Vector
		floor  causal.Epoch
		want   causal.Dot
	}{
		{"counts on in its newest epoch", known, true, nil, 9, causal.Dot{Actor: now, Counter: 5}},
		{"passes the context by", known, true, causal.Vector{{Actor: now, Counter: 10, Time: 1}}, 9, causal.Dot{Actor: now, Counter: 11}},
		{"a higher floor", known, true, nil, 10, causal.Dot{Actor: causal.Actor{Node: node, Epoch: 100}, Counter: 1}},
		{"forged: an epoch of the future in its copy", Object{Clock: causal.Vector{{Actor: now, Counter: 4, Time: 2}, {Actor: causal.Actor{Node: node, Epoch: 1000}, Counter: 7, Time: 2}}}, true, nil, 9, causal.Dot{Actor: now, Counter: 5}},
		{"no copy", known, false, nil, 0, causal.Dot{Actor: causal.Actor{Node: node, Epoch: 100}, Counter: 1}},
		{"no copy, a context that names its epoch", Object{}, false, causal.Vector{{Actor: now, Counter: 10, Time: 1}}, 0, causal.Dot{Actor: causal.Actor{Node: node, Epoch: 100}, Counter: 1}},
		{"a copy it never wrote", Object{Clock: causal.Vector{{Actor: causal.Actor{Node: 8, Epoch: 1}, Counter: 50, Time: 3}}}, true, nil, 0, causal.Dot{Actor: causal.Actor{Node: node, Epoch: 100}, Counter: 1}},
		{"counter exhausted", full, true, nil, 0, causal.Dot{Actor: causal.Actor{Node: node, Epoch: 100}, Counter: 1}},
		{"context exhausts it", known, true, causal.Vector{{Actor: now, Counter: causal.MaxCounter, Time: 1}}, 0, causal.Dot{Actor: causal.Actor{Node: node, Epoch: 100}, Counter: 1}},
		{"forged: its next epoch", known, true, causal.Vector{{Actor: causal.Actor{Node: node, Epoch: 100}, Counter: 3, Time: 1}}, 10, causal.Dot{Actor: causal.Actor{Node: node, Epoch: 100}, Counter: 4}},
		{"forged: its next epochs, exhausted", known, true,
			causal.Vector{{Actor: causal.Actor{Node: node, Epoch: 100}, Counter: causal.MaxCounter, Time: 1}, {Actor: causal.Actor{Node: node, Epoch: 101}, Counter: causal.MaxCounter, Time: 1}}, 10, causal.Dot{Actor: causal.Actor{Node: node, Epoch: 102}, Counter: 1}},
	} {
		epoch := causal.Epoch(99)
		stored := &c.o
		if !c.exists {
			stored = nil
		}
		got := NextDot(stored, c.ctx, node, EpochSpan{From: c.floor, Below: 100}, func() causal.Epoch { epoch++; return epoch })
		if got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		Put(c.o, causal.Context{Vector: c.ctx}, got, 10, Value{}) // must be a new event
	}
	if got := NextDot(nil, nil, node, EpochSpan{}, func() causal.Epoch { return 1 }); got != (causal.Dot{Actor: causal.Actor{Node: node, Epoch: 1}, Counter: 1}) {
		t.Errorf("no object at all: %v", got)
	}
}

// Dots are never reused, whatever a node forgets: its disk, or, after a power cut,
// only its last writes. (world.put panics on a dot that was minted before.)
func TestNextDot_LostMemories_NeverRepeats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(3)
		saved := make([]replica, len(w.replicas))
		for i, r := range w.replicas {
			saved[i] = *r
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			i := rapid.IntRange(0, 2).Draw(t, "replica")
			r := w.replicas[i]
			switch rapid.IntRange(0, 7).Draw(t, "step") {
			case 0, 1, 2:
				w.put(r, w.read(r))
			case 3:
				w.put(r, rapid.SampledFrom(w.reads).Draw(t, "context"))
			case 4:
				w.reads = append(w.reads, w.read(r))
			case 5:
				w.merge(r, w.replicas[rapid.IntRange(0, 2).Draw(t, "from")])
			case 6:
				w.lose(r)
			case 7:
				if rapid.Bool().Draw(t, "sync") {
					saved[i] = *r
				} else { // back to what was synced
					*r = saved[i]
					r.floor = w.epoch + 1
				}
			}
		}
	})
}

// A client that always passes what it was last handed never makes a sibling,
// whichever replicas take its writes, and however little they know of each other.
func TestPut_ClientPassesItsContext_MakesNoSiblings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(3)
		ctx := w.reads[0]
		for range rapid.IntRange(1, 50).Draw(t, "writes") {
			r := rapid.SampledFrom(w.replicas).Draw(t, "replica")
			dot := w.put(r, ctx)
			if len(r.object.Siblings) != 1 {
				t.Fatalf("%d siblings", len(r.object.Siblings))
			}
			ctx = w.afterWrite(r, ctx, dot)
			if rapid.Bool().Draw(t, "merge") {
				w.merge(rapid.SampledFrom(w.replicas).Draw(t, "to"), r)
			}
		}
		for _, r := range w.replicas {
			w.merge(w.replicas[0], r)
		}
		if n := len(w.replicas[0].object.Siblings); n != 1 {
			t.Fatalf("%d siblings in the end", n)
		}
	})
}

// Clients that write through one coordinator, each with the context it was last
// handed (by a read or by its own write), leave at most one sibling each; and
// none makes another's value go unless it was shown it.
func TestPut_InterleavedClients_SiblingsBoundedByConcurrency(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	const clients = 7
	w := newWorld(1)
	r := w.replicas[0]
	held := slices.Repeat(w.reads[:1], clients)
	shown := make([]map[causal.Dot]bool, clients) // kept apart from contexts, by the test
	for c := range shown {
		shown[c] = map[causal.Dot]bool{}
	}
	for i := range 1000 {
		c := rnd.IntN(clients)
		before := dotsOf(&r.object)
		dot := w.put(r, held[c])
		for _, d := range before {
			if !slices.Contains(dotsOf(&r.object), d) && !shown[c][d] {
				t.Fatalf("write %d: %v is gone, which its writer had never seen", i, d)
			}
		}
		shown[c][dot] = true
		if rnd.IntN(3) == 0 {
			held[c] = w.read(r)
			for _, d := range dotsOf(&r.object) {
				shown[c][d] = true
			}
		} else {
			held[c] = w.afterWrite(r, held[c], dot)
		}
		if n := len(r.object.Siblings); n > clients {
			t.Fatalf("write %d: %d siblings of %d clients", i, n, clients)
		}
		if n := len(r.object.Clock); n != 1 {
			t.Fatalf("write %d: %d entries for one coordinator", i, n)
		}
	}
	if got, want := dotsOf(&r.object), w.live(r.heard); !slices.Equal(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
	w.put(r, w.read(r))
	if n := len(r.object.Siblings); n != 1 {
		t.Errorf("a plain write left %d siblings", n)
	}
}

// The context that a write returns never hides what its client was not shown.
func TestSeenBy_HidesNoUnseenSibling(t *testing.T) {
	a := causal.Actor{Node: 1, Epoch: 1}
	value := func(s string) Value { return Value{Data: []byte(s)} }
	one := Put(Object{}, causal.Context{}, causal.Dot{Actor: a, Counter: 1}, 10, value("alice"))
	two := Put(one, causal.Context{}, causal.Dot{Actor: a, Counter: 2}, 20, value("bob"))
	ctx := two.SeenBy(causal.Dot{Actor: a, Counter: 2})
	if ctx.Covers(causal.Dot{Actor: a, Counter: 1}) {
		t.Fatalf("bob's context %v covers alice's value", ctx)
	}
	three := Put(two, ctx, causal.Dot{Actor: a, Counter: 3}, 30, value("bob again"))
	if got := dotsOf(&three); !slices.Equal(got, []causal.Dot{{Actor: a, Counter: 1}, {Actor: a, Counter: 3}}) {
		t.Errorf("siblings %v, want alice's and bob's new one", got)
	}
	if got := three.SeenBy(causal.Dot{Actor: a, Counter: 1}); !slices.Equal(got.Vector, causal.Vector{{Actor: a, Counter: 2, Time: 30}}) || len(got.Gaps) > 0 {
		t.Errorf("alice's context %v", got)
	}
	if got := three.Without(causal.Dot{}); len(got.Siblings) != 2 {
		t.Error("the zero dot took a sibling away")
	}
	rapid.Check(t, func(t *rapid.T) {
		o := anyObject(t)
		if len(o.Siblings) == 0 {
			return
		}
		own := rapid.SampledFrom(o.Siblings).Draw(t, "own").Dot
		v := o.SeenBy(own)
		for _, s := range o.Siblings {
			if covers := v.Covers(s.Dot); covers != (s.Dot == own) {
				t.Fatalf("%v covers %v: %v", v, s.Dot, covers)
			}
		}
		if _, isClock := causal.JoinIs(v.Vector, o.Clock); !isClock {
			t.Fatalf("%v goes beyond %v", v, o.Clock)
		}
	})
}
