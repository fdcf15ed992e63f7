package replica

import (
	"testing"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/peer"
)

// A clear may come after the head was read, and cover some of the members: what is left is counted.
func TestRead_Head_ClearComesMeanwhile(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C")
	w.fillSet()
	w.setDown(0)
	w.at(1).must(change(w.key, collection.SetAdd, "new", "newer"))
	w.setDown()
	w.repaired()
	n := w.at(0)
	first := n.must(named(w.key, "member0")).Object.Elements[0].Dot.Actor
	w.decide(func(to int, kind peer.Kind) fate {
		if kind == peer.Read {
			if err := n.store.Clears().Apply(object.Clear{{Node: first.Node, Below: first.Epoch + 1}}); err != nil {
				t.Error(err)
			}
		}
		return arrives
	})
	if r := n.must(headOf(w.key)); count(r) != 2 {
		t.Errorf("%d members and %+v, want the two that are not cleared", len(r.Object.Elements), r.Object.Rest)
	}
}

// What a clear leaves of a part is known if the clear covers all of it or nothing, or if no rest is missing.
func TestLeftOf_APart_IsEnoughWithoutARest(t *testing.T) {
	member := func(node causal.NodeID, name string) object.Element {
		return object.Element{Kind: object.Member, Name: []byte(name), Dot: causal.Dot{Actor: causal.Actor{Node: node, Epoch: 1}, Counter: 1}, Time: 1}
	}
	found := object.Object{Elements: object.Elements{member(1, "a"), member(2, "b")}}
	for _, e := range found.Elements {
		found.Clock = append(found.Clock, causal.Entry{Actor: e.Dot.Actor, Counter: 1, Time: 1})
	}
	part := found
	part.Rest = object.Rest{Kind: object.Member, Names: 5}
	for _, c := range []struct {
		name  string
		of    object.Object
		clear object.Clear
		want  int // how many are left, with the rest; -1: that is not known
	}{
		{"nothing is cleared", part, nil, 7},
		{"others are cleared", part, object.Clear{{Node: 3, Below: 2}}, 7},
		{"some are cleared", part, object.Clear{{Node: 1, Below: 2}}, -1},
		{"all are cleared", part, object.Clear{{Node: 1, Below: 2}, {Node: 2, Below: 2}}, 0},
		{"some are cleared of a whole", found, object.Clear{{Node: 1, Below: 2}}, 1},
	} {
		left, ok := leftOf(&c.of, c.clear)
		if got := len(left.Elements) + left.Rest.Names; ok != (c.want >= 0) || ok && got != c.want {
			t.Errorf("%s: %d are left, %v; want %d", c.name, got, ok, c.want)
		}
	}
}
