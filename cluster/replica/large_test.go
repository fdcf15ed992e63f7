package replica

import (
	"slices"
	"sync"
	"testing"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/sim/poll"
	"github.com/quorate/quorate/engine"
)

// largeWorld is a world in which every collection that is stored element by element is large. It
// returns what the first node has noted as missed by others.
func largeWorld(t *testing.T, names ...string) (w *world, missed func() []ring.NodeID) {
	t.Helper()
	w = newWorld(t, usual, long, names...)
	var mu sync.Mutex
	var noted []ring.NodeID
	w.at(0).coordinator.cfg.LargeBytes = 1
	w.at(0).coordinator.cfg.Missed = func(id ring.NodeID) {
		mu.Lock()
		defer mu.Unlock()
		noted = append(noted, id)
	}
	w.fillSet()
	return w, func() []ring.NodeID {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(noted)
	}
}

// keepsHint reports whether a node keeps a hint of the key.
func (n *worldNode) keepsHint() bool {
	n.w.tb.Helper()
	_, found, err := n.store.Hints().Get(n.partition(n.w.key), n.w.key, nil)
	if err != nil {
		n.w.tb.Fatal(err)
	}
	return found
}

// While one primary is down, changes of a large collection go to the others alone. No node keeps the
// collection for it as a hint: the copies are compared later.
func TestChangeElements_Large_PrimaryIsDown(t *testing.T) {
	w, missed := largeWorld(t, "A", "B", "C", "D")
	w.setDown(1)
	n := w.at(0)
	n.must(change(w.key, collection.SetAdd, "new"))
	poll.Until(t, "the change is left to a comparison", func() bool { return n.coordinator.Counters().LeftToComparison.Load() == 1 })
	if got := missed(); !slices.Equal(got, []ring.NodeID{w.at(1).id}) {
		t.Errorf("missed by %v, want %v", got, w.at(1).id)
	}
	for place := range 4 {
		if place != 1 && w.at(place).keepsHint() {
			t.Errorf("the node at place %d keeps a hint", place)
		}
	}
	if got := w.frames(peer.Write, 3); got != 0 {
		t.Errorf("the fallback was sent %d copies", got)
	}
	all := change(w.key, collection.SetAdd, "newer")
	all.W = 3
	n.must(all)
	if !w.at(3).keepsHint() {
		t.Error("the quorum needs the fallback, and it has no copy")
	}
}

// A small collection goes to a fallback, as everything else does.
func TestChangeElements_Small_PrimaryIsDown(t *testing.T) {
	w, missed := largeWorld(t, "A", "B", "C", "D")
	w.at(0).coordinator.cfg.LargeBytes = 1 << 20
	w.setDown(1)
	w.at(0).must(change(w.key, collection.SetAdd, "new"))
	poll.Until(t, "the fallback keeps a hint", w.at(3).keepsHint)
	if got := missed(); len(got) > 0 {
		t.Errorf("missed by %v, and there is a hint", got)
	}
}

// Deltas may overtake each other on their way to a replica. One that was refused for that is sent
// again, and not the whole collection, while the client waits.
func TestChangeElements_Large_DeltaOvertakesAnother(t *testing.T) {
	w, missed := largeWorld(t, "A", "B", "C")
	n, behind := w.at(0), w.at(1)
	var first []byte
	deltas, before := 0, w.frames(peer.Write, 1)
	w.decide(func(to int, kind peer.Kind) fate {
		if to != 1 || kind != peer.Delta {
			return arrives
		}
		switch deltas++; deltas {
		case 1:
			return stalls
		case 3: // the first has arrived meanwhile
			behind.apply(&engine.Record{Partition: n.partition(w.key), Key: w.key, Merge: first})
		}
		return arrives
	})
	n.must(change(w.key, collection.SetAdd, "first"))
	var err error
	if first, _, _, err = n.store.Find(n.partition(w.key), w.key, nil); err != nil {
		t.Fatal(err)
	}
	second := change(w.key, collection.SetRemove, "first")
	second.W = 3
	n.must(second)
	w.settled()
	if got, again := w.frames(peer.Write, 1)-before, n.coordinator.Counters().DeltasAgain.Load(); got != 0 || len(missed()) > 0 || again != 1 {
		t.Errorf("the replica was sent %d whole sets, took %d deltas that were sent again, and missed by %v", got, again, missed())
	}
}
