package replica

import (
	"fmt"
	"testing"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/sim/poll"
)

// fillSet adds many members to the key, in one change.
func (w *world) fillSet() {
	w.tb.Helper()
	var names []string
	for i := range 200 {
		names = append(names, fmt.Sprint("member", i))
	}
	w.at(0).must(change(w.key, collection.SetAdd, names...))
	w.settled()
}

// settled waits until all primaries hold the same of the key.
func (w *world) settled() {
	w.tb.Helper()
	poll.Until(w.tb, "the primaries hold the same", func() bool {
		first := w.at(0).digest(w.key)
		return first != "" && first == w.at(1).digest(w.key) && first == w.at(2).digest(w.key)
	})
}

// drop removes the partition of a key, as a node does that is not to have it any more. What was
// written a moment ago may not be in the Merkle tree yet.
func (n *worldNode) drop(key []byte) {
	n.w.tb.Helper()
	p := n.partition(key)
	poll.Until(n.w.tb, "the partition is dropped", func() bool {
		dropped, err := n.store.Partitions().DropIf(p, n.store.Merkle().Root(p))
		return dropped && err == nil
	})
}

// digest names the object that a node stores of a key, or is empty.
func (n *worldNode) digest(key []byte) string {
	d, found, err := n.store.Digest(n.partition(key), key)
	if err != nil || !found {
		return ""
	}
	return fmt.Sprint(d)
}

// wholes and deltas count the frames of copies that the other primaries have been sent.
func (w *world) wholes() int { return w.frames(peer.Write, 1) + w.frames(peer.Write, 2) }
func (w *world) deltas() int { return w.frames(peer.Delta, 1) + w.frames(peer.Delta, 2) }

func TestChangeElements_LargeCollection_IsSentAsDelta(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C")
	w.at(0).must(change(w.key, collection.SetAdd, "a"))
	w.at(0).must(change(w.key, collection.SetAdd, "b"))
	if w.deltas() != 0 {
		t.Error("changes of a small set are sent as deltas")
	}
	w.fillSet()
	before := w.wholes()
	w.at(0).must(change(w.key, collection.SetAdd, "c"))
	w.at(0).must(change(w.key, collection.SetRemove, "a", "member7"))
	w.at(1).must(change(w.key, collection.SetAdd, "d")) // forwarded
	group := []*Request{
		change(w.key, collection.SetAdd, "e"), change(w.key, collection.SetAdd, "f"),
		change(w.key, collection.SetRemove, "no member"), change(w.key, collection.SetRemove, "e"),
	}
	w.at(0).do(group...)
	w.settled()
	if w.deltas() != 8 || w.wholes() != before {
		t.Errorf("the other primaries were sent %d deltas and %d whole sets, want 8 and none", w.deltas(), w.wholes()-before)
	}
	found := w.at(2).must(get(w.key)).Object
	for name, want := range map[string]int{"a": 0, "b": 1, "c": 1, "d": 1, "e": 0, "f": 1, "member7": 0, "member8": 1} {
		if got := len(found.Elements.Of(3, []byte(name))); got != want {
			t.Errorf("%s: %d elements, want %d", name, got, want)
		}
	}
	before = w.wholes()
	w.at(0).must(del(w.key))
	if w.wholes() == before {
		t.Error("a deletion is not sent whole")
	}
}

// A client may change thousands of elements at once. That is sent as a delta, too, while it is no
// more than half of the set. A pipeline of such changes ends up in one delta until that costs more
// to make than to send the whole.
func TestChangeElements_ManyAtOnce_AreSentAsDelta(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C")
	members := func(from, to int) *Request {
		var names []string
		for i := from; i < to; i++ {
			names = append(names, fmt.Sprint("member", i))
		}
		return change(w.key, collection.SetAdd, names...)
	}
	w.at(0).must(members(0, 3000))
	w.settled()
	before := w.wholes()
	w.at(0).must(members(3000, 6000))
	w.settled()
	if w.deltas() != 2 || w.wholes() != before {
		t.Errorf("the other primaries were sent %d deltas and %d whole sets, want 2 and none", w.deltas(), w.wholes()-before)
	}
	w.at(0).must(members(6000, 13000))
	w.settled()
	if w.wholes() == before {
		t.Error("a change of more than half of the set is sent as a delta")
	}
}

// miss adds a member that the second primary does not hear of.
func (w *world) miss() {
	w.tb.Helper()
	w.setDown(1)
	w.at(0).must(change(w.key, collection.SetAdd, "missed"))
	w.setDown()
}

// A primary that has missed a change takes those that do not build on it.
func TestChangeElements_PrimaryIsBehind_TakesOtherChanges(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C")
	w.fillSet()
	w.miss()
	before := w.wholes()
	r := change(w.key, collection.SetAdd, "next")
	r.W = 3
	w.at(0).must(r)
	if n := w.at(0).coordinator.Counters().DeltasRefused.Load(); n != 0 || w.wholes() != before {
		t.Errorf("%d deltas were refused, and %d whole sets sent, want none", n, w.wholes()-before)
	}
	own, _, err := w.at(1).store.Get(w.at(1).partition(w.key), w.key, nil)
	if err != nil {
		t.Fatal(err)
	}
	o, err := object.Decode(own)
	if err != nil || len(o.Gaps) != 1 || len(o.Elements.Of(object.Member, []byte("next"))) != 1 || len(o.Elements.Of(object.Member, []byte("missed"))) != 0 {
		t.Errorf("the replica has %+v, %v", o.Context(), err)
	}
	all := get(w.key)
	all.R = 3
	if got := len(w.at(2).must(all).Object.Elements); got != 202 {
		t.Errorf("a read finds %d members, want 202", got)
	}
	w.settled() // the read has repaired it
}

// A primary that has missed a change refuses what builds on it, and is sent the whole object,
// before the client is answered if the quorum needs it.
func TestChangeElements_PrimaryIsBehind_IsSentTheWhole(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C")
	w.fillSet()
	w.miss()
	r := change(w.key, collection.SetRemove, "missed")
	r.W = 3
	w.at(0).must(r)
	if n := w.at(0).coordinator.Counters().DeltasRefused.Load(); n != 1 {
		t.Errorf("%d deltas were refused, want 1", n)
	}
	w.settled()
}

// What becomes of a delta may be known long after the client was answered. A hint of it is whole.
func TestChangeElements_DeltaFailsLate_LeavesAWholeHint(t *testing.T) {
	for name, behind := range map[string]bool{"the frame fails": false, "it is refused": true} {
		w := newWorld(t, usual, long, "A", "B", "C")
		w.fillSet()
		if behind {
			w.miss()
		}
		w.decide(func(to int, kind peer.Kind) fate {
			switch {
			case kind != peer.Delta || to != 1:
				return arrives
			case behind:
				return isLate
			}
			return stalls
		})
		w.at(0).must(change(w.key, collection.SetAdd, "missed"))
		poll.Until(t, name+": the hint is the whole set", func() bool {
			w.end() // the answers are known now
			hint, found, err := w.at(0).store.Hints().Get(w.at(0).partition(w.key), w.key, nil)
			own, _, _ := w.at(0).store.Get(w.at(0).partition(w.key), w.key, nil)
			return err == nil && found && string(hint) == string(own)
		})
	}
}

// A node of an older version, and one that does not know deltas after all, get the whole.
func TestChangeElements_NodeWithoutDeltas_IsSentTheWhole(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C")
	w.fillSet()
	w.decide(func(to int, kind peer.Kind) fate {
		if kind == peer.Delta && to == 1 {
			return isUnknown
		}
		return arrives
	})
	w.at(0).must(change(w.key, collection.SetAdd, "next"))
	w.decide(nil)
	for _, n := range w.nodes {
		n.noDeltas.Store(true)
	}
	before := w.deltas()
	w.at(0).must(change(w.key, collection.SetAdd, "last"))
	if w.deltas() != before {
		t.Error("a node of an older version is sent a delta")
	}
	if got := len(w.at(2).must(get(w.key)).Object.Elements); got != 202 {
		t.Errorf("%d members, want 202", got)
	}
}
