package replica

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/sim/poll"
	"github.com/quorate/quorate/engine"
)

func TestWrite_AllUp_ReachesThePrimariesAlone(t *testing.T) {
	w := newWorld(t, ring.Quorums{N: 3, R: 2, W: 3}, long, "A", "B", "C", "D", "E")
	for place := range w.walk {
		value := fmt.Sprint("from ", place)
		w.at(place).must(set(w.key, value))
		for n := range w.walk {
			want := "-"
			if n < 3 {
				want = value
			}
			if got := w.at(n).stored(w.key); got != want {
				t.Fatalf("written at place %d: place %d holds %q, want %q", place, n, got, want)
			}
		}
	}
}

func TestWrite_DeadPrimary_FallbackKeepsAHint(t *testing.T) {
	w := newWorld(t, ring.Quorums{N: 3, R: 2, W: 3}, long, "A", "B", "C", "D", "E")
	w.setDown(1)
	w.at(0).must(set(w.key, "value"))
	if got := w.at(3).hinted(w.key); got != "value" {
		t.Fatalf("the fallback has %q as hints", got)
	}
	if _, ok := w.at(3).store.Hints().Targets()[w.at(1).id]; !ok {
		t.Fatal("the hint is not for the dead one")
	}
	if got := w.at(1).stored(w.key) + w.at(3).stored(w.key) + w.at(4).stored(w.key); got != "---" {
		t.Fatalf("others hold %q", got)
	}
}

func TestWrite_SilentPrimary_FallbackKeepsAHint(t *testing.T) {
	w := newWorld(t, ring.Quorums{N: 3, R: 2, W: 3}, long, "A", "B", "C", "D", "E")
	w.decide(func(to int, _ peer.Kind) fate {
		if to == 1 || to == 3 { // a primary, and the first to stand in for it
			return freezes
		}
		return arrives
	})
	w.at(0).must(set(w.key, "value"))
	if got := w.at(4).hinted(w.key); got != "value" {
		t.Fatalf("the second fallback has %q as hints", got)
	}
	if _, ok := w.at(4).store.Hints().Targets()[w.at(1).id]; !ok {
		t.Fatal("the hint is not for the silent primary")
	}
}

// Primaries that are slower than their wait times, and answer on their streams, get no
// stand-ins and no hints: their copies are on the way.
func TestWrite_SlowPrimaries_NobodyKeepsHints(t *testing.T) {
	w := newWorld(t, ring.Quorums{N: 3, R: 2, W: 3}, long, "A", "B", "C", "D", "E")
	w.decide(func(int, peer.Kind) fate { return isLate })
	const wait = time.Millisecond
	w.at(0).waitFor(wait)
	r := set(w.key, "value")
	done := make(chan struct{})
	began := time.Now()
	go func() { defer close(done); w.at(0).do(r) }()
	poll.Until(t, "both have answered, after many wait times", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.held) >= 2 && time.Since(began) > 200*wait
	})
	w.release()
	<-done
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	for place := range w.walk {
		if hints := w.at(place).store.Hints().Targets(); len(hints) > 0 {
			t.Errorf("place %d keeps hints for %v", place, hints)
		}
	}
	if n := w.frames(peer.Write, 3) + w.frames(peer.Write, 4); n > 0 {
		t.Errorf("%d writes went to stand-ins", n)
	}
}

// A slow primary whose stream breaks after the client has its answer gets a hint.
func TestWrite_SlowPrimaryFailsAfterTheAnswer_IsKeptAHint(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C")
	w.decide(func(to int, _ peer.Kind) fate {
		if to == 1 {
			return stalls
		}
		return arrives
	})
	w.at(0).must(set(w.key, "value"))
	if hints := w.at(0).store.Hints().Targets(); len(hints) > 0 {
		t.Fatalf("hints for %v before anything failed", hints)
	}
	w.end()
	poll.Until(t, "a hint is kept", func() bool { return w.at(0).hinted(w.key) == "value" })
}

func TestWrite_AllPrimariesDown_FallbacksTakeIt(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
	w.setDown(0, 1, 2)
	w.at(4).must(set(w.key, "value"))                     // the other fallback comes first: forwarded
	for place, primary := range map[int]int{3: 0, 4: 1} { // the coordinator's own copy is for the first primary
		n := w.at(place)
		if _, ok := n.store.Hints().Targets()[w.at(primary).id]; !ok || n.hinted(w.key) != "value" {
			t.Errorf("place %d has %q as hints for %v, want one for place %d", place, n.hinted(w.key), n.store.Hints().Targets(), primary)
		}
	}
	if got := w.at(3).must(get(w.key)); got.plain() != "value" {
		t.Fatalf("read %q", got.plain())
	}
}

func TestWrite_TooFew_SaysSoAndKeepsHints(t *testing.T) {
	w := newWorld(t, usual, brief, "A", "B", "C")
	w.setDown(1, 2)
	r := set(w.key, "value")
	w.at(0).do(r)
	wantNoQuorum(t, r, NoQuorumError{Op: OpWrite, Needed: 2, Got: 1})
	poll.Until(w.tb, "hints are kept for both", func() bool { return len(w.at(0).store.Hints().Targets()) == 2 })
	r = set(w.key, "one is enough")
	r.W = 1
	w.at(0).must(r)
	w.setDown()
	r.W = 3
	w.at(0).must(r)
	r.W = 9 // no more than N
	w.at(0).must(r)
}

// TestWrite_LateAnswers_CountOnceEach: a primary that was given up answers after all,
// and so does its fallback; each is one node.
func TestWrite_LateAnswers_CountOnceEach(t *testing.T) {
	const enough = 2 * time.Second // for two answers, on a busy machine
	w := newWorld(t, ring.Quorums{N: 3, R: 2, W: 3}, enough, "A", "B", "C", "D")
	w.decide(func(to int, _ peer.Kind) fate {
		switch to {
		case 1:
			return isLate
		case 2, 3:
			return fails
		}
		return arrives
	})
	r := set(w.key, "value")
	done := make(chan struct{})
	go func() { defer close(done); w.at(0).do(r) }()
	poll.Until(w.tb, "the primary has answered", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return len(w.held) > 0 })
	w.release()
	<-done
	wantNoQuorum(t, r, NoQuorumError{Op: OpWrite, Needed: 3, Got: 2})
}

func TestWrite_DisksOfPrimariesFull_OthersTakeIt(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
	w.at(0).fillDisk()
	for place := range w.walk {
		for what, r := range map[string]*Request{"set": set(w.key, "1"), "increment": incr(w.key)} {
			if w.at(place).do(r); r.Err != nil {
				t.Fatalf("%s through node %d with one disk full: %v", what, place, r.Err)
			}
			if r.Result.Dot.Actor.Node == w.at(0).id {
				t.Errorf("%s through node %d was coordinated by the one whose disk is full", what, place)
			}
		}
	}
	for place := range w.walk[1:] {
		w.at(place + 1).fillDisk()
	}
	for place := range w.walk {
		r := set(w.key, "2")
		if w.at(place).do(r); !errors.Is(r.Err, engine.ErrReadOnly) {
			t.Errorf("through node %d with all disks full: %v", place, r.Err)
		}
	}
	if got := w.at(0).must(get(w.key)).plain(); got == "" {
		t.Error("nothing can be read")
	}
}

func TestWrite_OwnDiskHangs_OthersMakeTheQuorum(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D")
	w.at(0).must(set(w.key, "1"))
	release := w.at(0).hangDisk()
	w.at(0).must(set(w.key, "2"))
	w.setDown(1) // now this node's own copy would be needed, but for the fallback
	w.at(0).must(set(w.key, "3"))
	release()
	if got := w.at(0).must(get(w.key)).plain(); got != "3" {
		t.Errorf("read %q", got)
	}
}

// An update that changes nothing tells what it has read, so that must be on the disk.
func TestWrite_NothingChanges_WaitsForWhatItRead(t *testing.T) {
	w := newWorld(t, ring.Quorums{N: 1, R: 1, W: 1}, long, "A")
	release := w.at(0).hangDisk()
	var done sync.WaitGroup
	defer done.Wait()
	defer release()
	done.Go(func() { w.at(0).do(set(w.key, "value")) })
	poll.Until(w.tb, "the value to be in memory", func() bool { return w.at(0).stored(w.key) == "value" })
	answered := make(chan struct{})
	r := set(w.key, "other")
	r.Update.Condition = register.IfAbsent
	done.Go(func() { w.at(0).do(r); close(answered) })
	poll.Until(w.tb, "the second update to be under way", func() bool { return w.at(0).coordinator.Counters().Writes.Load() == 2 })
	select {
	case <-answered:
		t.Fatalf("answered %+v, %v by a value that is not on the disk", r.Result, r.Err)
	case <-time.After(50 * time.Millisecond): // a wait that is too short only misses a fault
	}
}

func TestIncrement_CopyIsBehind_CountsFromTheQuorum(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
	w.at(0).plant(w.key, strange(1, "5"))
	w.at(1).plant(w.key, strange(2, "7"))
	w.at(2).plant(w.key, strange(2, "7"))
	if r := w.at(3).must(incr(w.key)); r.Result.Number != 8 {
		t.Fatalf("counted to %d", r.Result.Number)
	}
	w.setDown(0)
	if r := w.at(4).must(incr(w.key)); r.Result.Number != 9 {
		t.Fatalf("without the first primary: counted to %d", r.Result.Number)
	}
}

func TestDelete_PrimaryUnreachable_LeavesATombstone(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
	w.at(2).plant(w.key, strange(1, "value"))
	w.setDown(2)
	w.at(0).must(del(w.key))
	if got := w.at(0).stored(w.key); got != "†" {
		t.Fatalf("the coordinator holds %q", got)
	}
	w.setDown()
	r := get(w.key)
	r.R = 3
	if got := w.at(0).must(r).plain(); got != "-" {
		t.Fatalf("read %q after the delete", got)
	}
	other := []byte("nothing is known of it")
	w.at(0).must(del(other))
	if got := w.at(0).stored(other); got != "-" {
		t.Fatalf("a delete that found nothing left %q", got)
	}
}

// TestWrite_GainerFails_DoesNotCount: a node that is to hold a partition is given
// its writes, and makes no quorum yet; neither does who would stand in for it.
func TestWrite_GainerFails_DoesNotCount(t *testing.T) {
	for name, again := range map[string]fate{"for good": fails, "once": arrives} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, ring.Quorums{N: 3, R: 2, W: 2}, brief, "A", "B", "C", "D", "E")
			if err := w.state.SetQuorums(ring.Quorums{N: 4, R: 2, W: 2}); err != nil {
				t.Fatal(err)
			}
			for _, n := range w.nodes {
				n.ring.Store(ring.NewRing(w.state))
			}
			if gaining := w.at(0).ring.Load().Gaining(w.at(0).partition(w.key)); len(gaining) != 1 || gaining[0] != w.at(3).id {
				t.Fatalf("gaining are %v", gaining)
			}
			tries := 0
			w.decide(func(to int, _ peer.Kind) fate {
				switch to {
				case 1, 2:
					return stalls
				case 3:
					if tries++; tries == 1 {
						return fails
					}
					return again
				}
				return arrives
			})
			w.at(0).waitFor(long)
			r := set(w.key, "value")
			w.at(0).do(r)
			wantNoQuorum(t, r, NoQuorumError{Op: OpWrite, Needed: 2, Got: 1})
			poll.Until(w.tb, "a hint is kept for the gainer", func() bool {
				_, ok := w.at(0).store.Hints().Targets()[w.at(3).id]
				return ok
			})
		})
	}
}

// TestRing_ChangesBeforeTheAnswer_WriteCounts: a write goes by the ring that it
// began with.
func TestRing_ChangesBeforeTheAnswer_WriteCounts(t *testing.T) {
	w := newWorld(t, ring.Quorums{N: 3, R: 2, W: 3}, long, "A", "B", "C", "D", "E")
	w.decide(func(int, peer.Kind) fate { return isLate })
	w.at(0).waitFor(long)
	r := set(w.key, "value")
	done := make(chan struct{})
	go func() { defer close(done); w.at(0).do(r) }()
	poll.Until(w.tb, "both primaries have it", func() bool {
		return w.at(1).stored(w.key) == "value" && w.at(2).stored(w.key) == "value"
	})
	if err := w.state.Leave(w.at(0).id); err != nil {
		t.Fatal(err)
	}
	for _, n := range w.nodes {
		n.ring.Store(ring.NewRing(w.state))
	}
	poll.Until(w.tb, "both have answered", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return len(w.held) == 2 })
	w.decide(nil)
	w.release()
	<-done
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	for place := range w.walk {
		if got := w.at(place).must(get(w.key)); got.plain() != "value" {
			t.Errorf("place %d read %q", place, got.plain())
		}
	}
}

// TestWrite_LargeValue_GoesThroughAnyNode: it travels in pieces.
func TestWrite_LargeValue_GoesThroughAnyNode(t *testing.T) {
	w := newWorld(t, ring.Quorums{N: 3, R: 2, W: 3}, long, "A", "B", "C", "D")
	for _, place := range []int{0, 3} { // a primary, and a node that forwards and asks
		value := strings.Repeat(fmt.Sprint("large", place), 1<<20)
		w.at(place).must(set(w.key, value))
		if got := w.at(3 - place).must(get(w.key)).plain(); got != value {
			t.Errorf("through place %d: %d bytes were read, want %d", place, len(got), len(value))
		}
	}
}

// TestWrite_LargeValue_GoesToASilentReplica leaves out the one that is silent for small values.
func TestWrite_LargeValue_GoesToASilentReplica(t *testing.T) {
	for _, size := range []int{1 << 10, 5 << 20} {
		w := newWorld(t, ring.Quorums{N: 3, R: 2, W: 2}, long, "A", "B", "C")
		silent := w.at(1)
		w.mu.Lock()
		w.mute[silent.id] = true
		w.mu.Unlock()
		w.at(0).must(set(w.key, strings.Repeat("x", size)))
		want := 0
		if size > 1<<20 {
			want = 1
		}
		if n := w.frames(peer.Write, 1); n != want {
			t.Errorf("%d bytes: %d frames to a silent replica, want %d", size, n, want)
		}
	}
}
