package object

import (
	"bytes"
	"testing"

	"github.com/quorate/quorate/cluster/core/causal"
)

// Elements meet what was made for siblings: each test here is of one such place.

func ofNode(node int) causal.Actor { return causal.Actor{Node: causal.NodeID(node), Epoch: 1} }

// memberOf returns a member that the first event of a node wrote at a time (unix milliseconds).
func memberOf(node int, name string, at int64) Element {
	return Element{Kind: Member, Name: []byte(name), Dot: causal.Dot{Actor: ofNode(node), Counter: 1}, Time: causal.TimestampOf(at)}
}

// withElements returns an object with some elements, which are in order, and the clock of
// their events.
func withElements(elements ...Element) (o Object) {
	for _, e := range elements {
		o.Clock = causal.Join(o.Clock, causal.Vector{{Actor: e.Dot.Actor, Counter: e.Dot.Counter, Time: e.Time}})
	}
	o.Elements = elements
	return o
}

func TestTrim_ActorOfAnElement_Stays(t *testing.T) {
	o := withElements(memberOf(1, "oldest", 1))
	for node := 2; node <= MaxVector+2; node++ {
		o.Clock = causal.Join(o.Clock, causal.Vector{{Actor: ofNode(node), Counter: 1, Time: causal.TimestampOf(int64(node))}})
	}
	o.Clock[len(o.Clock)-1].Time = causal.TimestampOf(2000 + 2*TrimAge.Milliseconds())
	if !o.trim() || len(o.Clock) != MaxVector {
		t.Fatalf("the clock has %d entries, want %d", len(o.Clock), MaxVector)
	}
	if !o.knows(o.Elements[0].Dot) {
		t.Error("the clock does not cover the element any more")
	}
}

func TestCapGaps_ElementBetweenGaps_StaysKnown(t *testing.T) {
	a, at := ofNode(1), causal.TimestampOf(1000)
	const gaps = causal.MaxGaps + 10
	o := Object{Clock: causal.Vector{{Actor: a, Counter: 2*gaps + 1, Time: at}}}
	for n := range gaps {
		unknown := causal.Counter(2*n + 1)
		o.Gaps = append(o.Gaps, causal.Gap{Actor: a, From: unknown, To: unknown})
	}
	for n := range 5 {
		o.Elements = append(o.Elements, Element{Kind: Member, Name: []byte{byte('a' + n)}, Dot: causal.Dot{Actor: a, Counter: causal.Counter(2*n + 2)}, Time: at})
	}
	if o.capGaps(); len(o.Gaps) != causal.MaxGaps {
		t.Errorf("%d gaps are left, want %d", len(o.Gaps), causal.MaxGaps)
	}
	for _, e := range o.Elements {
		if !o.knows(e.Dot) {
			t.Errorf("the element of %v lies in a gap", e.Dot)
		}
	}
}

// A client that wrote a value with a context has not seen the elements that stay. Its next
// write must not remove them.
func TestSeenBy_ElementsBesideAValue_AreUnseen(t *testing.T) {
	o := withElements(memberOf(1, "x", 1000))
	dot := causal.Dot{Actor: ofNode(2), Counter: 1}
	written := Put(o, causal.Context{}, dot, causal.TimestampOf(1001), Value{Data: []byte("v")})
	if len(written.Elements) != 1 {
		t.Fatalf("a write that has seen nothing leaves %+v", written.Elements)
	}
	again := Put(written, written.SeenBy(dot), causal.Dot{Actor: ofNode(2), Counter: 2}, causal.TimestampOf(1002), Value{Data: []byte("w")})
	if len(again.Elements) != 1 || len(again.Siblings) != 1 {
		t.Errorf("the next write leaves %+v and %+v, want the element and the new value", again.Elements, again.Siblings)
	}
	for name, seen := range map[string]causal.Context{"that is the object's own": again.Context(), "that covers it": again.Context().Clone()} {
		all := Put(again, seen, causal.Dot{Actor: ofNode(2), Counter: 3}, causal.TimestampOf(1003), Value{Tombstone: true})
		if len(all.Elements) != 0 {
			t.Errorf("a deletion with a context %s leaves %+v", name, all.Elements)
		}
	}
}

func TestLiveIn_Elements_CountWhereTheContextCoversThem(t *testing.T) {
	o := withElements(memberOf(1, "x", 1000))
	if !o.LiveIn(o.Context(), 1000) {
		t.Error("an element that the context covers does not count")
	}
	if o.LiveIn(causal.Context{Vector: causal.Vector{{Actor: ofNode(2), Counter: 1}}}, 1000) {
		t.Error("an element that the context does not cover counts")
	}
}

// A string beside a collection may have expired for long. While an element lives, nothing is
// stripped, and what is stripped is not the memory of the object that it was made of.
func TestStrip_ElementLives_StripsNothing(t *testing.T) {
	o := withElements(memberOf(1, "x", 1000))
	o.Clock = causal.Join(o.Clock, causal.Vector{{Actor: ofNode(2), Counter: 1, Time: causal.TimestampOf(900)}})
	o.Siblings = []Sibling{{Dot: causal.Dot{Actor: ofNode(2), Counter: 1}, Time: causal.TimestampOf(900), Value: Value{Data: []byte("v"), Expiry: 950}}}
	if got, stripped := o.Strip(99_000); stripped {
		t.Errorf("stripped to %+v", got)
	}
	o.Elements[0].Expiry = 2000
	dead, stripped := o.Strip(3000)
	if !stripped || !dead.Elements[0].Stripped || o.Elements[0].Stripped || o.Siblings[0].Stripped {
		t.Errorf("stripped: %v, %+v of %+v", stripped, dead, o)
	}
	if got, want := dead.Lifetime(), (Lifetime{Kind: Dead, At: 2000}); got != want {
		t.Errorf("lifetime %+v, want %+v", got, want)
	}
	if _, again := dead.Strip(3000); again {
		t.Error("stripped twice")
	}
}

func TestLifetime_CollectionBesideADeletion_IsNotHidden(t *testing.T) {
	e := memberOf(1, "x", 1000)
	e.Expiry = 5000
	o := withElements(e)
	o.Clock = causal.Join(o.Clock, causal.Vector{{Actor: ofNode(2), Counter: 1, Time: causal.TimestampOf(1100)}})
	o.Siblings = []Sibling{{Dot: causal.Dot{Actor: ofNode(2), Counter: 1}, Time: causal.TimestampOf(1100), Value: Value{Tombstone: true}}}
	if got, want := o.Lifetime(), (Lifetime{Kind: Expiring, At: 5000}); got != want {
		t.Errorf("lifetime %+v, want %+v", got, want)
	}
	only := withElements(Element{Kind: KeyExpiry, Dot: e.Dot, Time: e.Time, Expiry: 9000})
	if got, want := only.Lifetime(), (Lifetime{Kind: Dead, At: 1000}); got != want {
		t.Errorf("of an expiry without elements: lifetime %+v, want %+v", got, want)
	}
}

func TestEqualAndClone_Elements(t *testing.T) {
	o := withElements(memberOf(1, "x", 1000), memberOf(2, "y", 1000))
	c := o.Clone()
	if !o.Equal(&c) {
		t.Error("a clone is not equal")
	}
	if c.Elements[0].Name[0] = 'z'; !bytes.Equal(o.Elements[0].Name, []byte("x")) || o.Equal(&c) {
		t.Errorf("a clone shares the name, or is equal with another one: %q", o.Elements[0].Name)
	}
	later := o.Clone()
	if later.Elements[1].Expiry = 5000; o.Equal(&later) {
		t.Error("an element with another expiry is equal")
	}
	if live := o.LiveAt(1000); len(live.Elements) != 2 {
		t.Errorf("LiveAt leaves %+v", live.Elements)
	}
}

// An edit without a context of a client replaces a deletion. One with a context leaves a deletion
// that the context does not cover: it may have seen more.
func TestBecomeEdited_DeletionThatWasNotSeen_Stays(t *testing.T) {
	o := Put(Object{}, causal.Context{}, causal.Dot{Actor: ofNode(1), Counter: 1}, causal.TimestampOf(1000), Value{Tombstone: true})
	for _, c := range []struct {
		name string
		seen causal.Context
		left int
	}{{"seen", o.Context(), 0}, {"unseen", causal.Context{}, 1}} {
		var next Object
		next.BecomeEdited(o, &Edit{Seen: c.seen, Dot: causal.Dot{Actor: ofNode(2), Counter: 1}, Time: causal.TimestampOf(1001), Now: 1001, Changes: []Change{{Kind: Member, Name: []byte("x")}}})
		if len(next.Siblings) != c.left || len(next.Elements) != 1 {
			t.Errorf("%s: left are %+v and %+v", c.name, next.Siblings, next.Elements)
		}
	}
}

// What an edit replaces of a forwarded update, its twin goes with, too.
func TestBecomeEdited_ForwardedValue_TakesItsTwin(t *testing.T) {
	at, origin := causal.TimestampOf(1000), causal.Origin{Life: 1, Stamp: causal.TimestampOf(999)}
	versionOf := func(node int) Object {
		dot := causal.Dot{Actor: ofNode(node), Counter: 1}
		o := Put(Object{}, causal.Context{}, dot, at, Value{Data: []byte("v")})
		o.Attribute(dot, origin)
		return o
	}
	one, twin := versionOf(1), versionOf(2)
	var stored Object
	stored.BecomeEdited(one, &Edit{All: true, Seen: one.Context(), Dot: causal.Dot{Actor: ofNode(3), Counter: 1}, Time: at + 1, Now: 1001, Changes: []Change{{Kind: Member, Name: []byte("x")}}})
	if got := merged(stored, twin); len(got.Siblings) != 0 || len(got.Elements) != 1 {
		t.Errorf("left are %+v and %+v, want the member alone", got.Siblings, got.Elements)
	}
}

// The expiry of the key takes what was written before it: not what was written at that time.
func TestKeyExpiry_ElementOfItsTime_Lives(t *testing.T) {
	expiry := Element{Kind: KeyExpiry, Dot: causal.Dot{Actor: ofNode(1), Counter: 1}, Time: causal.TimestampOf(1000), Expiry: 5000}
	for at, lives := range map[int64]bool{4999: false, 5000: true} {
		if o := withElements(expiry, memberOf(2, "x", at)); o.Live(6000) != lives {
			t.Errorf("an element of %d lives at 6000: %v, want %v", at, !lives, lives)
		}
	}
}
