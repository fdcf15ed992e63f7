package replica

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/object"
)

func dotOf(node, counter int) causal.Dot {
	return causal.Dot{Actor: causal.Actor{Node: causal.NodeID(node), Epoch: 1}, Counter: causal.Counter(counter)}
}

func pastOf(dots ...causal.Dot) (v causal.Vector) {
	for _, d := range dots {
		v = append(v, causal.Entry{Actor: d.Actor, Counter: d.Counter, Time: 1})
	}
	return v
}

func TestHistory_ManyEvents_KeepsTheNewestInOrder(t *testing.T) {
	var h history
	if !h.full() {
		h.record([]byte("other"), &register.Event{Dot: dotOf(1, 1)})
	}
	if got := h.of([]byte("k")); len(got) != 0 || h.full() {
		t.Fatalf("before anything happened to k: %+v, full %v", got, h.full())
	}
	const events = 2*historyLen + 10
	for i := range events {
		key := fmt.Sprint("k", i%2)
		h.record([]byte(key), &register.Event{
			Dot: dotOf(1, i+1), Past: causal.Context{Vector: pastOf(dotOf(1, i))}, Time: causal.Timestamp(i), Value: object.Value{Data: make([]byte, historyData+1)},
		})
	}
	got := h.of([]byte("k1"))
	if len(got) != historyLen/2 || !h.full() {
		t.Fatalf("%d events remembered, full %v; want %d", len(got), h.full(), historyLen/2)
	}
	if last := got[len(got)-1]; last.Dot != dotOf(1, events) || len(last.Data) != historyData || last.Length != historyData+1 {
		t.Errorf("the newest is %v with %d of %d bytes", last.Dot, len(last.Data), last.Length)
	}
	if !slices.IsSortedFunc(got, func(a, b message.Version) int { return a.Dot.Compare(b.Dot) }) {
		t.Error("not in the order of events")
	}
}

// One update may write several siblings: the history has each of them.
func TestHistory_UpdateOfSeveralSiblings_HasEach(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C")
	for _, value := range []string{"1", "2", "3"} {
		w.at(0).must(setUnseen(w.key, value))
	}
	w.at(0).must(&Request{Key: w.key, W: 3, Update: &register.Update{Kind: register.Expire, Expiry: time.Now().Add(time.Hour).UnixMilli()}})
	known := w.at(0).coordinator.Versions(w.key).List
	for _, s := range w.at(0).must(get(w.key)).Object.Siblings {
		if !slices.ContainsFunc(known, func(v message.Version) bool {
			return v.Dot == s.Dot && v.Expiry == s.Expiry && string(v.Data) == string(s.Data)
		}) {
			t.Errorf("%q was written by %v, which the history lacks", s.Data, s.Dot)
		}
	}
}
