package object

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
)

// collectionModel is a naive model of a collection: each event has what it had heard of,
// and what it did to which names.
type collectionModel struct {
	heard   map[causal.Dot]map[causal.Dot]bool
	added   map[causal.Dot][]string
	removed map[causal.Dot][]string
	all     map[causal.Dot]bool // it removed everything first
}

// shows returns name@dot of each element that is there for a replica that has heard of some
// events: no event that it has heard of, and that had heard of the element's, changed the name.
func (m *collectionModel) shows(heard map[causal.Dot]bool) []string {
	var names []string
	for d := range heard {
		for _, name := range m.added[d] {
			if !m.replaced(d, name, heard) {
				names = append(names, fmt.Sprintf("%s@%v", name, d))
			}
		}
	}
	slices.Sort(names)
	return names
}

func (m *collectionModel) replaced(d causal.Dot, name string, heard map[causal.Dot]bool) bool {
	for by := range heard {
		if by != d && m.heard[by][d] && (m.all[by] || slices.Contains(m.added[by], name) || slices.Contains(m.removed[by], name)) {
			return true
		}
	}
	return false
}

// Edits of elements at several replicas, which merge now and then, give what the events say:
// an addition stays unless a change of that name had seen it.
func TestBecomeEdited_SeveralReplicas_ShowWhatTheEventsSay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &collectionModel{
			heard: map[causal.Dot]map[causal.Dot]bool{}, all: map[causal.Dot]bool{},
			added: map[causal.Dot][]string{}, removed: map[causal.Dot][]string{},
		}
		const replicas = 3
		var objects [replicas]Object
		var heard [replicas]map[causal.Dot]bool
		for i := range heard {
			heard[i] = map[causal.Dot]bool{}
		}
		now := causal.TimestampOf(1_700_000_000_000)
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			at := rapid.IntRange(0, replicas-1).Draw(t, "replica")
			if from := rapid.IntRange(-replicas, replicas-1).Draw(t, "from"); from >= 0 {
				objects[at], _ = Merge(objects[at], objects[from])
				heard[at] = union(heard[at], heard[from])
			} else {
				now += causal.TimestampOf(1)
				actor := causal.Actor{Node: causal.NodeID(at + 1), Epoch: 1}
				dot := causal.Dot{Actor: actor, Counter: objects[at].Clock.Counter(actor) + 1}
				edit := &Edit{Seen: objects[at].Context(), Dot: dot, Time: now, All: rapid.IntRange(0, 9).Draw(t, "all") == 0}
				for _, name := range []string{"c", "a", "b"} {
					switch rapid.IntRange(0, 3).Draw(t, "change") {
					case 0:
						edit.Changes = append(edit.Changes, Change{Kind: Member, Name: []byte(name)})
						m.added[dot] = append(m.added[dot], name)
					case 1:
						edit.Changes = append(edit.Changes, Change{Kind: Member, Name: []byte(name), Remove: true})
						m.removed[dot] = append(m.removed[dot], name)
					}
				}
				m.heard[dot], m.all[dot] = union(heard[at]), edit.All
				var next Object
				next.BecomeEdited(objects[at], edit)
				objects[at] = next
				heard[at][dot] = true
			}
			var got []string
			for _, e := range objects[at].Elements {
				got = append(got, fmt.Sprintf("%s@%v", e.Name, e.Dot))
			}
			slices.Sort(got)
			if want := m.shows(heard[at]); !slices.Equal(got, want) {
				t.Fatalf("replica %d has %v, want %v", at, got, want)
			}
			if again, err := Decode(objects[at].Append(nil)); err != nil || !again.Equal(&objects[at]) {
				t.Fatalf("%+v is read as %+v: %v", objects[at], again, err)
			}
		}
	})
}

func TestBecomeEdited_ContextOfAClient_TakesOnlyWhatItCovers(t *testing.T) {
	a, b := causal.Actor{Node: 1, Epoch: 1}, causal.Actor{Node: 2, Epoch: 1}
	var one, other Object
	one.BecomeEdited(Object{}, &Edit{Dot: causal.Dot{Actor: a, Counter: 1}, Time: 10, Changes: []Change{{Kind: Field, Name: []byte("f"), Data: []byte("1")}}})
	seen := one.Context()
	other.BecomeEdited(Object{}, &Edit{Dot: causal.Dot{Actor: b, Counter: 1}, Time: 20, Changes: []Change{{Kind: Field, Name: []byte("f"), Data: []byte("2")}}})
	both := merged(one, other)
	var next Object
	next.BecomeEdited(both, &Edit{Seen: seen, Dot: causal.Dot{Actor: a, Counter: 2}, Time: 30, Changes: []Change{{Kind: Field, Name: []byte("f"), Remove: true}}})
	if len(next.Elements) != 1 || string(next.Elements[0].Data) != "2" {
		t.Errorf("left: %+v, want the value that the client had not seen", next.Elements)
	}
}

func TestKeyExpiry_TakesWhatWasWrittenBefore(t *testing.T) {
	a := causal.Actor{Node: 1, Epoch: 1}
	at := func(ms int64) causal.Timestamp { return causal.TimestampOf(ms) }
	var o, expiring, again Object
	o.BecomeEdited(Object{}, &Edit{Dot: causal.Dot{Actor: a, Counter: 1}, Time: at(1000), Now: 1000, Changes: []Change{{Kind: Member, Name: []byte("x")}}})
	expiring.BecomeEdited(o, &Edit{Seen: o.Context(), Dot: causal.Dot{Actor: a, Counter: 2}, Time: at(1100), Now: 1100, Changes: []Change{{Kind: KeyExpiry, Expiry: 2000}}})
	again.BecomeEdited(expiring, &Edit{Seen: expiring.Context(), Dot: causal.Dot{Actor: a, Counter: 3}, Time: at(2500), Now: 2500, Changes: []Change{{Kind: Member, Name: []byte("y")}}})
	for _, c := range []struct {
		name     string
		object   *Object
		now      int64
		live     bool
		lifetime Lifetime
	}{
		{"without an expiry", &o, 9000, true, Lifetime{Kind: Lasting}},
		{"before its expiry", &expiring, 1999, true, Lifetime{Kind: Expiring, At: 2000}},
		{"after its expiry", &expiring, 2000, false, Lifetime{Kind: Expiring, At: 2000}},
		{"written again", &again, 9000, true, Lifetime{Kind: Lasting}},
	} {
		if got := c.object.Live(c.now); got != c.live {
			t.Errorf("%s: live: %v, want %v", c.name, got, c.live)
		}
		if got := c.object.Lifetime(); got != c.lifetime {
			t.Errorf("%s: lifetime %+v, want %+v", c.name, got, c.lifetime)
		}
	}
	if len(again.Elements) != 1 || string(again.Elements[0].Name) != "y" || again.Elements.KeyExpiry() != 0 {
		t.Errorf("an edit after the expiry leaves %+v", again.Elements)
	}
	dead, stripped := expiring.Strip(2000)
	if !stripped || dead.Live(0) || dead.Lifetime() != (Lifetime{Kind: Dead, At: 2000}) {
		t.Errorf("stripped: %v, %+v, lifetime %+v", stripped, dead, dead.Lifetime())
	}
}

// editsOfOne makes an object by some edits of one node, each of one change, at a time (unix
// milliseconds) by the clock that expiries go by, and with the time of its event.
type editsOfOne struct{ Object }

func (o *editsOfOne) edit(now, time int64, c Change) {
	a := causal.Actor{Node: 1, Epoch: 1}
	var next Object
	next.BecomeEdited(o.Object, &Edit{
		Seen: o.Context(), Dot: causal.Dot{Actor: a, Counter: o.Clock.Counter(a) + 1},
		Time: causal.TimestampOf(time), Now: now, Changes: []Change{c},
	})
	o.Object = next
}

// A key that has lost its last element does not exist. What is written then does not have the
// expiry that the key had.
func TestKeyExpiry_OfAKeyWithoutElements_IsForgotten(t *testing.T) {
	x, y := Change{Kind: Member, Name: []byte("x")}, Change{Kind: Member, Name: []byte("y")}
	noX := x
	noX.Remove = true
	var o editsOfOne
	o.edit(1000, 1000, x)
	o.edit(1001, 1001, Change{Kind: KeyExpiry, Expiry: 5000})
	o.edit(1002, 1002, y)
	if got := o.Elements.KeyExpiry(); got != 5000 {
		t.Errorf("with a second element the key expires at %d, want 5000", got)
	}
	y.Remove = true
	o.edit(1003, 1003, y)
	o.edit(1004, 1004, noX)
	if o.Live(1004) || o.Lifetime().Kind != Dead {
		t.Errorf("without elements: live: %v, lifetime %+v", o.Live(1004), o.Lifetime())
	}
	o.edit(1005, 1005, x)
	if got := o.Elements.KeyExpiry(); got != 0 || !o.Live(9000) || o.Lifetime().Kind != Lasting {
		t.Errorf("made again: it expires at %d, want never; live at 9000: %v; lifetime %+v", got, o.Live(9000), o.Lifetime())
	}
}

// Events may have later times than the clock that expiries go by shows, where another node's
// clock is ahead. An expiry takes what was there when it was set all the same, and no more.
func TestKeyExpiry_ClockAhead_TakesWhatItHadSeen(t *testing.T) {
	x := Change{Kind: Member, Name: []byte("x")}
	var o editsOfOne
	o.edit(1000, 9000, x)
	o.edit(1001, 9001, Change{Kind: KeyExpiry, Expiry: 5000})
	want := Lifetime{Kind: Expiring, At: 5000}
	if got := o.Lifetime(); !o.Live(4999) || o.Live(5000) || got != want {
		t.Errorf("live at 4999: %v, at 5000: %v; lifetime %+v, want %+v", o.Live(4999), o.Live(5000), got, want)
	}
	o.edit(5000, 9002, x)
	if !o.Live(99_000) || o.Lifetime().Kind != Lasting || len(o.Elements) != 1 {
		t.Errorf("written again: live: %v, lifetime %+v, elements %+v", o.Live(99_000), o.Lifetime(), o.Elements)
	}
	var stored editsOfOne // by one event, as RENAME and COPY do
	stored.BecomeEdited(Object{}, &Edit{
		Dot: causal.Dot{Actor: causal.Actor{Node: 1, Epoch: 1}, Counter: 1}, Time: causal.TimestampOf(9000), Now: 1000, All: true,
		Changes: []Change{x, {Kind: KeyExpiry, Expiry: 5000}},
	})
	if got := stored.Lifetime(); stored.Live(5000) || got != want {
		t.Errorf("stored with an expiry: live at 5000: %v; lifetime %+v, want %+v", stored.Live(5000), got, want)
	}
}

// A peer may send an expiry before 1970. The object must be readable when it is stored.
func TestBecomeEdited_ExpiryBelowZero_CanBeReadAgain(t *testing.T) {
	var o editsOfOne
	o.edit(1000, 1000, Change{Kind: Field, Name: []byte("f"), Data: []byte("v"), Expiry: -5})
	o.edit(1001, 1001, Change{Kind: KeyExpiry, Expiry: -5})
	if again, err := Decode(o.Append(nil)); err != nil || !again.Equal(&o.Object) {
		t.Errorf("%+v is read as %+v: %v", o.Object, again, err)
	}
	if o.Live(0x7fff_ffff) {
		t.Error("what has expired lives")
	}
}
