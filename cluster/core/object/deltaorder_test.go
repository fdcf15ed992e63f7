package object

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
)

// eventsOfDelta are replicas of one set, beside a naive model of each: the events that it has heard of.
type eventsOfDelta struct {
	replicas [3]Object
	heard    [3]map[causal.Dot]bool
	effects  map[causal.Dot]effect
	sent     []deltaOfEvents
	now      int64
}

// effect is what an event has done: the elements that it added, and those that went.
type effect struct {
	adds, takes []string
	gone        []string // of the names that it changed: what its replica had lost by then
}

// deltaOfEvents is a delta, and the events that it has.
type deltaOfEvents struct {
	encoded []byte
	events  []causal.Dot
	past    map[causal.Dot]bool // what a copy must have heard of, if one of the events removes a range
}

// labelOf names an element.
func labelOf(e *Element) string { return fmt.Sprintf("%s by %v", e.Name, e.Dot) }

// labels returns what the elements of o are called.
func labels(o *Object) []string {
	var all []string
	for i := range o.Elements {
		all = append(all, labelOf(&o.Elements[i]))
	}
	slices.Sort(all)
	return all
}

// edit makes a few events at a replica, one after the other, and one delta of all of them.
func (w *eventsOfDelta) edit(t *rapid.T, at int) {
	var d Delta
	var events []causal.Dot
	past, ranges := maps.Clone(w.heard[at]), false
	for range rapid.IntRange(1, 3).Draw(t, "events") {
		w.now++
		o := &w.replicas[at]
		e := &Edit{Seen: o.Context(), Dot: nextDotAt(o, at), Time: causal.TimestampOf(w.now), Now: w.now}
		for _, name := range []string{"a", "b", "c", "d"} {
			if rapid.Bool().Draw(t, "changes") {
				e.Changes = append(e.Changes, Change{Kind: Member, Name: []byte(name), Remove: rapid.IntRange(0, 2).Draw(t, "removes") == 0})
			}
		}
		var next Object
		next.BecomeEdited(*o, e)
		var ok bool
		s := Step{Before: o, After: &next, Dot: e.Dot, Names: e.Names, Ranges: rapid.IntRange(0, 9).Draw(t, "ranges") == 0, Earlier: events}
		ranges = ranges || s.Ranges
		if d, ok = d.Follow(s); !ok {
			t.Fatalf("no delta of %+v, of %+v", e, o)
		}
		old, left := labels(o), labels(&next)
		w.effects[e.Dot] = effect{
			gone:  w.goneBy(at, e, left),
			adds:  slices.DeleteFunc(slices.Clone(left), func(l string) bool { return slices.Contains(old, l) }),
			takes: slices.DeleteFunc(slices.Clone(old), func(l string) bool { return slices.Contains(left, l) }),
		}
		events, w.heard[at][e.Dot], w.replicas[at] = append(events, e.Dot), true, next
	}
	if !ranges {
		past = nil
	}
	w.sent = append(w.sent, deltaOfEvents{encoded: d.Append(nil), events: events, past: past})
}

// goneBy returns the elements of the names of an edit that its replica has heard of, and has not got
// after it.
func (w *eventsOfDelta) goneBy(at int, e *Edit, left []string) (gone []string) {
	for dot := range w.heard[at] {
		for _, c := range e.Changes {
			l := labelOf(&Element{Name: c.Name, Dot: dot})
			if slices.Contains(w.effects[dot].adds, l) && !slices.Contains(left, l) {
				gone = append(gone, l)
			}
		}
	}
	return gone
}

// check compares a replica with the model of it. An event that has changed a name may take what an
// earlier one took, of which the replica has not heard: its own replica had.
func (w *eventsOfDelta) check(t *rapid.T, at int) {
	var want []string
	for dot := range w.heard[at] {
		want = append(want, w.effects[dot].adds...)
	}
	for dot := range w.heard[at] {
		want = slices.DeleteFunc(want, func(l string) bool { return slices.Contains(w.effects[dot].takes, l) })
	}
	slices.Sort(want)
	o := &w.replicas[at]
	got := labels(o)
	early := func(l string) bool {
		for dot := range w.heard[at] {
			if !slices.Contains(got, l) && slices.Contains(w.effects[dot].gone, l) {
				return true
			}
		}
		return false
	}
	if want = slices.DeleteFunc(want, early); !slices.Equal(got, want) {
		t.Fatalf("replica %d has %q, want %q", at, got, want)
	}
	for dot := range w.effects {
		if o.knows(dot) != w.heard[at][dot] {
			t.Fatalf("replica %d knows of %v: %v", at, dot, o.knows(dot))
		}
	}
	if again, err := Decode(o.Append(nil)); err != nil || !again.Equal(o) {
		t.Fatalf("replica %d came back as %+v: %v", at, again, err)
	}
}

// Deltas may come late, twice and in any order: a replica has at each moment what the events that it
// has heard of have left, and in the end all replicas are the same.
func TestMergeDelta_AnyOrder_LeavesWhatTheEventsLeave(t *testing.T) {
	early, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := eventsOfDelta{effects: map[causal.Dot]effect{}, now: 1_700_000_000_000}
		for at := range w.heard {
			w.heard[at] = map[causal.Dot]bool{}
		}
		take := func(at int, s *deltaOfEvents) bool {
			d, err := DecodeDelta(s.encoded)
			if err != nil {
				t.Fatal(err)
			}
			o := &w.replicas[at]
			got, _, ok := MergeDelta(*o, &d)
			if ok {
				for dot := range s.past {
					if !w.heard[at][dot] {
						t.Fatalf("replica %d takes %+v, and has not heard of %v", at, d, dot)
					}
				}
				if len(got.Gaps) > len(o.Gaps) {
					early++
				}
				*o = got
				for _, dot := range s.events {
					w.heard[at][dot] = true
				}
			}
			return ok
		}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			at := rapid.IntRange(0, len(w.replicas)-1).Draw(t, "replica")
			switch step := rapid.IntRange(0, 9).Draw(t, "step"); {
			case step < 4 || len(w.sent) == 0:
				w.edit(t, at)
			case step == 4:
				from := rapid.IntRange(0, len(w.replicas)-1).Draw(t, "from")
				w.replicas[at], _ = Merge(w.replicas[at], w.replicas[from])
				maps.Copy(w.heard[at], w.heard[from])
			default:
				if !take(at, &w.sent[rapid.IntRange(0, len(w.sent)-1).Draw(t, "delta")]) {
					refused++
				}
			}
			w.check(t, at)
		}
		for at := range w.replicas { // a delta that was refused is taken after those before it
			for i := range w.sent {
				if !take(at, &w.sent[i]) {
					t.Fatalf("replica %d does not take delta %d, after all those before it", at, i)
				}
			}
			w.check(t, at)
			if !bytes.Equal(w.replicas[at].Append(nil), w.replicas[0].Append(nil)) {
				t.Fatalf("%+v\nis not %+v", w.replicas[at], w.replicas[0])
			}
		}
	})
	if early == 0 || refused == 0 {
		t.Errorf("%d deltas came early and %d were refused: the test shows nothing", early, refused)
	}
}

// addsOfOne adds members one by one at one node, and returns the object after each, and the deltas.
func addsOfOne(t *testing.T, count int) (objects []Object, deltas []Delta) {
	t.Helper()
	objects = make([]Object, 1, count+1)
	for i := range count {
		o := editsOfOne{objects[i]}
		o.edit(1000, 1000+int64(i), Change{Kind: Member, Name: fmt.Appendf(nil, "m%03d", i)})
		d, ok := stepOfOne(&objects[i], &o.Object, fmt.Sprintf("m%03d", i)).follow(Delta{})
		if !ok {
			t.Fatal("an addition has no delta")
		}
		objects, deltas = append(objects, o.Object), append(deltas, d)
	}
	return objects, deltas
}

// stepOfOne is the last event of [editsOfOne].
func stepOfOne(before, after *Object, names ...string) *Step {
	s := &Step{Before: before, After: after, Dot: causal.Dot{Actor: after.Clock[0].Actor, Counter: after.Clock[0].Counter}}
	for _, n := range names {
		s.Names = append(s.Names, Name{Member, []byte(n)})
	}
	return s
}

func (e *Step) follow(d Delta) (Delta, bool) { return d.Follow(*e) }

// A delta that removes very many elements builds on all that was known before, alone and after others.
func TestDelta_Follow_ManyReplaced(t *testing.T) {
	objects, _ := addsOfOne(t, 6*mostDeltaGaps)
	before := objects[len(objects)-1]
	var changes []Change
	var names []string
	for i := 0; i < 4*mostDeltaGaps; i += 2 {
		names = append(names, fmt.Sprintf("m%03d", i))
		changes = append(changes, Change{Kind: Member, Name: []byte(names[len(names)-1]), Remove: true})
	}
	remove := func(o Object, changes []Change) (next Object) {
		dot := nextDotAt(&o, 0)
		next.BecomeEdited(o, &Edit{Seen: o.Context(), Dot: dot, Time: causal.TimestampOf(5000), Now: 1000, Changes: slices.Clone(changes)})
		return next
	}
	after := remove(before, changes)
	d, ok := stepOfOne(&before, &after, names...).follow(Delta{})
	if !ok || !sameEvents(d.Base, before.Context()) || len(d.Object.Gaps) > 0 {
		t.Errorf("the delta of %d removals: %v, %+v", len(changes), ok, d)
	}
	if got, _, ok := MergeDelta(before, &d); !ok || !got.Equal(&after) {
		t.Errorf("it makes %+v, %v", got, ok)
	}
	half := len(changes) / 2
	first := remove(before, changes[:half/2])
	if d, ok = stepOfOne(&before, &first, names[:half/2]...).follow(Delta{}); !ok || len(d.Object.Gaps) == 0 {
		t.Fatalf("the delta of %d removals: %v, %+v", half/2, ok, d)
	}
	second := remove(first, changes[half/2:])
	s := stepOfOne(&first, &second, names[half/2:]...)
	s.Earlier = []causal.Dot{{Actor: first.Clock[0].Actor, Counter: first.Clock[0].Counter}}
	if d, ok = s.follow(d); !ok || !sameEvents(d.Base, before.Context()) || len(d.Object.Gaps) > 0 {
		t.Errorf("the delta of %d removals after others: %v, %+v", len(changes)-half/2, ok, d)
	}
	if got, _, ok := MergeDelta(before, &d); !ok || !got.Equal(&second) {
		t.Errorf("it makes %+v, %v", got, ok)
	}
}

// All below a member are removed. A copy that has not heard of an earlier removal among them does not take
// the delta: it would have what that one took. So it is if the delta has other events before.
func TestDelta_Follow_RangeIsRemoved_BuildsOnAllBefore(t *testing.T) {
	edit := func(o Object, at int64, changes ...Change) (next Object, s Step) {
		e := &Edit{Seen: o.Context(), Dot: nextDotAt(&o, 0), Time: causal.TimestampOf(at), Now: 1000, Changes: changes}
		next.BecomeEdited(o, e)
		return next, Step{Dot: e.Dot, Names: e.Names}
	}
	change := func(name string, remove bool) Change {
		return Change{Kind: Member, Name: []byte(name), Remove: remove}
	}
	var copied Object
	for i, name := range []string{"1", "2", "3", "8", "9"} {
		copied, _ = edit(copied, 1000+int64(i), change(name, false))
	}
	popped, _ := edit(copied, 2000, change("1", true)) // the copy does not hear of it
	for _, first := range []bool{true, false} {
		before, d, earlier := popped, Delta{}, []causal.Dot(nil)
		if !first {
			added, s := edit(before, 2001, change("7", false))
			s.Before, s.After = &before, &added
			var ok bool
			if d, ok = d.Follow(s); !ok || !copied.Context().Includes(d.Base) {
				t.Fatalf("the delta of an addition: %v, %+v", ok, d)
			}
			before, earlier = added, append(earlier, s.Dot)
		}
		cut, s := edit(before, 2002, change("2", true), change("3", true))
		s.Before, s.After, s.Ranges, s.Earlier = &before, &cut, true, earlier
		d, ok := d.Follow(s)
		if !ok || !sameEvents(d.Base, popped.Context()) {
			t.Fatalf("first: %v: %v, the delta is %+v", first, ok, d)
		}
		if got, _, ok := MergeDelta(copied, &d); ok {
			t.Errorf("first: %v: a copy with the popped member became %+v", first, got)
		}
		if got, _, ok := MergeDelta(popped, &d); !ok || !got.Equal(&cut) {
			t.Errorf("first: %v: a copy without it became %+v, %v", first, got, ok)
		}
	}
}

// A copy takes no delta that leaves it with too many gaps.
func TestMergeDelta_ManyGaps_IsRefused(t *testing.T) {
	objects, deltas := addsOfOne(t, 4*mostDeltaGaps)
	copied, taken := objects[1], 0
	for i := 1; i < len(deltas); i += 2 {
		var ok bool
		if copied, _, ok = MergeDelta(copied, &deltas[i]); ok {
			taken++
		}
	}
	if len(copied.Gaps) != taken-1 || taken == 0 || taken == len(deltas)/2 || len(copied.Gaps) > mostDeltaGaps {
		t.Errorf("%d of %d deltas were taken, and left %d gaps", taken, len(deltas)/2, len(copied.Gaps))
	}
	for i := range deltas {
		var ok bool
		if copied, _, ok = MergeDelta(copied, &deltas[i]); !ok {
			t.Fatalf("delta %d is not taken by %+v", i, copied.Context())
		}
	}
	if !copied.Equal(&objects[len(objects)-1]) {
		t.Errorf("in the end it is %+v", copied)
	}
}

// No event follows a delta of which the object has forgotten events: they were cleared meanwhile.
func TestDelta_Follow_EarlierEventIsForgotten(t *testing.T) {
	objects, deltas := addsOfOne(t, 1)
	var other editsOfOne
	other.edit(1000, 1001, Change{Kind: Member, Name: []byte("x")})
	var empty Object
	if d, ok := stepOfOne(&empty, &other.Object, "x").follow(deltas[0]); ok {
		t.Errorf("after %+v: the delta is %+v", objects[1], d)
	}
}

// An event may look at an expired field of another name, which its client has not seen, and leave it.
// The delta does not take that field's other elements from a copy.
func TestDelta_Follow_NamesThatStay_AreNotInIt(t *testing.T) {
	field := func(name string, expiry int64) Change {
		return Change{Kind: Field, Name: []byte(name), Data: []byte("v"), Expiry: expiry}
	}
	edit := func(o Object, seen causal.Context, at int64, changes ...Change) (next Object, s Step) {
		e := &Edit{Seen: seen, Dot: nextDotAt(&o, 0), Time: causal.TimestampOf(at), Now: at, Changes: changes}
		next.BecomeEdited(o, e)
		return next, Step{Dot: e.Dot, Names: e.Names}
	}
	all, _ := edit(Object{}, causal.Context{}, 1000, field("a", 0), field("z", 0))
	newer, _ := edit(all, all.Context(), 2000, field("z", 2500)) // the copy has not heard of it
	last, s := edit(newer, all.Context(), 3000, field("a", 0))
	s.Before, s.After = &newer, &last
	d, ok := new(Delta).Follow(s)
	if !ok {
		t.Fatal("no delta")
	}
	if got, _, ok := MergeDelta(all, &d); !ok || len(got.Elements.Of(Field, []byte("z"))) != 1 {
		t.Errorf("taken: %v; the copy has %+v, want z as it was", ok, got.Elements)
	}
}
