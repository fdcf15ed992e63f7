package membership

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/cluster/core/quorum"
	"github.com/quorate/quorate/cluster/core/ring"
)

// A node that has left is told so, and the others confirm the ring only when it has heard of
// it. It hears of later changes, too, until it has ended.
func TestConfirm_NodeHasLeft_HearsOfItFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, a, b := pair(t)
		finish(t, a, b)
		a.work(t)
		var c confirmation
		if confirmed, _ := a.confirmOnce(t.Context(), &c); !confirmed || a.Ring().Unconfirmed() {
			t.Fatal("the join is not confirmed")
		}
		w.down[b.cfg.Self.PeerAddr] = true // the push misses it
		if err := a.changes.Leave(t.Context(), b.id); err != nil {
			t.Fatal(err)
		}
		a.work(t)
		w.down[b.cfg.Self.PeerAddr] = false
		if m, _ := b.Ring().Member(b.id); m.Status != ring.Up {
			t.Fatalf("B has heard of it: %v", m.Status)
		}
		if a.peers[b.id] == "" || !a.Ring().Unconfirmed() {
			t.Fatal("A has dropped B, which does not know that it is out")
		}
		confirmed, running := a.confirmOnce(t.Context(), &c)
		if !confirmed {
			t.Fatal("not confirmed, though B answers")
		}
		if m, _ := b.Ring().Member(b.id); m.Status != ring.Removed {
			t.Fatalf("confirmed, and B is %v", m.Status)
		}
		if running != 1 || a.peers[b.id] == "" {
			t.Errorf("%d have left and run; A reaches B at %q", running, a.peers[b.id])
		}
		if err := a.changes.SetQuorums(t.Context(), quorum.NRW{N: 1, R: 1, W: 1}); err != nil || b.state.Digest() != a.state.Digest() {
			t.Errorf("B still serves, and has not heard of a later change: %v", err)
		}
		w.stop(b)
		_, running = a.confirmOnce(t.Context(), &c)
		a.work(t)
		if running != 0 || a.peers[b.id] != "" {
			t.Errorf("%d have left and run; A looks for B at %q", running, a.peers[b.id])
		}
	})
}

// A member that cannot be reached is not waited for, and one that answers with errors for a
// while only.
func TestConfirm_MemberTakesNothingIn_IsWaitedForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, a, b := pair(t)
		finish(t, a, b)
		a.work(t)
		var c confirmation
		w.deaf[b.cfg.Self.PeerAddr] = true
		for range 3 {
			if confirmed, _ := a.confirmOnce(t.Context(), &c); confirmed || !a.Ring().Unconfirmed() {
				t.Fatal("confirmed, and B has not heard of it")
			}
			time.Sleep(confirmPatience / 3)
		}
		if confirmed, _ := a.confirmOnce(t.Context(), &c); !confirmed {
			t.Fatal("B is waited for without an end")
		}
		b.work(t)
		w.deaf, w.down = nil, map[string]bool{a.cfg.Self.PeerAddr: true}
		if confirmed, _ := b.confirmOnce(t.Context(), new(confirmation)); !confirmed {
			t.Fatal("a member that is down is waited for")
		}
	})
}
