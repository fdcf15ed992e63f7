package replica

import (
	"context"
	"testing"

	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/sim/poll"
)

func TestAwaitReplicas_LateReplica_IsWaitedFor(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C")
	w.decide(func(to int, kind peer.Kind) fate {
		if to == 2 && kind == peer.Write {
			return isLate
		}
		return arrives
	})
	c := w.at(0).coordinator
	if !c.AwaitReplicas(t.Context()) {
		t.Fatal("nothing is under way, and the wait failed")
	}
	w.at(0).must(set(w.key, "value")) // W is 2
	poll.Until(w.tb, "the third replica to have answered", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return len(w.held) > 0 })
	ended, end := context.WithCancel(t.Context())
	end()
	for range 3 { // whichever counter the update is in
		if c.AwaitReplicas(ended) {
			t.Fatal("a replica has not answered, and the wait ended well")
		}
	}
	done := make(chan bool)
	go func() { done <- c.AwaitReplicas(t.Context()) }()
	w.at(0).must(get(w.key)) // a read is not waited for, and does not wait
	w.release()
	if !<-done {
		t.Error("all replicas have answered, and the wait failed")
	}
}

func TestBarrier_ManyWaves_OnlyEarlierOnesAreWaitedFor(t *testing.T) {
	b := newBarrier()
	first := b.enter()
	ended, end := context.WithCancel(t.Context())
	end()
	for b.phase.Load() == 0 { // a call may end before its turn, too
		if b.wait(ended) {
			t.Fatal("did not wait for the wave that has entered")
		}
	}
	later := b.enter()
	if later == first {
		t.Fatal("a wave that entered after the call is counted with those before it")
	}
	b.leave(first)
	finished := make(chan bool)
	go func() { finished <- b.wait(t.Context()) }()
	b.leave(later)
	if !<-finished {
		t.Error("the wait failed")
	}
}
