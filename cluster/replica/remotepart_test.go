package replica

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/sim/poll"
)

// answerBytes counts the bytes of the answers to reads that arrive at a node.
type answerBytes struct {
	Channel
	total atomic.Int64
}

func (c *answerBytes) SendLane(to ring.NodeID, lane peer.Lane, kind peer.Kind, body peer.Body, done peer.Completion) {
	c.Channel.SendLane(to, lane, kind, body, counted{done, &c.total})
}

// counted counts the bytes of an answer.
type counted struct {
	peer.Completion
	total *atomic.Int64
}

func (c counted) Complete(from ring.NodeID, body []byte, err error) {
	c.total.Add(int64(len(body)))
	c.Completion.Complete(from, body, err)
}

// counting lets the node at a place count the bytes of answers.
func (w *world) counting(place int) *atomic.Int64 {
	c := &answerBytes{Channel: w.at(place).coordinator.cfg.Channel}
	w.at(place).coordinator.cfg.Channel = c
	return &c.total
}

// A node without a copy is sent no more of a large set than it looks for, as long as the replicas agree.
func TestRead_Part_NodeWithoutACopy(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D")
	w.fillSet()
	whole, _, _, err := w.at(0).store.Find(w.at(0).partition(w.key), w.key, nil)
	if err != nil || len(whole) < 2000 {
		t.Fatal(len(whole), err)
	}
	got := w.counting(3)
	r := w.at(3).must(named(w.key, "member7", "nobody", "member3"))
	if fmt.Sprint(members(r)) != "[member3 member7]" || count(r) != 200 {
		t.Errorf("found %.80s of %d", members(r), count(r))
	}
	if r = w.at(3).must(headOf(w.key)); len(members(r)) > 0 || count(r) != 200 || r.Object.Rest.Kind != object.Member {
		t.Errorf("the head: %d members and %+v", len(members(r)), r.Object.Rest)
	}
	if n := got.Load(); n == 0 || n > 600 {
		t.Errorf("%d bytes were sent, of a set of %d", n, len(whole))
	}
	group := []*Request{headOf(w.key), named(w.key, "member7"), named(w.key, "member9")}
	if w.at(3).do(group...); fmt.Sprint(members(group[0])) != "[member7 member9]" || count(group[0]) != 200 {
		t.Errorf("in a group: %.80s of %d", members(group[0]), count(group[0]))
	}
	group = []*Request{named(w.key, "member7"), get(w.key)}
	if w.at(3).do(group...); len(members(group[1])) != 200 {
		t.Errorf("a read of all behind one of some finds %d members", len(members(group[1])))
	}
}

// Nodes of an older version are asked for the whole set.
func TestRead_Part_OlderNodes(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D")
	w.fillSet()
	w.at(3).noDeltas.Store(true)
	got := w.counting(3)
	r := w.at(3).must(named(w.key, "member7"))
	if !slices.Contains(members(r), "member7") || count(r) != 200 {
		t.Errorf("found %d of %d", len(members(r)), count(r))
	}
	if n := got.Load(); n < 2000 {
		t.Errorf("%d bytes were sent: nodes of an older version answered with parts", n)
	}
}

// A node without a copy finds what one replica knows alone, counts it once, and repairs all of the set.
func TestRead_Part_NodeWithoutACopy_ReplicasDiffer(t *testing.T) {
	for name, read := range map[string]func(w *world) *Request{
		"names": func(w *world) *Request { return named(w.key, "new", "member5", "member6") },
		"head":  func(w *world) *Request { return headOf(w.key) },
	} {
		w := newWorld(t, usual, long, "A", "B", "C", "D")
		w.fillSet()
		w.decide(func(to int, kind peer.Kind) fate {
			if to == 1 && kind != peer.Read {
				return stalls
			}
			return arrives
		})
		w.at(0).must(change(w.key, collection.SetAdd, "new", "newer"))
		w.at(0).must(change(w.key, collection.SetRemove, "member5"))
		w.decide(nil)
		r := read(w)
		r.R = 3
		w.at(3).must(r)
		if count(r) != 201 {
			t.Errorf("%s: %d members, want 201", name, count(r))
		}
		if name == "names" && (!slices.Contains(members(r), "new") || slices.Contains(members(r), "member5") || !slices.Contains(members(r), "member6")) {
			t.Errorf("found %.80s", members(r))
		}
		w.settled()
	}
}

// A replica that has nothing is sent the whole set.
func TestRead_Part_NodeWithoutACopy_ReplicaHasNothing(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D")
	w.fillSet()
	w.at(1).drop(w.key)
	r := named(w.key, "member7")
	r.R = 3
	if w.at(3).must(r); !slices.Contains(members(r), "member7") || count(r) != 200 {
		t.Errorf("found %d of %d", len(members(r)), count(r))
	}
	w.settled()
}

// A hint that is kept for a replica is whole, and so is what is compared with it.
func TestRead_Part_FallbackKeepsAHint(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
	w.fillSet()
	w.setDown(1, 2)
	w.at(0).must(change(w.key, collection.SetAdd, "new"))
	poll.Until(t, "the fallback keeps a hint", w.at(3).keepsHint)
	w.setDown(0, 2)
	for _, place := range []int{3, 4} {
		r := named(w.key, "new", "member7")
		if w.at(place).must(r); !slices.Contains(members(r), "new") || !slices.Contains(members(r), "member7") || count(r) != 201 {
			t.Errorf("the node at place %d finds %d of %d, want 201", place, len(members(r)), count(r))
		}
	}
}

// A clear that covers some of the members may come after their totals were sent.
func TestRead_Part_NodeWithoutACopy_ClearComesMeanwhile(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D")
	w.fillSet()
	w.setDown(0)
	w.at(1).must(change(w.key, collection.SetAdd, "new", "newer"))
	w.setDown()
	w.repaired()
	first := w.at(0).must(named(w.key, "member0")).Object.Elements[0].Dot.Actor
	cleared := object.Clear{{Node: first.Node, Below: first.Epoch + 1}}
	var once atomic.Bool
	w.decide(func(_ int, kind peer.Kind) fate {
		if kind == peer.Read && once.CompareAndSwap(false, true) {
			return isLate
		}
		return arrives
	})
	done := make(chan struct{})
	r := headOf(w.key)
	r.R = 1
	go func() {
		defer close(done)
		w.at(3).do(r)
	}()
	poll.Until(t, "the head is on its way", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.held) > 0
	})
	for place := range 4 {
		if err := w.at(place).store.Clears().Apply(cleared); err != nil {
			t.Fatal(err)
		}
	}
	w.release()
	<-done
	if r.Err != nil || count(r) != 2 {
		t.Errorf("%d members and %+v, %v; want the two that are not cleared", len(r.Object.Elements), r.Object.Rest, r.Err)
	}
}
