package replica

import (
	"errors"
	"fmt"
	"testing"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/sim/poll"
	"github.com/quorate/quorate/engine"
)

// named is a read of the members of some names.
func named(key []byte, names ...string) *Request {
	r := get(key)
	for _, n := range names {
		r.Names = append(r.Names, object.Name{Kind: object.Member, Name: []byte(n)})
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

// A read of some members finds what another replica knows alone, and repairs all of the set.
func TestRead_NamedElements_ReplicasDiffer(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C")
	w.fillSet()
	w.setDown(0)
	w.at(1).must(change(w.key, collection.SetAdd, "new", "newer"))
	w.at(1).must(change(w.key, collection.SetRemove, "member5"))
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
		n := w.at(place)
		p := n.partition(w.key)
		if dropped, err := n.store.Partitions().DropIf(p, n.store.Merkle().Root(p)); !dropped || err != nil {
			t.Fatal(dropped, err)
		}
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
	drop := func(of *worldNode) {
		if dropped, err := of.store.Partitions().DropIf(p, of.store.Merkle().Root(p)); err != nil || !dropped {
			t.Errorf("dropped: %v, %v", dropped, err)
		}
	}
	drop(late)
	late.apply(&engine.Record{Partition: p, Key: w.key, Merge: older})
	w.decide(func(to int, kind peer.Kind) fate {
		if to == 2 && kind == peer.Read {
			drop(n)
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
		if dropped, err := n.store.Partitions().DropIf(p, n.store.Merkle().Root(p)); err != nil || !dropped {
			t.Errorf("dropped: %v, %v", dropped, err)
		}
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
