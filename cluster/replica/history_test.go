package replica

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
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

func TestVersions_AnyVersions_RoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Version {
			v := Version{
				Dot: dotOf(rapid.IntRange(1, 9).Draw(t, "node"), rapid.IntRange(1, 99).Draw(t, "counter")), Past: pastOf(dotOf(1, 3), dotOf(2, 5)),
				Time: causal.Timestamp(rapid.Uint64().Draw(t, "time")), Expiry: rapid.Int64().Draw(t, "expiry"),
				Tombstone: rapid.Bool().Draw(t, "tombstone"), Data: rapid.SliceOfN(rapid.Byte(), 1, 20).Draw(t, "data"),
			}
			v.Length = len(v.Data) + rapid.IntRange(0, 1000).Draw(t, "cut")
			if rapid.Bool().Draw(t, "own") {
				v.Own = dotOf(3, 4)
			}
			return v
		}), 0, 5).Draw(t, "versions")
		got, complete, err := DecodeVersions(AppendVersions(nil, want, true))
		if err != nil || !complete || len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v came back as %+v, %v, %v", want, got, complete, err)
		}
	})
}

func TestVersions_MangledBytes_AreRefused(t *testing.T) {
	whole := AppendVersions(nil, []Version{{Dot: dotOf(1, 1), Past: pastOf(dotOf(2, 2)), Data: []byte("value"), Length: 5}}, false)
	for n := range whole {
		if _, _, err := DecodeVersions(whole[:n]); err == nil {
			t.Errorf("the first %d of %d bytes were taken for versions", n, len(whole))
		}
	}
}

func TestHistory_ManyEvents_KeepsTheNewestInOrder(t *testing.T) {
	var h history
	if !h.full() {
		h.record([]byte("other"), nil, causal.Dot{}, &object.Object{Siblings: []object.Sibling{{Dot: dotOf(1, 1)}}}, dotOf(1, 1))
	}
	if got := h.of([]byte("k")); len(got) != 0 || h.full() {
		t.Fatalf("before anything happened to k: %+v, full %v", got, h.full())
	}
	const events = 2*historyLen + 10
	for i := range events {
		key := fmt.Sprint("k", i%2)
		s := object.Sibling{Dot: dotOf(1, i+1), Time: causal.Timestamp(i), Value: object.Value{Data: make([]byte, historyData+1)}}
		h.record([]byte(key), pastOf(dotOf(1, i)), causal.Dot{}, &object.Object{Siblings: []object.Sibling{s}}, s.Dot)
	}
	got := h.of([]byte("k1"))
	if len(got) != historyLen/2 || !h.full() {
		t.Fatalf("%d events remembered, full %v; want %d", len(got), h.full(), historyLen/2)
	}
	if last := got[len(got)-1]; last.Dot != dotOf(1, events) || len(last.Data) != historyData || last.Length != historyData+1 {
		t.Errorf("the newest is %v with %d of %d bytes", last.Dot, len(last.Data), last.Length)
	}
	if !slices.IsSortedFunc(got, func(a, b Version) int { return a.Dot.Compare(b.Dot) }) {
		t.Error("not in the order of events")
	}
}

// A conflict and its resolution: 1 was followed by 2 and 3 at the same time, 4
// joins them.
func TestParents_ForkAndJoin_AreTheDirectOnes(t *testing.T) {
	a1, a2, b1, b2 := dotOf(1, 1), dotOf(1, 2), dotOf(2, 1), dotOf(2, 2)
	all := []Version{
		{Dot: a1},
		{Dot: a2, Past: pastOf(a1)},
		{Dot: b1, Past: pastOf(a1)},
		{Dot: b2, Past: pastOf(a1, b1), Own: a2},
	}
	for i, want := range [][]int{nil, {0}, {0}, {1, 2}} {
		if got := Parents(&all[i], all); !slices.Equal(got, want) {
			t.Errorf("the parents of %v are %v, want %v", all[i].Dot, got, want)
		}
	}
}
