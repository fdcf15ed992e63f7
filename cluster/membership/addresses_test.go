package membership

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
)

// trio is a cluster of A, B and C.
func trio(t *testing.T) (w *world, nodes [3]*node) {
	t.Helper()
	w, a, b := pair(t)
	c := w.add(t, "C", newDisk(), func(s *Start) { s.Join = []string{"A:7"} })
	c.bootstrap(t, Joined)
	agree(t, a, b, c)
	finish(t, c, b, a)
	agree(t, a, b, c)
	return w, [3]*node{a, b, c}
}

func TestExchange_WhoHasMore_BothHaveItAfterwards(t *testing.T) {
	_, a, b := pair(t)
	for _, from := range []*node{a, b} {
		N := 2 + slices.Index([]*node{a, b}, from)
		if err := a.state.Change(func(s *ring.State) error { return s.SetQuorums(ring.Quorums{N: N, R: 2, W: 1}) }); err != nil {
			t.Fatal(err)
		}
		from.disseminator.Exchange(from.Others()[0])
		from.work(t)
		if a.state.Digest() != b.state.Digest() {
			t.Errorf("%s asks, and the two rings differ", from.Name())
		}
	}
}

// TestSearch_OneMoved_IsFoundByAll: the others cannot reach it, and nobody tells them but
// itself.
func TestSearch_OneMoved_IsFoundByAll(t *testing.T) {
	w, nodes := trio(t)
	w.stop(nodes[2])
	nodes[2] = w.addAt(t, "C", "elsewhere:7", nodes[2].disk, nil)
	nodes[2].bootstrap(t, Loaded)
	agree(t, nodes[:]...)
	for _, n := range nodes[:2] {
		if n.peers[nodes[2].id] != "elsewhere:7" {
			t.Errorf("%s has C at %s", n.Name(), n.peers[nodes[2].id])
		}
	}
}

func TestSearch_TwoSwapAddresses_FindEachOther(t *testing.T) {
	w, a, b := pair(t)
	finish(t, b, a)
	w.stop(a)
	w.stop(b)
	a = w.addAt(t, "A", "B:7", a.disk, nil)
	b = w.addAt(t, "B", "A:7", b.disk, nil)
	a.bootstrap(t, Loaded)
	b.bootstrap(t, Loaded)
	agree(t, a, b)
	if !a.Alive(b.id) || !b.Alive(a.id) {
		t.Errorf("A has B at %s, B has A at %s", a.peers[b.id], b.peers[a.id])
	}
}

// TestSearch_AllMoved_MeetWhereJoinSays: each node is told of the others by --join alone.
func TestSearch_AllMoved_MeetWhereJoinSays(t *testing.T) {
	w, nodes := trio(t)
	places := []string{"one:7", "two:7", "three:7"}
	for _, n := range nodes {
		w.stop(n)
	}
	for i, n := range nodes {
		nodes[i] = w.addAt(t, n.Name(), places[i], n.disk, func(s *Start) { s.Join = places })
		nodes[i].bootstrap(t, Loaded)
	}
	agree(t, nodes[:]...)
	for _, n := range nodes {
		for _, other := range n.Others() {
			if !n.Alive(other) {
				t.Errorf("%s does not find %s", n.Name(), n.Ring().Name(other))
			}
		}
	}
}

// TestJoin_NameOfSeveralNodes_AsksAllAndNotItself: the first address of a name is that of
// the newcomer, the second one's node has no ring either.
func TestJoin_NameOfSeveralNodes_AsksAllAndNotItself(t *testing.T) {
	w, _, _ := pair(t)
	w.names["cluster:7"] = []string{"C:7", "D:7", "nobody:7", "B:7"}
	w.add(t, "D", newDisk(), nil)
	c := w.add(t, "C", newDisk(), func(s *Start) { s.Join = []string{"cluster:7"} })
	body, err := encodeJoin(c.cfg.Self, &c.cfg.Start)
	if err != nil {
		t.Fatal(err)
	}
	if errs := c.Membership.bootstrap.askToJoin(t.Context(), body); errs != nil || c.Ring() == nil {
		t.Fatalf("not admitted: %v", errs)
	}
}

// TestJoin_NameOfNobodyYet_IsAskedAgainAndResolvedAnew: the name stands for the newcomer
// alone at first, as a headless service's does whose first pod starts, then for a node
// that does not answer, and at last for a member.
func TestJoin_NameOfNobodyYet_IsAskedAgainAndResolvedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, b := pair(t)
		c := w.add(t, "C", newDisk(), func(s *Start) { s.Join = []string{"cluster:7"} })
		stands := [][]string{nil, {"C:7"}, {"C:7", "nobody:7"}, {"C:7", b.cfg.Self.PeerAddr}}
		asked := 0
		c.Membership.bootstrap.addresses.resolve = func(_ context.Context, addr string) ([]string, error) {
			if addr != "cluster:7" {
				return []string{addr}, nil
			}
			asked++
			if asked == 1 {
				return nil, errors.New("no such host")
			}
			return stands[min(asked, len(stands))-1], nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if origin, err := c.Bootstrap(ctx); err != nil || origin != Joined || asked != len(stands) {
			t.Errorf("bootstrapped as %d, %v, after the name was resolved %d times, want %d as %d", origin, err, asked, len(stands), Joined)
		}
	})
}

// TestConsult_AnotherClusterAtAMembersAddress: another cluster is where
// a member was; only where the operator says is that an error.
func TestConsult_AnotherClusterAtAMembersAddress(t *testing.T) {
	w, a, b := pair(t)
	w.stop(a)
	w.stop(b)
	other := w.addAt(t, "X", "A:7", newDisk(), nil)
	other.bootstrap(t, Founded)
	again := w.add(t, "B", b.disk, nil)
	again.bootstrap(t, Loaded)
	w.stop(again)
	again = w.add(t, "B", b.disk, func(s *Start) { s.Join = []string{"A:7"} })
	if _, err := again.Bootstrap(t.Context()); !errorsIs(err, ring.ErrOtherCluster, peer.ErrRefused) {
		t.Errorf("joined with another cluster: %v", err)
	}
}

// A node that is removed while it asks who has its old address goes on, to hand over what
// it holds. It must not end with an error.
func TestReclaim_RemovedMeanwhile_IsNoError(t *testing.T) {
	for _, starting := range []bool{true, false} {
		w, a, b := pair(t)
		finish(t, b, a)
		w.stop(b)
		b = w.addAt(t, "B", "elsewhere:7", b.disk, nil)
		if !starting {
			b.bootstrap(t, Loaded)
			if err := b.state.Change(func(s *ring.State) error { return s.Update(member("B")) }); err != nil {
				t.Fatal(err)
			}
		}
		w.asked = func() {
			w.asked = nil
			if err := a.state.Change(func(s *ring.State) error { return s.Remove(b.id) }); err != nil {
				t.Fatal(err)
			}
			state, err := ring.DecodeState(a.disk.saved[stateName])
			if err != nil {
				t.Fatal(err)
			}
			if err := b.state.Merge(state); err != nil {
				t.Fatal(err)
			}
		}
		if starting {
			b.bootstrap(t, Loaded)
		} else if err := b.identity.reclaim(t.Context()); err != nil {
			t.Error(err)
		}
		if w.asked != nil {
			t.Errorf("starting %v: nobody asked", starting)
		}
	}
}
