package replica

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/sim/poll"
	"github.com/quorate/quorate/engine"
)

// named is a read of the members of some names.
func named(key []byte, names ...string) *Request {
	r := get(key)
	for _, n := range names {
		r.Selection.Names = append(r.Selection.Names, object.Name{Kind: object.Member, Name: []byte(n)})
	}
	return r
}

// members returns the names of the elements that a read found.
func members(r *Request) (names []string) {
	for _, e := range r.Object.Elements {
		names = append(names, string(e.Name))
	}
	return names
}

// What is asked for some members of a large set reads those, as long as the replicas agree.
func TestRead_NamedElements_OfALargeCollection(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D")
	w.fillSet()
	for place := range 3 {
		r := w.at(place).must(named(w.key, "member7", "nobody", "member3", "member7"))
		if got := fmt.Sprint(members(r)); got != "[member3 member7]" {
			t.Errorf("at place %d: %s", place, got)
		}
	}
	if got := fmt.Sprint(members(w.at(3).must(named(w.key, "member7")))); got == "[]" {
		t.Error("a node without a copy finds nothing")
	}
	if got := len(members(w.at(0).must(get(w.key)))); got != 200 {
		t.Errorf("a read of all finds %d members", got)
	}
	group := []*Request{named(w.key, "member1"), named(w.key, "member2")}
	w.at(0).do(group...)
	if got := fmt.Sprint(members(group[1])); got != "[member1 member2]" {
		t.Errorf("the second read of a group finds %s, want what is read for both", got)
	}
	group = []*Request{named(w.key, "member1"), get(w.key)}
	w.at(0).do(group...)
	if got := len(members(group[1])); got != 200 {
		t.Errorf("a read of all behind one of some finds %d members", got)
	}
}

// headOf is a read that needs no elements.
func headOf(key []byte) *Request { return &Request{Key: key, Head: true} }

// count returns how many members a read found, those of the rest included.
func count(r *Request) int { return collection.CountOf(&r.Object, object.Member, 0) }

// repaired reads the key from all replicas until they hold the same: a repair that does not arrive is not
// sent again by itself.
func (w *world) repaired() {
	w.tb.Helper()
	poll.Until(w.tb, "the replicas are repaired", func() bool {
		r := get(w.key)
		r.R = 3
		w.at(0).must(r)
		first := w.at(0).digest(w.key)
		return first != "" && first == w.at(1).digest(w.key) && first == w.at(2).digest(w.key)
	})
}

// What needs no members of a large set reads none, as long as the replicas agree.
func TestRead_Head_OfALargeCollection(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D")
	w.fillSet()
	for place := range 3 {
		if r := w.at(place).must(headOf(w.key)); len(r.Object.Elements) > 0 || r.Object.Rest.Kind != object.Member || count(r) != 200 {
			t.Errorf("at place %d: %d members and %+v", place, len(r.Object.Elements), r.Object.Rest)
		}
	}
	if r := w.at(3).must(headOf(w.key)); count(r) != 200 {
		t.Errorf("a node without a copy finds %d members", count(r))
	}
	group := []*Request{headOf(w.key), named(w.key, "member7", "nobody")}
	w.at(0).do(group...)
	for _, r := range group {
		if fmt.Sprint(members(r)) != "[member7]" || r.Object.Rest.Names != 199 || count(r) != 200 {
			t.Errorf("in a group: %v and %+v", members(r), r.Object.Rest)
		}
	}
	group = []*Request{headOf(w.key), get(w.key)}
	w.at(0).do(group...)
	for _, r := range group {
		if len(members(r)) != 200 || count(r) != 200 {
			t.Errorf("in a group with a read of all: %d members and %+v", len(members(r)), r.Object.Rest)
		}
	}
	r := headOf(w.key)
	w.at(0).must(r)
	r.Reset()
	r.Key = []byte("nosuch")
	if w.at(0).must(r); r.Object.Rest != (object.Rest{}) || count(r) != 0 {
		t.Errorf("a request that is used again for another key finds %+v", r.Object.Rest)
	}
}

// Where replicas differ, what needs no members is answered from all of them: those that one replica
// alone has, and concurrent ones of one name, count once.
func TestRead_Head_ReplicasDiffer(t *testing.T) {
	w := worldApart(t)
	w.setDown(1, 2)
	r := change(w.key, collection.SetAdd, "new", "mine")
	r.R, r.W = 1, 1
	w.at(0).must(r)
	w.setDown()
	r = headOf(w.key)
	r.R = 3
	if w.at(0).must(r); count(r) != 202 {
		t.Errorf("%d members, want 202", count(r))
	}
	w.repaired()
	if len(w.at(2).must(get(w.key)).Object.Elements.Of(object.Member, []byte("new"))) != 2 {
		t.Error("the member that was added on two nodes has no concurrent elements: the test shows nothing")
	}
	if r = w.at(2).must(headOf(w.key)); len(r.Object.Elements) > 0 || count(r) != 202 {
		t.Errorf("after the repair: %d members beside %+v, want none and 202", len(r.Object.Elements), r.Object.Rest)
	}
}

// A replica that has nothing is sent the whole set, though no member was read.
func TestRead_Head_ReplicaHasNothing_IsSentAll(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C")
	w.fillSet()
	w.at(1).drop(w.key)
	r := headOf(w.key)
	r.R = 3
	if w.at(0).must(r); count(r) != 200 {
		t.Errorf("%d members", count(r))
	}
	w.repaired()
}

// ending is a change of the expiry of a key, on a condition.
func ending(key []byte, at int64, c register.Condition) *Request {
	return &Request{Key: key, Update: &register.Update{Kind: register.Expire, Expiry: at, Condition: c}}
}

// What reads and writes a value of a string is spared the search for a collection. What may need some
// elements alone is not.
func TestRequest_MayDoWithPart(t *testing.T) {
	for kind, want := range map[register.Kind]bool{
		register.Set: false, register.Increment: false, register.Append: false, register.GetEx: false, register.SetRange: false,
		register.Delete: true, register.Expire: true, register.Persist: true, register.ChangeElements: true,
	} {
		if got := mayDoWithPart(&Request{Update: &register.Update{Kind: kind}}); got != want {
			t.Errorf("an update of kind %d: %v, want %v", kind, got, want)
		}
	}
	if mayDoWithPart(get(nil)) || !mayDoWithPart(headOf(nil)) || !mayDoWithPart(named(nil, "a")) {
		t.Error("a read of all may do with a part, or one of a part may not")
	}
	far := time.Now().Add(time.Hour).UnixMilli()
	for _, r := range []*Request{ending(nil, far, register.IfGreater), {Update: &register.Update{Kind: register.Persist}}} {
		e := new(edit)
		e.req = r
		if selected, ok := e.Selection(); !ok || len(selected.Names) != 1 || selected.Names[0].Kind != object.KeyExpiry || e.KeyExpiry() != r.Update.Expiry {
			t.Errorf("%+v needs %v, %v, and may give the key the expiry %d", r.Update, selected, ok, e.KeyExpiry())
		}
		r.Update.HasContext = true
		if _, ok := e.Selection(); ok {
			t.Errorf("%+v needs no more than some elements", r.Update)
		}
	}
}

// A change of the expiry of a large set sends no members of it to the other replicas, and depends on
// the expiry as that of any key does.
func TestExpire_OfALargeCollection(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D")
	w.fillSet()
	sent := 0
	w.decide(func(_ int, kind peer.Kind) fate {
		if kind == peer.Write {
			sent++ // a whole object
		}
		return arrives
	})
	far := time.Now().Add(time.Hour).UnixMilli()
	persist := func() *Request { return &Request{Key: w.key, Update: &register.Update{Kind: register.Persist}} }
	for i, step := range []struct {
		request *Request
		applied bool
		expiry  int64
	}{
		{ending(w.key, far, register.IfPresent), false, 0},
		{persist(), false, 0},
		{ending(w.key, far, register.IfAbsent), true, far},
		{ending(w.key, far+1, register.IfAbsent), false, far},
		{ending(w.key, far-1, register.IfGreater), false, far},
		{ending(w.key, far+2, register.IfPresentGreater), true, far + 2},
		{ending(w.key, far+3, register.IfLess), false, far + 2},
		{ending(w.key, far-3, register.IfPresentLess), true, far - 3},
		{persist(), true, 0},
		{ending(w.key, far, register.Always), true, far},
	} {
		if r := w.at(i % 4).must(step.request); r.Result.Applied != step.applied || !r.Result.Existed {
			t.Errorf("step %d: applied %v, existed %v", i, r.Result.Applied, r.Result.Existed)
		}
		w.settled()
		if r := w.at(i % 3).must(headOf(w.key)); r.Object.Elements.KeyExpiry() != step.expiry || count(r) != 200 {
			t.Errorf("step %d: %d members until %d, want 200 until %d", i, count(r), r.Object.Elements.KeyExpiry(), step.expiry)
		}
	}
	if sent > 0 {
		t.Errorf("whole objects were sent %d times", sent)
	}
	w.at(0).must(ending(w.key, time.Now().Add(-time.Second).UnixMilli(), register.Always))
	w.settled()
	if r := w.at(1).must(headOf(w.key)); r.Object.Live(time.Now().UnixMilli()) {
		t.Errorf("after an expiry that is past: %+v", r.Object)
	}
}

// Where replicas have been given different expiries, both are known until a newer one has seen them, and
// all members stay.
func TestExpire_OfALargeCollection_ReplicasDiffer(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C")
	w.fillSet()
	far := time.Now().Add(time.Hour).UnixMilli()
	w.setDown(1, 2)
	r := ending(w.key, far, register.Always)
	r.R, r.W = 1, 1
	w.at(0).must(r)
	w.setDown(0)
	w.at(1).must(ending(w.key, far+1, register.Always))
	w.setDown()
	r = headOf(w.key)
	r.R = 3
	if w.at(0).must(r); len(r.Object.Elements.Of(object.KeyExpiry, nil)) != 2 || count(r) != 200 {
		t.Errorf("%d members, and expiries %v; want 200, and two expiries", count(r), r.Object.Elements.Of(object.KeyExpiry, nil))
	}
	w.repaired()
	r = ending(w.key, far+2, register.IfGreater)
	if w.at(2).must(r); !r.Result.Applied {
		t.Error("a greater expiry was refused")
	}
	w.repaired()
	r = w.at(1).must(headOf(w.key))
	if left := r.Object.Elements.Of(object.KeyExpiry, nil); len(left) != 1 || left[0].Expiry != far+2 || count(r) != 200 {
		t.Errorf("%d members, and expiries %v; want 200, and one expiry", count(r), left)
	}
}

// A read of some members finds what another replica knows alone, and repairs all of the set.
func TestRead_NamedElements_ReplicasDiffer(t *testing.T) {
	w := worldApart(t)
	w.setDown()
	r := named(w.key, "new", "member5", "member6")
	r.R = 3
	if got := w.at(0).must(r); r.Err != nil || len(r.Object.Elements.Of(object.Member, []byte("new"))) != 1 || len(r.Object.Elements.Of(object.Member, []byte("member5"))) != 0 || len(r.Object.Elements.Of(object.Member, []byte("member6"))) != 1 {
		t.Errorf("found %v", members(got))
	}
	poll.Until(t, "the replica is repaired", func() bool { return w.at(0).digest(w.key) == w.at(1).digest(w.key) })
	w.settled()
}

// A replica that has nothing is sent the whole set, though only some members were read.
func TestRead_NamedElements_ReplicaHasNothing_IsSentAll(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C")
	w.fillSet()
	for _, place := range []int{1, 2} {
		w.at(place).drop(w.key)
	}
	r := named(w.key, "member7")
	r.R = 3
	if got := w.at(0).must(r); len(got.Object.Elements.Of(object.Member, []byte("member7"))) != 1 {
		t.Errorf("found %v", members(got))
	}
	w.settled()
	if o := w.at(2).must(get(w.key)).Object; len(o.Elements) != 200 {
		t.Errorf("%d members", len(o.Elements))
	}
}

// A copy of which some elements were read may be gone when another replica turns out to differ. The
// replicas that have said that they have the same then have shown nothing: that is no answer. Nor is
// what this node keeps for others, which may be older.
func TestRead_NamedElements_CopyGoesMeanwhile(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C")
	w.fillSet()
	n, late := w.at(0), w.at(2)
	p := n.partition(w.key)
	older, _, _, err := late.store.Find(p, w.key, nil)
	if err != nil {
		t.Fatal(err)
	}
	n.must(change(w.key, collection.SetAdd, "new"))
	w.settled()
	late.drop(w.key)
	late.apply(&engine.Record{Partition: p, Key: w.key, Merge: older})
	w.decide(func(to int, kind peer.Kind) fate {
		if to == 2 && kind == peer.Read {
			n.drop(w.key)
			n.apply(&engine.Record{Partition: p, Key: w.key, Hint: late.id, Merge: older})
		}
		return arrives
	})
	r := named(w.key, "new")
	r.R = 3
	n.do(r)
	if !errors.Is(r.Err, errMoved) {
		t.Errorf("the read finds %v among %d members, %v: two of three had the new one, and nobody has shown it",
			len(r.Object.Elements.Of(object.Member, []byte("new"))) > 0, len(members(r)), r.Err)
	}
}

// What stands in for a replica is sent the whole set. If this node's copy is gone by then, it is not
// sent an older one, which would count as an acknowledgement.
func TestChangeElements_CopyGoesMeanwhile_NothingOlderIsSent(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D")
	w.fillSet()
	n := w.at(0)
	p := n.partition(w.key)
	older, _, _, err := n.store.Find(p, w.key, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.decide(func(to int, kind peer.Kind) fate {
		if kind != peer.Delta || to != 1 {
			return arrives
		}
		n.drop(w.key)
		n.apply(&engine.Record{Partition: p, Key: w.key, Hint: w.at(1).id, Merge: older})
		return freezes
	})
	n.coordinator.cfg.RequestTimeout = brief // it is waited for in vain
	r := change(w.key, collection.SetAdd, "new")
	r.W = 3
	n.do(r)
	if hint, found, err := w.at(3).store.Hints().Get(p, w.key, nil); r.Err == nil || found || err != nil {
		t.Errorf("the change answers %v, and the fallback keeps %d bytes: %v", r.Err, len(hint), err)
	}
}
