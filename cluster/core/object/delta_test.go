package object

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
)

// deltaWorld is a few replicas of one object that send each other whole objects and deltas.
type deltaWorld struct {
	replicas [3]Object
	seen     []causal.Context
	sent     []sentDelta
	now      int64
	pending  Delta          // of the edits of one replica that follow one another
	events   []causal.Dot   // which these are
	ranges   bool           // one of them removes a range
	before   causal.Context // what the replica knew of before them
}

// sentDelta is a delta, what the object knew of before its events, and the whole object after them.
type sentDelta struct {
	encoded []byte
	before  causal.Context
	whole   Object
	ranges  bool
}

// edit makes one event at a replica, and the delta of it, of it and those before it.
func (w *deltaWorld) edit(t *rapid.T, at int, follows bool) {
	w.now += int64(rapid.IntRange(1, 40).Draw(t, "later"))
	o := &w.replicas[at]
	e := &Edit{
		Seen: o.Context(), Dot: nextDotAt(o, at), Time: causal.TimestampOf(w.now), Now: w.now,
		All: rapid.IntRange(0, 14).Draw(t, "all") == 0,
	}
	if earlier := rapid.IntRange(-8, len(w.seen)-1).Draw(t, "seen"); earlier >= 0 && o.Context().Includes(w.seen[earlier]) {
		e.Seen = w.seen[earlier]
	}
	for _, name := range []string{"", "a", "b", "c"} {
		c := Change{Kind: Field, Name: []byte(name), Data: fmt.Append(nil, w.now)}
		if name == "" {
			c = Change{Kind: KeyExpiry}
		}
		switch rapid.IntRange(0, 7).Draw(t, "change") {
		case 0, 1:
			if rapid.IntRange(0, 3).Draw(t, "expires") == 0 {
				c.Expiry = w.now + 100
			}
			e.Changes = append(e.Changes, c)
		case 2:
			c.Remove, c.Data = true, nil
			e.Changes = append(e.Changes, c)
		}
	}
	var next Object
	next.BecomeEdited(*o, e)
	if !follows || len(w.pending.Names) == 0 {
		w.pending, w.before, w.events, w.ranges = Delta{}, o.Context(), nil, false
	}
	s := Step{Before: o, After: &next, Dot: e.Dot, Names: e.Names, Ranges: rapid.IntRange(0, 5).Draw(t, "ranges") == 0, Earlier: w.events}
	w.events, w.ranges = append(w.events, e.Dot), w.ranges || s.Ranges
	d, ok := w.pending.Follow(s)
	if ok == (len(o.Siblings)+len(next.Siblings) > 0) {
		t.Fatalf("a delta of %+v, of %+v: %v", e, o, ok)
	}
	if w.pending = d; ok {
		w.sent = append(w.sent, sentDelta{encoded: d.Append(nil), before: w.before, whole: next, ranges: w.ranges})
	}
	w.replicas[at] = next
}

func nextDotAt(o *Object, at int) causal.Dot {
	actor := causal.Actor{Node: causal.NodeID(at + 1), Epoch: 1}
	return causal.Dot{Actor: actor, Counter: o.Clock.Counter(actor) + 1}
}

// put makes a string beside the elements, or in their place.
func (w *deltaWorld) put(t *rapid.T, at int) {
	w.now++
	o := &w.replicas[at]
	ctx := causal.Context{}
	if rapid.Bool().Draw(t, "replaces") {
		ctx = o.Context()
	}
	w.replicas[at] = Put(*o, ctx, nextDotAt(o, at), causal.TimestampOf(w.now), Value{Data: []byte("string"), Tombstone: rapid.Bool().Draw(t, "tombstone")})
}

// A delta, where nothing is missing that was known before its events, makes what the whole object
// makes: of one edit or of several, late, twice, and in any order. And it is taken where nothing of
// its base is missing.
func TestMergeDelta_AnyHistory_IsTheMergeOfTheWhole(t *testing.T) {
	taken, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := deltaWorld{now: 1_700_000_000_000}
		last := -1 // the replica that has made the last edit, if nothing came after it
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			at := rapid.IntRange(0, len(w.replicas)-1).Draw(t, "replica")
			o := &w.replicas[at]
			switch step := rapid.IntRange(0, 9).Draw(t, "step"); {
			case step < 4:
				w.edit(t, at, at == last && rapid.Bool().Draw(t, "follows"))
				last = at
				continue
			case step == 4:
				w.put(t, at)
			case step == 5:
				from := rapid.IntRange(0, len(w.replicas)-1).Draw(t, "from")
				*o, _ = Merge(*o, w.replicas[from])
			case len(w.sent) > 0:
				s := w.sent[max(0, len(w.sent)-1-rapid.IntRange(0, 5).Draw(t, "age"))]
				d, err := DecodeDelta(s.encoded)
				if err != nil || !bytes.Equal(d.Append(nil), s.encoded) {
					t.Fatalf("the delta came back as %+v: %v", d, err)
				}
				got, relation, ok := MergeDelta(*o, &d)
				if ok != o.Context().Includes(d.Base) {
					t.Fatalf("taken: %v, base %+v, context %+v", ok, d.Base, o.Context())
				}
				if !ok {
					refused++
					break
				}
				if taken++; s.ranges && !o.Context().Includes(s.before) {
					t.Fatalf("%+v takes the removal of a range, %+v", o, d)
				}
				if want, _ := Merge(*o, s.whole); o.Context().Includes(s.before) && !got.Equal(&want) {
					t.Fatalf("%+v\nwith the delta %+v\nis %+v,\nwith the whole %+v", o, d, got, want)
				}
				if same := relation == SameAsA || relation == SameAsBoth; same != got.Equal(o) {
					t.Fatalf("relation %v of %+v to %+v", relation, got, o)
				}
				*o = got
			}
			last = -1
			w.seen = append(w.seen, o.Context().Clone())
		}
	})
	if taken == 0 || refused == 0 {
		t.Errorf("%d deltas were taken and %d refused: the test shows nothing", taken, refused)
	}
}

// Restricting to names and merging may change places: so a reader of some names need not ask for
// more of each copy.
func TestRestrict_MergeOfRestrictedCopies_IsTheRestrictedMerge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := deltaWorld{now: 1_700_000_000_000}
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			at := rapid.IntRange(0, len(w.replicas)-1).Draw(t, "replica")
			if from := rapid.IntRange(-6, 2).Draw(t, "from"); from >= 0 {
				w.replicas[at], _ = Merge(w.replicas[at], w.replicas[from])
			} else {
				w.edit(t, at, false)
			}
		}
		names := []Name{{KeyExpiry, nil}, {Field, []byte("b")}, {Field, []byte("c")}}
		a, b := w.replicas[0].Restrict(names), w.replicas[1].Restrict(names)
		whole, _ := Merge(w.replicas[0], w.replicas[1])
		want := whole.Restrict(names)
		if got, _ := Merge(a, b); !got.Equal(&want) {
			t.Fatalf("restricted, then merged: %+v, want %+v", got, want)
		}
	})
}

// What a client's context knows and the coordinator does not is not in the base, so that such an
// event has no delta.
func TestDelta_Follow_ContextBeyondTheObject_IsRefused(t *testing.T) {
	var o editsOfOne
	o.edit(1000, 1000, Change{Kind: Member, Name: []byte("x")})
	other := causal.Actor{Node: 7, Epoch: 1}
	e := &Edit{Seen: o.Context().With(causal.Dot{Actor: other, Counter: 1}, 1), Dot: nextDotAt(&o.Object, 0), Time: causal.TimestampOf(1001), Now: 1001, Changes: []Change{{Kind: Member, Name: []byte("y")}}}
	var next Object
	next.BecomeEdited(o.Object, e)
	if d, ok := new(Delta).Follow(Step{Before: &o.Object, After: &next, Dot: e.Dot, Names: e.Names}); ok {
		t.Errorf("the delta is %+v", d)
	}
}

func TestDecodeDelta_WhatNoEncoderWrites_IsRefused(t *testing.T) {
	var o editsOfOne
	o.edit(1000, 1000, Change{Kind: Member, Name: []byte("x")})
	name := func(n string) Name { return Name{Member, []byte(n)} }
	for what, d := range map[string]Delta{
		"names out of order":     {Names: []Name{name("y"), name("x")}, Object: o.Object},
		"a name twice":           {Names: []Name{name("x"), name("x")}, Object: o.Object},
		"an element of no name":  {Names: []Name{name("y")}, Object: o.Object},
		"elements and no name":   {Object: o.Object},
		"a name of another kind": {Names: []Name{{Field, []byte("x")}}, Object: o.Object},
	} {
		if got, err := DecodeDelta(d.Append(nil)); err == nil {
			t.Errorf("%s: %+v", what, got)
		}
	}
	good := Delta{Names: []Name{name("x")}, Object: o.Object}
	encoded := good.Append(nil)
	for cut := range encoded {
		if got, err := DecodeDelta(encoded[:cut]); err == nil {
			t.Errorf("cut at %d: %+v", cut, got)
		}
	}
	if later := slices.Concat([]byte{2}, encoded[1:]); !isDelta(encoded) || isDelta(later) {
		t.Error("another format is read")
	}
}

func isDelta(b []byte) bool {
	_, err := DecodeDelta(b)
	return err == nil
}

func FuzzDecodeDelta(f *testing.F) {
	var o editsOfOne
	o.edit(1000, 1000, Change{Kind: Member, Name: []byte("x")})
	d := Delta{Base: o.Context(), Names: []Name{{Member, []byte("x")}}, Object: o.Object}
	f.Add(d.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, err := DecodeDelta(b); err == nil {
			if again, err := DecodeDelta(d.Append(nil)); err != nil || !again.Object.Equal(&d.Object) {
				t.Errorf("%x was written again as %+v: %v", b, again, err)
			}
		}
	})
}
