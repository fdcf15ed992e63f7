package replica

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/sim/poll"
)

// lateWorld is a world with a large set, of which deltas to the second primary fail, in the way that
// the test says, as long as it says so.
func lateWorld(t *testing.T, how fate) (w *world, missed func() []ring.NodeID, failing *atomic.Bool) {
	t.Helper()
	w, missed = largeWorld(t, "A", "B", "C")
	w.at(0).coordinator.cfg.RedeliverFor = time.Hour // however slow the machine is
	failing = new(atomic.Bool)
	failing.Store(true)
	w.decide(func(to int, kind peer.Kind) fate {
		if to == 1 && kind == peer.Delta && failing.Load() {
			return how
		}
		return arrives
	})
	return w, missed, failing
}

// awaitLate waits until a node has some late deltas to send again, or more: one that fails may be sent
// twice before the client is answered.
func (n *worldNode) awaitLate(deltas int64) {
	n.w.tb.Helper()
	poll.Until(n.w.tb, fmt.Sprint(deltas, " late deltas wait"), func() bool {
		n.w.end() // what stalls is known to have failed now
		return n.coordinator.Counters().LateWaiting.Load() >= deltas
	})
}

// members returns those of some members that a node has of the key.
func (n *worldNode) members(names ...string) (found []string) {
	n.w.tb.Helper()
	own, _, ok, err := n.store.Find(n.partition(n.w.key), n.w.key, nil)
	if err != nil {
		n.w.tb.Fatal(err)
	}
	if !ok {
		return nil
	}
	o, err := object.Decode(own)
	if err != nil {
		n.w.tb.Fatal(err)
	}
	for _, name := range names {
		if len(o.Elements.Of(object.Member, []byte(name))) > 0 {
			found = append(found, name)
		}
	}
	return found
}

// A delta that comes too late is sent again when the client is answered: nothing is left to a
// comparison, whatever became of the memory of its frame meanwhile.
func TestRedelivery_DeltaIsLate_IsSentAgain(t *testing.T) {
	for _, how := range []fate{stalls, fails} {
		w, missed, failing := lateWorld(t, how)
		n := w.at(0)
		n.must(change(w.key, collection.SetAdd, "first"))
		n.must(change(w.key, collection.SetAdd, "second"))
		n.must(change(w.key, collection.SetRemove, "first")) // needs the first of them
		n.awaitLate(3)
		for i := range 50 { // other keys, in the same memory
			r := change(fmt.Appendf(nil, "other%d", i), collection.SetAdd, "anything at all")
			r.W = 3
			n.must(r)
		}
		before := w.wholes()
		failing.Store(false)
		w.end() // a frame may have been under way again
		w.settled()
		if got := w.at(1).members("first", "second", "anything at all"); len(got) != 1 || got[0] != "second" {
			t.Errorf("the replica has %v, want the second", got)
		}
		counts := n.coordinator.Counters()
		poll.Until(t, "none is left", func() bool { return counts.LateWaiting.Load() == 0 })
		if again := counts.DeltasAgain.Load(); w.wholes() != before || len(missed()) > 0 || again < 3 {
			t.Errorf("%d whole sets were sent, %d deltas taken, and it is missed by %v", w.wholes()-before, again, missed())
		}
	}
}

// A replica that does not take a delta for long is left to a comparison.
func TestRedelivery_InVain_IsLeftToComparison(t *testing.T) {
	w, missed, _ := lateWorld(t, fails)
	n := w.at(0)
	n.coordinator.cfg.RedeliverFor = 300 * time.Millisecond
	n.must(change(w.key, collection.SetAdd, "new"))
	counts := n.coordinator.Counters()
	poll.Until(t, "it is given up", func() bool { return counts.LateGivenUp.Load() == 1 && counts.LeftToComparison.Load() == 1 })
	if got := missed(); len(got) != 1 || got[0] != w.at(1).id || counts.LateWaiting.Load() != 0 {
		t.Errorf("it is missed by %v", got)
	}
	if w.frames(peer.Delta, 1) < 2 {
		t.Error("the delta was not sent again")
	}
}

// Deltas for which there is no room are left to a comparison at once.
func TestRedelivery_NoRoom_IsLeftToComparison(t *testing.T) {
	w, missed, _ := lateWorld(t, fails)
	n := w.at(0)
	n.coordinator.again.mu.Lock()
	n.coordinator.again.mu.bytes = mostLateBytes
	n.coordinator.again.mu.Unlock()
	n.must(change(w.key, collection.SetAdd, "new"))
	poll.Until(t, "it is left to a comparison", func() bool { return len(missed()) == 1 })
	if n.coordinator.Counters().LateDeltas.Load() != 0 {
		t.Error("it waits all the same")
	}
}

// clearAll clears all keys, as FLUSHALL does.
func (w *world) clearAll() {
	w.tb.Helper()
	var all object.Clear
	for _, n := range w.nodes {
		c, err := n.store.Clears().Prepare()
		if err != nil {
			w.tb.Fatal(err)
		}
		all = all.Join(c)
	}
	for _, n := range w.nodes {
		all = all.With(object.Bound{Node: n.id, Below: n.store.Clears().Bound(all.Below(n.id))})
	}
	for _, n := range w.nodes {
		if err := n.store.Clears().Apply(all); err != nil {
			w.tb.Fatal(err)
		}
	}
}

// What was cleared, or is not here any more, is not sent again. Nothing is left to a comparison then.
func TestRedelivery_GoneForGood_IsDropped(t *testing.T) {
	for name, end := range map[string]func(*world){
		"cleared, and made anew": func(w *world) {
			w.clearAll()
			w.fillSet()
		},
		"given away":               func(w *world) { w.at(0).drop(w.key) },
		"the replica is none more": func(w *world) { w.leave(w.at(1)); w.flip() },
	} {
		t.Run(name, func(t *testing.T) {
			w, missed, failing := lateWorld(t, fails)
			n := w.at(0)
			n.must(change(w.key, collection.SetAdd, "old"))
			n.awaitLate(1)
			end(w)
			before := w.frames(peer.Delta, 1)
			failing.Store(false)
			poll.Until(t, "none is left", func() bool { return n.coordinator.Counters().LateWaiting.Load() == 0 })
			if got := w.at(1).members("old"); len(got) > 0 || w.frames(peer.Delta, 1) != before {
				t.Errorf("%d deltas were sent, and the replica has %v", w.frames(peer.Delta, 1)-before, got)
			}
			if got := missed(); len(got) > 0 {
				t.Errorf("missed by %v", got)
			}
		})
	}
}

// A write that began after all nodes had been asked for their bounds survives the clear. Its delta is late,
// and what it replaces is cleared meanwhile. The replica that missed it must hear of it in some way.
func TestRedelivery_PartlyCleared_IsGivenUp(t *testing.T) {
	w, missed, failing := lateWorld(t, fails)
	n := w.at(0)
	var all object.Clear
	for _, x := range w.nodes { // step 1 of a clear: no event from here on is covered
		c, err := x.store.Clears().Prepare()
		if err != nil {
			t.Fatal(err)
		}
		all = all.Join(c)
	}
	for _, x := range w.nodes {
		all = all.With(object.Bound{Node: x.id, Below: x.store.Clears().Bound(all.Below(x.id))})
	}
	n.must(change(w.key, collection.SetAdd, "member7")) // replaces the one that is there
	n.awaitLate(1)
	for _, x := range w.nodes {
		if err := x.store.Clears().Apply(all); err != nil {
			t.Fatal(err)
		}
	}
	if got := n.members("member7"); len(got) != 1 {
		t.Fatalf("the coordinator has %v: the write was cleared, the test tests nothing", got)
	}
	failing.Store(false)
	counts := n.coordinator.Counters()
	poll.Until(t, "none is left", func() bool { return counts.LateWaiting.Load() == 0 })
	poll.Until(t, "hints are stored", func() bool { return n.coordinator.hinting.wait(t.Context()) })
	if got := w.at(1).members("member7"); len(got) != 1 && len(missed()) == 0 && !n.keepsHint() {
		t.Errorf("the replica has %v, missed by %v, there is no hint, %d given up: nothing brings the write to it but a round of anti-entropy", got, missed(), counts.LateGivenUp.Load())
	}
}

// Late deltas of one collection, given up while the ring changes, need one hint for the node, not one copy of
// the collection each.
func TestRedelivery_GivenUpTogether_MakeOneHint(t *testing.T) {
	w, _, _ := lateWorld(t, fails)
	n := w.at(0)
	const deltas = 100
	n.coordinator.cfg.RedeliverFor = 2 * time.Second
	for i := range deltas {
		n.must(change(w.key, collection.SetAdd, fmt.Sprint("new", i)))
	}
	counts := n.coordinator.Counters()
	poll.Until(t, "all are late", func() bool { return counts.LateDeltas.Load() >= deltas })
	w.leave(w.at(2)) // a transition begins, in which the second node stays a primary
	poll.Until(t, "all are given up", func() bool {
		return counts.LateGivenUp.Load() == counts.LateDeltas.Load() && counts.LateWaiting.Load() == 0
	})
	n.coordinator.hinting.wait(t.Context())
	if got := counts.HintsStored.Load(); got > deltas/2 {
		t.Errorf("%d hints were made, each of the whole collection", got)
	}
}
