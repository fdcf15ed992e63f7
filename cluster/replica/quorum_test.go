package replica

import (
	"errors"
	"fmt"
	"testing"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/sim/poll"
)

// The copy of a node whose disk has failed is no acknowledgement.
func TestWrite_OwnDiskFails_OwnCopyDoesNotCount(t *testing.T) {
	w := newWorld(t, ring.Quorums{N: 3, R: 2, W: 3}, brief, "A", "B", "C")
	release := w.at(0).hangDisk()
	r, done, crashed := set(w.key, "value"), make(chan struct{}), make(chan struct{})
	go func() { defer close(done); w.at(0).do(r) }()
	poll.Until(w.tb, "both others have it", func() bool {
		return w.at(1).stored(w.key) == "value" && w.at(2).stored(w.key) == "value"
	})
	go func() { defer close(crashed); w.at(0).store.Crash() }()
	poll.Until(w.tb, "the store has failed", func() bool { return w.at(0).store.Health() != nil })
	release()
	<-crashed
	<-done
	wantNoQuorum(t, r, NoQuorumError{Op: OpWrite, Needed: 3, Got: 2})
}

// Two writes of one key replicate as one object, which waits for the greater W.
func TestPipeline_OneKeyTwice_FirstKeepsItsOwnW(t *testing.T) {
	w := newWorld(t, usual, brief, "A", "B", "C")
	w.setDown(2)
	first, second := set(w.key, "1"), set(w.key, "2")
	first.W = 3
	w.at(0).do(first, second)
	wantNoQuorum(t, first, NoQuorumError{Op: OpWrite, Needed: 3, Got: 2})
}

func TestWrite_SiblingsBeyondTheLimit_AreRefused(t *testing.T) {
	w := newWorld(t, ring.Quorums{N: 1, R: 1, W: 1}, long, "A")
	for i := range DefaultSiblingsRefuse {
		w.at(0).must(setUnseen(w.key, fmt.Sprint(i)))
	}
	r := setUnseen(w.key, "one more")
	w.at(0).do(r)
	if !errors.Is(r.Err, ErrTooManySiblings) {
		t.Errorf("sibling %d: %v", DefaultSiblingsRefuse+1, r.Err)
	}
	if got := w.at(0).must(get(w.key)); len(got.Object.Siblings) != DefaultSiblingsRefuse {
		t.Errorf("%d siblings after it", len(got.Object.Siblings))
	}
}

// A request whose quorum cannot be reached is not given up before its time ends: the nodes
// that failed are asked again.
func TestQuorum_NodesFailAtFirst_AreAskedAgain(t *testing.T) {
	for name, kind := range map[string]peer.Kind{"read": peer.Read, "write": peer.Write} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, ring.Quorums{N: 3, R: 3, W: 3}, long, "A", "B", "C")
			w.at(0).must(set(w.key, "value"))
			failed := make(map[int]bool)
			w.decide(func(to int, k peer.Kind) fate { // holds the world's lock
				if k == kind && to > 0 && !failed[to] {
					failed[to] = true
					return fails
				}
				return arrives
			})
			r := get(w.key)
			if kind == peer.Write {
				r = set(w.key, "value")
			}
			w.at(0).must(r)
			if len(failed) != 2 {
				t.Errorf("failed at first: %v, want both others", failed)
			}
		})
	}
}
