package replica

import (
	"fmt"
	"sync"
	"testing"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/object"
)

// pop is an SPOP of some members.
func pop(key []byte, count int64) *Request {
	return listChange(key, collection.Command{Op: collection.SetPop, Number: count})
}

// Members that are drawn are removed on all replicas, by deltas, whichever node is asked, also one without
// a copy, and also in a pipeline with other changes.
func TestPop_OfALargeSet_SendsDeltas(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D")
	w.fillSet()
	before := w.wholes()
	gone := map[string]bool{}
	take := func(r *Request, want int) {
		t.Helper()
		a := answerTo(r)
		if r.Err != nil || len(a.Values) != want {
			t.Fatalf("%d members were popped, want %d: %v", len(a.Values), want, r.Err)
		}
		for _, v := range a.Values {
			if gone[string(v)] {
				t.Errorf("%s was handed out twice", v)
			}
			gone[string(v)] = true
		}
	}
	for place := range 4 {
		take(w.at(place).must(pop(w.key, 1)), 1)
		take(w.at(place).must(pop(w.key, 3)), 3)
		group := []*Request{pop(w.key, 1), change(w.key, collection.SetRemove, "member7"), pop(w.key, 2), pop(w.key, 1)}
		w.at(place).do(group...)
		for i, want := range map[int]int{0: 1, 2: 2, 3: 1} {
			take(group[i], want)
		}
	}
	gone["member7"] = true // it was removed, or popped before
	w.settled()
	if got := w.wholes() - before; got != 0 {
		t.Errorf("the replicas were sent %d whole sets", got)
	}
	for place := range 4 {
		left := w.at(place).must(get(w.key)).Object.Elements
		if len(left) != 200-len(gone) {
			t.Errorf("%d members are left, want %d", len(left), 200-len(gone))
		}
		for _, e := range left {
			if gone[string(e.Name)] {
				t.Errorf("%s was popped, and is left", e.Name)
			}
		}
	}
}

// Two clients pop at once, through two nodes, until nothing is left: each member is handed out once.
func TestPop_ThroughTwoNodes_HandsOutEachMemberOnce(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D")
	w.fillSet()
	var wg sync.WaitGroup
	var mu sync.Mutex
	times := map[string]int{}
	for _, place := range []int{1, 3} {
		var pops []*Request
		for range 40 {
			pops = append(pops, pop(w.key, 3))
		}
		wg.Go(func() {
			for _, r := range pops {
				w.at(place).do(r)
				mu.Lock()
				for _, v := range answerTo(r).Values {
					times[string(v)]++
				}
				mu.Unlock()
				if r.Err != nil {
					t.Error(r.Err)
				}
			}
		})
	}
	wg.Wait()
	for name, n := range times {
		if n != 1 {
			t.Errorf("%s was handed out %d times", name, n)
		}
	}
	if left := w.at(0).must(get(w.key)).Object.Elements; len(times)+len(left) != 200 || len(left) > 0 {
		t.Errorf("%d members were handed out, and %d are left", len(times), len(left))
	}
}

// Where the coordinator lacks members, it pops of those of all replicas that it reads.
func TestPop_ReplicasDiffer_DrawsOfAll(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C")
	w.fillSet()
	w.setDown(0)
	w.at(1).must(change(w.key, collection.SetAdd, "new"))
	w.setDown()
	r := pop(w.key, 201)
	r.R = 3
	if got := answerTo(w.at(0).must(r)).Values; len(got) != 201 {
		t.Errorf("%d members were popped, want all 201", len(got))
	}
	if left := w.at(2).must(get(w.key)).Object.Elements; len(left) > 0 {
		t.Errorf("%d members are left: %.200s", len(left), fmt.Sprint(left))
	}
}

// A read draws as many members as it says, of all: by the node's own copy, and by one that has none.
func TestRead_Draws_OfALargeSet(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D")
	w.fillSet()
	draw := object.Draw{Seed: 7, Count: 3}
	whole := w.at(0).must(get(w.key)).Object
	want := fmt.Sprint(draw.Among(200, func(i int) []byte { return whole.Elements[i].Name }))
	for place := range 4 {
		r := get(w.key)
		r.Selection.Draws = object.Draws{Kind: object.Member, List: []object.Draw{draw}}
		found := w.at(place).must(r).Object
		if place < 3 && (len(found.Elements) != draw.Count || found.Rest.Names != 200-draw.Count) {
			t.Errorf("at place %d: %d members were read, beside %+v", place, len(found.Elements), found.Rest)
		}
		var got []int
		for _, i := range draw.Among(len(found.Elements), func(i int) []byte { return found.Elements[i].Name }) {
			for at := range whole.Elements {
				if string(whole.Elements[at].Name) == string(found.Elements[i].Name) {
					got = append(got, at)
				}
			}
		}
		if fmt.Sprint(got) != want {
			t.Errorf("at place %d: %v were drawn, want %v", place, got, want)
		}
	}
}
