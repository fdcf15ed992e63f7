package replica

import (
	"testing"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
)

func TestPipeline_RepeatedKeys_TakeEffectInOrder(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
	for place := range w.walk {
		for n := range w.walk {
			w.at(n).must(del(w.key))
		}
		other := []byte("other")
		reqs := []*Request{
			set(w.key, "5"), set(other, "x"), incr(w.key), incr(w.key), get(w.key), get(other), set(w.key, "8"), get(w.key), get(w.key),
			incr(w.key), incr(w.key), del(w.key), get(w.key), incr(w.key), get(w.key),
		}
		w.at(place).do(reqs...)
		for i, r := range reqs {
			if r.Err != nil {
				t.Fatalf("at place %d: request %d: %v", place, i, r.Err)
			}
		}
		for i, want := range map[int]string{4: "7", 5: "x", 7: "8", 8: "8", 12: "-", 14: "1"} {
			if got := reqs[i].plain(); got != want {
				t.Errorf("at place %d: request %d read %q, want %q", place, i, got, want)
			}
		}
		for i, want := range map[int]int64{2: 6, 3: 7, 9: 9, 10: 10, 13: 1} {
			if got := reqs[i].Result.Number; got != want {
				t.Errorf("at place %d: request %d made %d, want %d", place, i, got, want)
			}
		}
	}
}

// TestPipeline_FirstOfKeyCannotRead_OthersAreNotTouched: updates that wait for one
// that fails at once fail with it, and nothing else does.
func TestPipeline_SecondPrimaryLacksWhatItForwarded_ItsNextWriteIsShown(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C")
	w.decide(func(to int, kind peer.Kind) fate {
		if to == 1 && kind == peer.Write {
			return stalls
		}
		return arrives
	})
	reqs := []*Request{incr(w.key), set(w.key, "new")}
	w.at(1).do(reqs...)
	for i, r := range reqs {
		if r.Err != nil {
			t.Fatalf("request %d: %v", i, r.Err)
		}
	}
	if first, second := reqs[0].Result.Dot.Actor.Node, reqs[1].Result.Dot.Actor.Node; first != w.at(0).id || second != w.at(1).id {
		t.Fatalf("%d and %d coordinated", first, second)
	}
	read := get(w.key)
	w.at(2).do(read)
	if got := read.plain(); read.Err != nil || got != "new" {
		t.Errorf("read %q, %v", got, read.Err)
	}
}

func TestPipeline_FirstOfKeyCannotRead_OthersAreNotTouched(t *testing.T) {
	w := newWorld(t, ring.Quorums{N: 1, R: 1, W: 1}, long, "A", "B")
	other := []byte("x0")
	for i := byte('0'); w.at(0).ring.Load().IsPrimary(w.at(0).id, w.at(0).partition(other)); i++ {
		other = []byte{'x', i}
	}
	w.at(1).plant(other, strange(1, "value"))
	if err := w.at(0).store.Close(); err != nil {
		t.Fatal(err)
	}
	reqs := []*Request{incr(w.key), incr(w.key), incr(w.key), get(other), get(other)}
	w.at(0).do(reqs...)
	for i, r := range reqs[:3] {
		if r.Err == nil {
			t.Errorf("request %d was answered by a store that is closed", i)
		}
	}
	for _, r := range reqs[3:] {
		if r.Err != nil || r.plain() != "value" {
			t.Errorf("read %q, %v", r.plain(), r.Err)
		}
	}
}

func TestOneNode_AllWork(t *testing.T) {
	w := newWorld(t, usual, brief, "A")
	reqs := []*Request{get(w.key), set(w.key, "1"), incr(w.key), incr(w.key), get(w.key), del(w.key), get(w.key)}
	w.at(0).do(reqs...)
	for i, r := range reqs {
		if r.Err != nil {
			t.Errorf("request %d: %v", i, r.Err)
		}
	}
	if a, b, c := reqs[0].plain(), reqs[4].plain(), reqs[6].plain(); a != "-" || b != "3" || c != "-" {
		t.Errorf("read %q, %q, %q", a, b, c)
	}
}
