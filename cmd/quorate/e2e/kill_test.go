package e2e

import (
	"math/rand/v2"
	"testing"
	"time"
)

// What the product promises to the clients of the nodes that are left.
const (
	killPause   = time.Second
	freezePause = 2 * time.Second
	warmUp      = 800  // requests before a fault
	aftermath   = 1500 // requests after it
)

func TestKill_OneOfFive_NothingFailsAndNothingIsLost(t *testing.T) {
	f := newFleet(t, 5)
	h := newHistory()
	l := startLoad(t, h, f.nodes...)
	l.awaitOps(warmUp)
	victim := f.nodes[rand.IntN(len(f.nodes))]
	t.Logf("kill -9 of %s", victim.name)
	pause := l.during(func() {
		victim.kill()
		l.awaitOps(aftermath)
	})
	if pause > killPause {
		t.Errorf("a client of a surviving node waited for %v, want less than %v", pause, killPause)
	}
	victim.restart()
	l.awaitOps(warmUp)
	l.stop()
	l.noFaults()
	f.awaitPlaces()
	f.awaitIdentical(3)
	h.verify(t, f)
}

func TestKill_TwoOfFive_NoWriteIsRefusedAndNothingIsLost(t *testing.T) {
	f := newFleet(t, 5)
	h := newHistory()
	l := startLoad(t, h, f.nodes...)
	l.awaitOps(warmUp)
	one := rand.IntN(len(f.nodes))
	victims := []*node{f.nodes[one], f.nodes[(one+1+rand.IntN(len(f.nodes)-1))%len(f.nodes)]}
	t.Logf("kill -9 of %s and %s", victims[0].name, victims[1].name)
	pause := l.during(func() {
		victims[0].kill()
		victims[1].kill()
		l.awaitOps(aftermath)
	})
	if pause > killPause {
		t.Errorf("a client of a surviving node waited for %v, want less than %v", pause, killPause)
	}
	for _, v := range victims {
		v.restart()
	}
	l.awaitOps(warmUp)
	l.stop()
	l.noWriteFaults()
	f.awaitPlaces()
	f.awaitIdentical(3)
	h.verify(t, f)
}

func TestFreeze_OneOfFive_PausesAreShort(t *testing.T) {
	f := newFleet(t, 5)
	h := newHistory()
	l := startLoad(t, h, f.nodes...)
	l.awaitOps(warmUp)
	victim := f.nodes[rand.IntN(len(f.nodes))]
	t.Logf("SIGSTOP of %s", victim.name)
	pause := l.during(func() {
		victim.freeze()
		l.awaitOps(aftermath)
		victim.thaw()
		l.awaitOps(warmUp)
	})
	if pause > freezePause {
		t.Errorf("a client of another node waited for %v, want less than %v", pause, freezePause)
	}
	l.stop()
	l.noFaults()
	f.awaitPlaces()
	f.awaitIdentical(3)
	h.verify(t, f)
}

func TestPowerLoss_AllFiveAtOnce_EveryAcknowledgedWriteIsRead(t *testing.T) {
	f := newFleet(t, 5, "--durability", "always")
	h := newHistory()
	l := startLoad(t, h, f.nodes...)
	l.awaitOps(2 * warmUp)
	for _, n := range f.nodes {
		n.goAway()
	}
	for _, n := range f.nodes {
		n.kill()
	}
	l.stop()
	for _, i := range rand.Perm(len(f.nodes)) {
		t.Logf("start %s", f.nodes[i].name)
		f.nodes[i].start()
	}
	f.awaitPlaces()
	f.awaitIdentical(3)
	h.verify(t, f)
}
