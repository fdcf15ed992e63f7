package replica

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/sim/poll"
)

var usual = ring.Quorums{N: 3, R: 2, W: 2}

const long, brief = 20 * time.Second, 300 * time.Millisecond

func wantNoQuorum(t *testing.T, r *Request, want NoQuorumError) {
	t.Helper()
	var got *NoQuorumError
	if !errors.As(r.Err, &got) || *got != want {
		t.Fatalf("%v, want %v", r.Err, &want)
	}
}

func TestRead_AnswerOfOneIsOld_MergesAndRepairs(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
	for _, place := range []int{0, 1, 3} {
		t.Run(w.at(place).name, func(t *testing.T) {
			key := w.key
			for n := range 3 {
				w.at(n).plant(key, strange(1, "old"))
			}
			w.at(1).plant(key, strange(2, "new"))
			if got := w.at(place).must(get(key)); got.plain() != "new" {
				t.Fatalf("read %q", got.plain())
			}
			poll.Until(w.tb, "the stale one that was read is repaired", func() bool { return w.at(0).stored(key) == "new" })
		})
	}
}

func TestRead_SilentPrimary_AnotherIsAsked(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
	for n := range 3 {
		w.at(n).plant(w.key, strange(1, "value"))
	}
	w.decide(func(to int, _ peer.Kind) fate {
		if to == 1 {
			return stalls
		}
		return arrives
	})
	for place := range w.walk {
		if place == 1 {
			continue
		}
		if got := w.at(place).must(get(w.key)); got.plain() != "value" {
			t.Errorf("%s read %q", w.at(place).name, got.plain())
		}
	}
}

// TestRead_OwnHintsComplete_IsAnswered has a node that is no primary find the last answer
// that it needs in its own hints, when there is nobody left to ask.
func TestRead_OwnHintsComplete_IsAnswered(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D")
	w.at(0).plant(w.key, strange(1, "old"))
	w.at(3).plantHint(w.key, strange(2, "new"), 1)
	w.decide(func(to int, _ peer.Kind) fate {
		if to == 1 || to == 2 {
			return stalls
		}
		return arrives
	})
	r := get(w.key)
	started := time.Now()
	if w.at(3).do(r); r.Err != nil || r.plain() != "new" {
		t.Fatalf("after %v: %q, %v", time.Since(started), r.plain(), r.Err)
	}
}

func TestRead_FallbacksKnowNothing_WaitForAPrimary(t *testing.T) {
	w := newWorld(t, usual, brief, "A", "B", "C", "D", "E")
	w.at(0).plant(w.key, strange(1, "value"))
	w.setDown(0, 1, 2)
	r := get(w.key)
	w.at(3).do(r)
	wantNoQuorum(t, r, NoQuorumError{Op: OpRead, Needed: 2, Got: 2})
	w.setDown(1, 2)
	if got := w.at(3).must(get(w.key)); got.plain() != "value" {
		t.Fatalf("read %q", got.plain())
	}
}

func TestRead_DigestOfWhatNobodySent_IsFetched(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
	w.at(0).plant(w.key, strange(1, "old"))
	w.at(1).plant(w.key, strange(2, "new"))
	before := w.frames(peer.Read, 1)
	if got := w.at(4).must(get(w.key)); got.plain() != "new" {
		t.Fatalf("read %q", got.plain())
	}
	if got := w.frames(peer.Read, 1) - before; got != 2 {
		t.Errorf("%d frames to the one asked for a digest, want another for the object", got)
	}
}

func TestRead_DigestsAgree_OneObjectTravels(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
	for n := range 3 {
		w.at(n).plant(w.key, strange(1, "value"))
	}
	if got := w.at(4).must(get(w.key)); got.plain() != "value" {
		t.Fatalf("read %q", got.plain())
	}
	if a, b, c := w.frames(peer.Read, 0), w.frames(peer.Read, 1), w.frames(peer.Read, 2); a != 1 || b != 1 || c != 0 {
		t.Errorf("%d, %d and %d frames, want one each to R primaries", a, b, c)
	}
}

func TestRead_OneSlotOfTime_OneNodeIsAskedForAllKeys(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C")
	first := make(map[int]bool)
	for slot := range 20 {
		at := slotAt(time.UnixMilli(int64(slot) * askSlot.Milliseconds()))
		w.at(0).coordinator.slotAt = func(time.Time) uint64 { return at }
		before := [3]int{1: w.frames(peer.Read, 1), 2: w.frames(peer.Read, 2)}
		for n := range 20 {
			w.at(0).must(get(fmt.Appendf(nil, "key %d", n)))
		}
		asked := [3]int{1: w.frames(peer.Read, 1) - before[1], 2: w.frames(peer.Read, 2) - before[2]}
		if max(asked[1], asked[2]) < 20 { // the other one may be asked too, if this one is slow
			t.Fatalf("slot %d: %d and %d of 20 reads asked the other primaries", slot, asked[1], asked[2])
		}
		first[1], first[2] = first[1] || asked[1] > asked[2], first[2] || asked[2] > asked[1]
	}
	if !first[1] || !first[2] {
		t.Errorf("in all slots the same node was asked first: %v", first)
	}
}

// The first primary coordinates the updates, so a read of one copy is fresh there.
func TestRead_OneCopyIsEnough_TheFirstPrimaryIsAsked(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
	w.at(0).plant(w.key, strange(1, "value"))
	for slot := range 20 {
		at := slotAt(time.UnixMilli(int64(slot) * askSlot.Milliseconds()))
		w.at(4).coordinator.slotAt = func(time.Time) uint64 { return at }
		read := get(w.key)
		read.R = 1
		if got := w.at(4).must(read).plain(); got != "value" {
			t.Fatalf("slot %d: read %q", slot, got)
		}
	}
}

func TestRead_FetchFails_AnotherIsAsked(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
	w.at(0).plant(w.key, strange(1, "old"))
	w.at(1).plant(w.key, strange(2, "new"))
	w.at(2).plant(w.key, strange(2, "new"))
	asked := 0
	w.decide(func(to int, _ peer.Kind) fate {
		if to == 1 {
			if asked++; asked > 1 {
				return fails
			}
		}
		return arrives
	})
	if got := w.at(4).must(get(w.key)); got.plain() != "new" {
		t.Fatalf("read %q", got.plain())
	}
}

// TestRead_RepeatedKey_EachIsAnsweredOnce has a pipeline read a key twice beside
// one that nobody answers: what is settled stays so.
func TestRead_RepeatedKey_EachIsAnsweredOnce(t *testing.T) {
	w := newWorld(t, ring.Quorums{N: 1, R: 1, W: 1}, brief, "A", "B")
	w.at(0).plant(w.key, strange(1, "value"))
	other := []byte("x0")
	for i := byte('0'); w.at(0).ring.Load().IsPrimary(w.at(0).id, w.at(0).partition(other)); i++ {
		other = []byte{'x', i}
	}
	w.decide(func(int, peer.Kind) fate { return stalls })
	reqs := []*Request{get(w.key), get(w.key), get(other), get(w.key)}
	w.at(0).do(reqs...)
	for _, i := range []int{0, 1, 3} {
		if reqs[i].Err != nil || reqs[i].plain() != "value" {
			t.Errorf("read %d: %q, %v", i, reqs[i].plain(), reqs[i].Err)
		}
	}
	wantNoQuorum(t, reqs[2], NoQuorumError{Op: OpRead, Needed: 1, Got: 1}) // of a fallback that knows nothing
}

// The own copy of a node that is no primary any more is of no use to its reads: what it
// has may have been deleted since, and the deletion be forgotten.
func TestRead_StandInHasAnOldCopy_ItIsNotFound(t *testing.T) {
	for _, test := range []struct {
		name string
		r    int
		down []int
		want string
	}{
		{"beside a primary", 2, []int{1, 2}, "-"},
		{"alone", 1, []int{0, 1, 2}, ""}, // no answer
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, usual, brief, "A", "B", "C", "D")
			w.at(3).plant(w.key, strange(1, "old"))
			w.setDown(test.down...)
			r := get(w.key)
			r.R = test.r
			w.at(3).do(r)
			if test.want == "" {
				wantNoQuorum(t, r, NoQuorumError{Op: OpRead, Needed: test.r, Got: 1})
			} else if r.Err != nil || r.plain() != test.want {
				t.Errorf("read %q, %v", r.plain(), r.Err)
			}
		})
	}
}

// A client that reads a value and then writes without its context, through the same node
// or another one, writes the later value: the clocks of nodes follow what they read.
func TestRead_ValueFromAClockAhead_LaterWritesComeAfterIt(t *testing.T) {
	w := newWorld(t, ring.Quorums{N: 3, R: 3, W: 2}, long, "A", "B", "C", "D")
	ahead := causal.TimestampOf(time.Now().Add(causal.MaxDrift / 2).UnixMilli())
	w.at(1).plant(w.key, strangeAt(1, ahead, "ahead"))
	w.at(3).must(get(w.key))
	if now := w.at(3).coordinator.cfg.Clock.Now(); now <= ahead {
		t.Errorf("a write would get the time %v, the value that was read has %v", now, ahead)
	}
}

// What a node holds of a key is its own copy and its hints, together: each may be newer.
func TestRead_NodeHasAnOldCopyAndANewerHint_TheHintIsFound(t *testing.T) {
	for _, test := range []struct {
		name       string
		holder     int // place of the node that has the newer version in one of the two
		copy, hint []byte
		reader     int
	}{
		{"a fallback is asked", 3, strange(1, "old"), strange(2, "new"), 0},
		{"a fallback asks", 3, strange(1, "old"), strange(2, "new"), 3},
		{"a fallback asks, and its copy is newer", 3, strange(2, "new"), strange(1, "old"), 3},
		{"a primary is asked", 1, strange(1, "old"), strange(2, "new"), 0},
		{"a primary asks", 1, strange(1, "old"), strange(2, "new"), 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, usual, long, "A", "B", "C", "D")
			w.at(0).plant(w.key, strange(1, "old"))
			w.at(test.holder).plant(w.key, test.copy)
			w.at(test.holder).plantHint(w.key, test.hint, 2)
			for place := 1; place < 3; place++ {
				if place != test.holder {
					w.down[w.at(place).id] = true
				}
			}
			if got := w.at(test.reader).must(get(w.key)).plain(); got != "new" {
				t.Errorf("read %q", got)
			}
		})
	}
}

func TestRead_BehindAnotherOfTheKey_WaitsForItsOwnQuorum(t *testing.T) {
	w := newWorld(t, usual, brief, "A", "B", "C")
	w.at(0).must(set(w.key, "value"))
	w.setDown(2)
	usual, all, again := get(w.key), get(w.key), get(w.key)
	all.R = 3
	w.at(0).do(usual, all, again)
	if usual.Err != nil || again.Err != nil {
		t.Errorf("with the cluster's R: %v, %v", usual.Err, again.Err)
	}
	wantNoQuorum(t, all, NoQuorumError{Op: OpRead, Needed: 3, Got: 2})
}
