package replica

import (
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/sim/poll"
)

// leave lets a node begin to leave. All nodes hear of it at once.
func (w *world) leave(n *worldNode) {
	w.tb.Helper()
	if err := w.state.Leave(n.id); err != nil {
		w.tb.Fatal(err)
	}
	w.showRing()
}

// flip ends the change of the ring that is under way. All nodes hear of it at once.
func (w *world) flip() {
	w.tb.Helper()
	for _, id := range w.state.Pending() {
		if err := w.state.MarkDone(id, w.state.Target()); err != nil {
			w.tb.Fatal(err)
		}
	}
	if !w.state.Flip() {
		w.tb.Fatal("no flip")
	}
	w.showRing()
}

func (w *world) showRing() {
	for _, n := range w.nodes {
		n.ring.Store(ring.NewRing(w.state))
	}
}

// An update that was under way when its node heard of a change goes to the nodes that gain
// the key: they may have copied it before.
func TestWrite_RingChangesWhileItReads_ReachesWhoGains(t *testing.T) {
	for name, ends := range map[string]bool{"begins": false, "ends": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, ring.Quorums{N: 3, R: 2, W: 2}, long, "A", "B", "C", "D", "E")
			w.at(0).waitFor(long)
			w.decide(func(_ int, kind peer.Kind) fate {
				if kind == peer.Read {
					return isLate
				}
				return arrives
			})
			r := incr(w.key)
			done := make(chan struct{})
			go func() { defer close(done); w.at(0).do(r) }()
			poll.Until(t, "it has read", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return len(w.held) > 0 })
			w.leave(w.at(2))
			gaining := w.at(0).ring.Load().Gaining(w.at(0).partition(w.key))
			if len(gaining) != 1 {
				t.Fatalf("gaining are %v", gaining)
			}
			if ends {
				w.flip()
			}
			w.decide(nil)
			w.release()
			<-done
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			for _, n := range w.nodes {
				if n.id == gaining[0] && n.stored(w.key) != "1" {
					t.Errorf("acknowledged, and %s has %q", n.name, n.stored(w.key))
				}
			}
		})
	}
}

// A node that was a primary before a change of the ring gets writes until the change is
// confirmed, for some may still read there. It is waited for until it is late; one that
// is gone stops nobody, and gets no hint.
func TestWrite_FormerPrimary_IsWaitedForWhileItAnswers(t *testing.T) {
	for name, is := range map[string]fate{"answers": isLate, "hangs": stalls, "fails": fails} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, ring.Quorums{N: 3, R: 2, W: 2}, long, "A", "B", "C", "D", "E")
			gone := w.walk[2]
			w.leave(w.at(2))
			w.flip()
			w.decide(func(to int, kind peer.Kind) fate {
				if to == 2 && kind == peer.Write {
					return is
				}
				return arrives
			})
			if is == isLate {
				w.at(0).waitFor(long)
			}
			r := set(w.key, "value")
			done := make(chan struct{})
			go func() { defer close(done); w.at(0).do(r) }()
			if is == isLate {
				poll.Until(t, "the former primary has it", func() bool { return w.nodes[gone].stored(w.key) == "value" })
				poll.Until(t, "its answer is under way", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return len(w.held) == 1 })
				select {
				case <-done:
					t.Error("acknowledged before the former primary was known to have it")
				case <-time.After(20 * time.Millisecond):
				}
				w.release()
			}
			<-done
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			if is != stalls {
				w.at(0).coordinator.AwaitReplicas(t.Context())
			}
			if hints := w.at(0).store.Hints().Targets(); len(hints) > 0 {
				t.Errorf("hints for %v", hints)
			}
		})
	}
}
