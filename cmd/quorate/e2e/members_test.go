package e2e

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
)

func TestMembers_JoinLeaveAndRemoveUnderLoad_NothingFailsAndNothingIsLost(t *testing.T) {
	f := newFleet(t, 5)
	h := newHistory()
	l := startLoad(t, h, f.nodes...)
	l.awaitOps(warmUp)

	t.Log("F joins")
	sixth := f.add()
	sixth.restart()
	f.awaitPlaces()
	l.awaitOps(warmUp)

	t.Log("B leaves")
	leaver := f.nodes[1]
	leaver.goAway()
	if err := f.nodes[2].call("DELETE", "/api/nodes/B?how=leave", nil, nil); err != nil {
		t.Fatal(err)
	}
	within(t, patience, "B gone", func() error {
		if leaver.running() {
			return fmt.Errorf("it runs")
		}
		return nil
	})
	if leaver.err != nil {
		t.Errorf("B ended with %v, want exit code 0", leaver.err)
	}
	f.awaitPlaces()
	l.awaitOps(warmUp)

	t.Log("D dies and is removed")
	dead := f.nodes[3]
	dead.kill()
	within(t, patience, "D known to be dead", func() error {
		return f.nodes[0].call("DELETE", "/api/nodes/D?how=remove", nil, nil)
	})
	f.awaitPlaces()
	l.awaitOps(warmUp)

	l.stop()
	l.noFaults()
	f.awaitIdentical(3)
	h.verify(t, f)
}

func TestMembers_JoinerKilledWhileDataMoves_JoinsAfterItsRestart(t *testing.T) {
	f := newFleet(t, 3)
	h := newHistory()
	l := startLoad(t, h, f.nodes...)
	l.awaitOps(2 * warmUp)
	joiner := f.add()
	joiner.start()
	within(t, patience, "the joiner known", func() error {
		var v view
		if err := f.nodes[0].get("/api/cluster", &v); err != nil {
			return err
		}
		if len(v.Nodes) != 4 {
			return fmt.Errorf("%d members", len(v.Nodes))
		}
		return nil
	})
	joiner.kill()
	l.awaitOps(warmUp)
	joiner.restart()
	f.awaitPlaces()
	l.awaitOps(warmUp)
	l.stop()
	l.noFaults()
	f.awaitIdentical(3)
	h.verify(t, f)
}

func TestRestart_EachNodeInTurnUnderLoad_NoKeyIsUnreadable(t *testing.T) {
	f := newFleet(t, 5)
	h := newHistory()
	l := startLoad(t, h, f.nodes...)
	l.awaitOps(warmUp)
	for _, i := range rand.Perm(len(f.nodes)) {
		f.nodes[i].stop()
		f.nodes[i].restart()
		l.awaitOps(warmUp / 2)
	}
	l.stop()
	l.noFaults()
	f.awaitPlaces()
	f.awaitIdentical(3)
	h.verify(t, f)
}

func TestSplit_TwoOfFiveSilentUntilDeclaredDead_HealsByItself(t *testing.T) {
	f := newFleet(t, 5)
	h := newHistory()
	minority, majority := f.nodes[3:], f.nodes[:3]
	l := startLoad(t, h, majority...) // what a frozen node was asked has no answer in time
	l.awaitOps(warmUp)
	for _, n := range minority {
		n.freeze()
	}
	within(t, patience, "the minority declared dead", func() error {
		for _, n := range majority {
			var v view
			if err := n.get("/api/cluster", &v); err != nil {
				return err
			}
			for _, m := range v.Nodes {
				if (m.Name == "D" || m.Name == "E") && m.Alive {
					return fmt.Errorf("%s believes %s alive", n.name, m.Name)
				}
			}
		}
		return nil
	})
	l.awaitOps(aftermath)
	for _, n := range minority {
		n.signal(syscall.SIGCONT)
	}
	f.awaitPlaces()
	l.awaitOps(warmUp)
	l.stop()
	l.noWriteFaults()
	f.awaitIdentical(3)
	h.verify(t, f)
}
