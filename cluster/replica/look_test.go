package replica

import (
	"fmt"
	"testing"

	"github.com/quorate/quorate/cluster/core/coordination"
	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// worldApart starts three nodes with a large set, of which the first, which is down, lacks two members
// and a removal.
func worldApart(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, usual, long, "A", "B", "C")
	w.fillSet()
	w.setDown(0)
	w.at(1).must(change(w.key, collection.SetAdd, "new", "newer"))
	w.at(1).must(change(w.key, collection.SetRemove, "member5"))
	return w
}

// apart makes the replica at place 1 lack a change of the set, and returns the set with the change.
func (w *world) apart() (whole []byte) {
	w.tb.Helper()
	w.fillSet()
	w.decide(func(to int, kind peer.Kind) fate {
		if to == 1 && kind != peer.Read {
			return stalls
		}
		return arrives
	})
	n := w.at(0)
	n.must(change(w.key, collection.SetAdd, "new"))
	whole, _, found, err := n.store.Find(n.partition(w.key), w.key, nil)
	if err != nil || !found {
		w.tb.Fatal(found, err)
	}
	return whole
}

// A replica may lack a change for no longer than that is on its way to it. A read of some elements
// looks again before it compares whole sets.
func TestRead_NamedElements_ReplicaIsAMomentBehind(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C")
	whole := w.apart()
	n, behind := w.at(0), w.at(1)
	asked := 0
	w.decide(func(to int, kind peer.Kind) fate {
		if to == 1 && kind == peer.Read {
			if asked++; asked == 3 {
				behind.apply(&engine.Record{Partition: n.partition(w.key), Key: w.key, Merge: whole})
			}
		}
		return arrives
	})
	r := named(w.key, "new", "member7")
	r.R = 3
	if got := fmt.Sprint(members(n.must(r))); got != "[member7 new]" || asked != 3 {
		t.Errorf("found %.80s after %d questions, want the two members after 3", got, asked)
	}
}

// The node that reads may be the one that is behind.
func TestRead_NamedElements_ThisNodeIsAMomentBehind(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C")
	whole := w.apart()
	n := w.at(1)
	w.decide(func(to int, kind peer.Kind) fate {
		if to == 0 && kind == peer.Read {
			n.apply(&engine.Record{Partition: n.partition(w.key), Key: w.key, Merge: whole})
		}
		return arrives
	})
	r := named(w.key, "new", "member7")
	r.R = 3
	if got := fmt.Sprint(members(n.must(r))); got != "[member7 new]" {
		t.Errorf("found %.80s, want the two members", got)
	}
}

// A replica that stays behind is compared with as a whole in the end, and repaired.
func TestRead_NamedElements_ReplicaStaysBehind(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C")
	w.apart()
	w.decide(nil)
	r := named(w.key, "new")
	r.R = 3
	if got := w.at(0).must(r); len(members(got)) != 201 {
		t.Errorf("found %d members, want all", len(members(got)))
	}
	if got, most := w.frames(peer.Read, 1), coordination.MostLooks+3; got > most {
		t.Errorf("the replica was asked %d times, at most %d", got, most)
	}
	w.settled()
}
