package object

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
)

func merged(objects ...Object) Object {
	m := objects[0]
	for _, o := range objects[1:] {
		m, _ = Merge(m, o)
	}
	return m
}

func TestMerge_IsAJoin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := anyObject(t), anyObject(t), anyObject(t)
		checkJoin(t, a, b, c)
	})
}

func checkJoin(t *rapid.T, a, b, c Object) {
	ab, ba := merged(a, b), merged(b, a)
	if !ab.Equal(&ba) {
		t.Fatalf("not commutative:\n%+v\n%+v", ab, ba)
	}
	left, right := merged(merged(a, b), c), merged(a, merged(b, c))
	if !left.Equal(&right) {
		t.Fatalf("not associative:\n%+v\n%+v", left, right)
	}
	if aa, r := Merge(a, a); !aa.Equal(&a) || r != SameAsBoth {
		t.Fatalf("not idempotent: %+v, %v", aa, r)
	}
	if again, r := Merge(ab, b); !again.Equal(&ab) || r != SameAsA && r != SameAsBoth {
		t.Fatalf("merging again changes: %+v, %v", again, r)
	}
	m, r := Merge(a, b)
	sameA, sameB := m.Equal(&a), m.Equal(&b)
	if (r == SameAsA || r == SameAsBoth) != sameA || (r == SameAsB || r == SameAsBoth) != sameB {
		t.Fatalf("relation %v, but equal to a: %v, to b: %v", r, sameA, sameB)
	}
	for _, s := range m.Siblings {
		if !m.knows(s.Dot) {
			t.Fatalf("%v is not covered by %v", s.Dot, m.Context())
		}
	}
}

func TestMerge_Relations(t *testing.T) {
	x, y := causal.Actor{Node: 1, Epoch: 1}, causal.Actor{Node: 2, Epoch: 1}
	value := func(s string) Value { return Value{Data: []byte(s)} }
	one := Put(Object{}, causal.Context{}, causal.Dot{Actor: x, Counter: 1}, 10, value("a"))
	two := Put(one, one.Context(), causal.Dot{Actor: x, Counter: 2}, 20, value("b"))
	other := Put(Object{}, causal.Context{}, causal.Dot{Actor: y, Counter: 1}, 15, value("c"))
	for _, c := range []struct {
		name string
		a, b Object
		want Relation
		dots []causal.Dot
	}{
		{"nothing known", Object{}, Object{}, SameAsBoth, nil},
		{"first only", one, Object{}, SameAsA, []causal.Dot{{Actor: x, Counter: 1}}},
		{"second only", Object{}, one, SameAsB, []causal.Dot{{Actor: x, Counter: 1}}},
		{"equal", two, two.Clone(), SameAsBoth, []causal.Dot{{Actor: x, Counter: 2}}},
		{"stale second", two, one, SameAsA, []causal.Dot{{Actor: x, Counter: 2}}},
		{"stale first", one, two, SameAsB, []causal.Dot{{Actor: x, Counter: 2}}},
		{"concurrent", two, other, Neither, []causal.Dot{{Actor: x, Counter: 2}, {Actor: y, Counter: 1}}},
		{"concurrent, known", merged(two, other), other, SameAsA, []causal.Dot{{Actor: x, Counter: 2}, {Actor: y, Counter: 1}}},
		{"concurrent, one stale", merged(one, other), two, Neither, []causal.Dot{{Actor: x, Counter: 2}, {Actor: y, Counter: 1}}},
	} {
		m, r := Merge(c.a, c.b)
		if r != c.want || !slices.Equal(dotsOf(&m), c.dots) {
			t.Errorf("%s: %v %v, want %v %v", c.name, r, dotsOf(&m), c.want, c.dots)
		}
	}
}

// Two values of one dot are a bug elsewhere; still all nodes must agree on one.
func TestMerge_SameDotOfTwoValues_AgreesOnOne(t *testing.T) {
	x := causal.Actor{Node: 1, Epoch: 1}
	values := []Value{
		{Tombstone: true}, {Data: []byte("a")}, {Data: []byte("b")}, {Data: []byte("a"), Expiry: 5}, {Expiry: 5}, {Expiry: 5, Stripped: true}, {},
	}
	for _, v := range values {
		for _, u := range values {
			a := Put(Object{}, causal.Context{}, causal.Dot{Actor: x, Counter: 1}, 10, v)
			b := Put(Object{}, causal.Context{}, causal.Dot{Actor: x, Counter: 1}, 10, u)
			ab, ba := merged(a, b), merged(b, a)
			if !bytes.Equal(ab.Append(nil), ba.Append(nil)) || len(ab.Siblings) != 1 {
				t.Errorf("%+v and %+v: %+v or %+v", v, u, ab, ba)
			}
		}
	}
}

// In any order of writes, merges and losses, a replica holds exactly the values
// that it has heard of and that no write it has heard of replaced.
func TestMerge_AnyHistory_LosesNoPut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(rapid.IntRange(1, 4).Draw(t, "replicas"))
		pick := func() *replica { return rapid.SampledFrom(w.replicas).Draw(t, "replica") }
		losses := 0
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			r := pick()
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0, 1, 2: // a plain write
				w.put(r, w.read(r))
			case 3, 4: // a write with what some client has seen, then or earlier
				ctx := rapid.SampledFrom(w.reads).Draw(t, "context")
				dot := w.put(r, ctx)
				w.reads = append(w.reads, w.afterWrite(r, ctx, dot))
			case 5, 6:
				w.reads = append(w.reads, w.read(r))
			case 7, 8:
				w.merge(r, pick())
			default:
				if losses < 3 {
					losses++
					w.lose(r)
				}
			}
			if got, want := dotsOf(&r.object), w.live(r.heard); !slices.Equal(got, want) {
				t.Fatalf("replica %d holds %v, want %v", r.node, got, want)
			}
		}
		if len(w.past) > 2 {
			checkJoin(t, rapid.SampledFrom(w.past).Draw(t, "a"), rapid.SampledFrom(w.past).Draw(t, "b"),
				rapid.SampledFrom(w.past).Draw(t, "c"))
		}
		for _, r := range w.replicas[1:] {
			w.merge(w.replicas[0], r)
		}
		for _, r := range w.replicas[1:] {
			w.merge(r, w.replicas[0])
			if !r.object.Equal(&w.replicas[0].object) {
				t.Fatal("replicas differ after all have met")
			}
		}
		all := w.replicas[0]
		if got, want := dotsOf(&all.object), w.live(all.heard); !slices.Equal(got, want) {
			t.Fatalf("all hold %v, want %v", got, want)
		}
	})
}

// afterWrite is what the client has seen that wrote dot at r with ctx. In the
// model it has heard of what it had, of what r had heard of that is gone, and of
// its own.
func (w *world) afterWrite(r *replica, ctx read, dot causal.Dot) read {
	seen := read{context: r.object.SeenBy(dot), heard: map[causal.Dot]bool{dot: true}}
	for d := range r.heard {
		if seen.context.Covers(d) {
			seen.heard[d] = true
		}
	}
	for d := range ctx.heard {
		seen.heard[d] = true
	}
	return seen
}

func TestMerge_ToldNothingNew_AllocatesNothing(t *testing.T) {
	b := oneOf(5, make([]byte, 100))
	a := Put(b, b.Context(), causal.Dot{Actor: b.Clock[2].Actor, Counter: b.Clock[2].Counter + 1}, b.Clock.Latest()+1, Value{Data: []byte("new")})
	same := a.Clone()
	for name, f := range map[string]func() Relation{
		"SameAsA":    func() Relation { _, r := Merge(a, b); return r },
		"SameAsB":    func() Relation { _, r := Merge(b, a); return r },
		"SameAsBoth": func() Relation { _, r := Merge(a, same); return r },
	} {
		if r := f(); r == Neither {
			t.Errorf("%s: neither", name)
		}
		if n := testing.AllocsPerRun(100, func() { f() }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
