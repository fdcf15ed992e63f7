package replica

import (
	"fmt"
	"slices"
	"testing"

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
