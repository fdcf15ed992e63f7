package membership

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/cluster/core/quorum"
	"github.com/quorate/quorate/cluster/core/ring"
)

// pair is a cluster of A, which founded it, and B, which joined.
func pair(t *testing.T) (w *world, a, b *node) {
	t.Helper()
	w = newWorld()
	a = w.add(t, "A", newDisk(), nil)
	a.bootstrap(t, Founded)
	b = w.add(t, "B", newDisk(), func(s *Start) { s.Join = []string{"nobody:7", "A:7"} })
	b.bootstrap(t, Joined)
	a.work(t)
	if err := b.disseminator.Push(t.Context()); err != nil { // its start
		t.Fatal(err)
	}
	a.work(t)
	b.work(t)
	return w, a, b
}

func TestBootstrap_Join_BothHaveOneRingAndFollowIt(t *testing.T) {
	_, a, b := pair(t)
	if a.state.Digest() != b.state.Digest() || len(a.Ring().Members()) != 2 {
		t.Fatalf("%d members; digests %x and %x", len(a.Ring().Members()), a.state.Digest(), b.state.Digest())
	}
	for _, n := range []*node{a, b} {
		other := n.Others()[0]
		if len(n.peers) != 1 || n.peers[other] == "" || n.members[other] != n.peers[other] || n.said != n.state.Digest() || n.changed == 0 {
			t.Errorf("%s follows with peers %v, members %v, digest %x", n.cfg.Self.Name, n.peers, n.members, n.said)
		}
		if !n.Alive(other) || !n.Alive(n.id) || n.Alive(99) {
			t.Errorf("%s takes the wrong ones for alive", n.cfg.Self.Name)
		}
	}
}

func TestBootstrap_Founders_AllComputeOneRing(t *testing.T) {
	w := newWorld()
	digests := make(map[uint64]bool)
	for _, name := range []string{"A", "B", "C"} {
		n := w.addAs(t, name, newDisk(), func(c *Config) {
			c.Start.ClusterID, c.Start.Founders = "c", []ring.Member{member("A"), member("B"), member("C")}
			c.Incarnation = 0 // starts differ
		})
		n.bootstrap(t, Founded)
		digests[n.state.Digest()] = true
	}
	if len(digests) != 1 {
		t.Errorf("%d rings", len(digests))
	}
}

func TestBootstrap_Restart_TellsTheRingWhereTheNodeIsNow(t *testing.T) {
	w, a, b := pair(t)
	w.stop(b)
	again := w.addAt(t, "B", "elsewhere:7", b.disk, nil)
	again.bootstrap(t, Loaded)
	again.work(t)
	if err := again.disseminator.Push(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.work(t)
	if a.peers[b.id] != "elsewhere:7" {
		t.Errorf("A reaches B at %s", a.peers[b.id])
	}
}

func TestBootstrap_JoinRefused_SaysWhy(t *testing.T) {
	w, _, _ := pair(t)
	for name, test := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"partitions": {func(c *Config) { c.Start.Partitions = 32 }, "--partitions 16"},
		"name": {func(c *Config) {
			c.Self = member("A")
			c.Self.Instance, c.Self.PeerAddr = "another disk", "X:7"
		}, ring.ErrNameTaken.Error()},
	} {
		n := w.addAs(t, "X", newDisk(), func(c *Config) {
			c.Start.Join = []string{"A:7"}
			test.change(c)
		})
		if _, err := n.Bootstrap(t.Context()); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("wrong %s: %v, want %q", name, err, test.want)
		}
		if n.Ring() != nil {
			t.Errorf("wrong %s: it has a ring", name)
		}
	}
}

// The seeds may be down for long: the log tells it now and then, not at each attempt.
func TestBootstrap_JoinUnanswered_IsLoggedNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		n := newWorld().addAs(t, "B", newDisk(), func(c *Config) {
			c.Start.Join = []string{"nobody:7"}
			c.Logger = slog.New(slog.NewTextHandler(&log, nil))
		})
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
		defer cancel()
		if _, err := n.Bootstrap(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		if lines := strings.Count(log.String(), "asking again"); lines < 3 || lines > 4 {
			t.Errorf("%d lines in 100 s, want the first and one each 30 to 38 s:\n%s", lines, &log)
		}
	})
}

func TestMembership_StatesOfOneVersion_AreLoggedOnce(t *testing.T) {
	var log bytes.Buffer
	n := newWorld().addAs(t, "A", newDisk(), func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	a, b := concurrent(t)
	later := a.Clone()
	if err := later.SetQuorums(ring.Quorums{N: 3, R: 1, W: 3}); err != nil {
		t.Fatal(err)
	}
	var told ringFacts
	for i, step := range []struct {
		state *ring.State
		want  int // lines
	}{{a, 1}, {b, 1}, {a, 1}, {later, 2}} {
		n.Membership.logged(change{ring: ring.NewRing(step.state), from: fromPeer}, &told)
		if got := strings.Count(log.String(), "ring changed"); got != step.want {
			t.Errorf("after change %d: %d lines, want %d:\n%s", i+1, got, step.want, &log)
		}
	}
}

func has(n *node, N, R, W int) bool {
	q := n.Ring().Configured()
	return q.N == N && q.R == R && q.W == W
}

func TestDisseminator_Behind_PullsWhatTheOtherHas(t *testing.T) {
	_, a, b := pair(t)
	if err := a.state.Change(func(s *ring.State) error { return s.SetQuorums(ring.Quorums{N: 3, R: 1, W: 3}) }); err != nil {
		t.Fatal(err)
	}
	b.disseminator.Behind(a.id, b.state.Digest())
	if len(b.queue) != 0 {
		t.Fatal("it pulls what it has")
	}
	b.disseminator.Behind(a.id, a.state.Digest())
	b.work(t)
	if !has(b, 3, 1, 3) || b.said != a.state.Digest() {
		t.Errorf("B has %+v, and announced %x", b.Ring().Configured(), b.said)
	}
}

func TestChanges_SetQuorums_ReachesEveryMemberThatAnswers(t *testing.T) {
	w, a, b := pair(t)
	if err := a.changes.SetQuorums(t.Context(), quorum.NRW{N: 1, R: 2, W: 1}); err == nil {
		t.Error("contradictory quorums are accepted")
	}
	if err := a.changes.SetQuorums(t.Context(), quorum.NRW{N: 2, R: 1, W: 2}); err != nil {
		t.Fatal(err)
	}
	if !has(b, 2, 1, 2) {
		t.Errorf("B has %+v", b.Ring().Configured())
	}
	w.down["B:7"] = true
	if err := a.changes.SetQuorums(t.Context(), quorum.NRW{N: 3, R: 2, W: 2}); err != nil {
		t.Errorf("a member that is down keeps a change from being made: %v", err)
	}
	// When it comes back it hears of the digest.
	delete(w.down, "B:7")
	b.disseminator.Behind(a.id, a.state.Digest())
	b.work(t)
	if !has(b, 3, 2, 2) {
		t.Errorf("B has %+v", b.Ring().Configured())
	}
}

func TestChanges_Remove_OnlyWhatDoesNotAnswer(t *testing.T) {
	w, a, b := pair(t)
	for _, id := range []ring.NodeID{a.id, b.id} {
		if err := a.changes.Remove(t.Context(), id); !errors.Is(err, ErrMemberUp) {
			t.Errorf("%s: %v", a.Ring().Name(id), err)
		}
	}
	w.down["B:7"] = true
	if err := a.changes.Remove(t.Context(), b.id); err != nil {
		t.Fatal(err)
	}
	if m, _ := a.Ring().Member(b.id); m.Status != ring.Removed {
		t.Errorf("B is %v", m.Status)
	}
}

// finish lets nodes have all that they gain, until no transition is under way.
func finish(t *testing.T, nodes ...*node) {
	t.Helper()
	for _, n := range nodes {
		if view := n.Ring(); slices.Contains(view.Pending(), n.id) {
			if err := errors.Join(n.MarkDone(view.Target()), n.disseminator.Push(t.Context())); err != nil {
				t.Fatal(err)
			}
		}
	}
	if nodes[0].Ring().InTransition() {
		t.Fatalf("%v are not done", nodes[0].Ring().Pending())
	}
}

func TestMembership_AwaitLeave_EndsWhenTheNodeIsOutAndDrained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, a, b := pair(t)
		finish(t, a, b)
		var drained atomic.Bool
		done := make(chan error, 1)
		go func() { done <- b.AwaitLeave(t.Context(), drained.Load) }()
		if err := a.changes.Leave(t.Context(), b.id); err != nil {
			t.Fatal(err)
		}
		// A had everything already, so B is out at once, and hears of it by gossip.
		b.disseminator.Behind(a.id, a.state.Digest())
		b.work(t)
		if m, _ := b.Ring().Member(b.id); m.Status != ring.Removed {
			t.Fatalf("B is %v", m.Status)
		}
		time.Sleep(2 * time.Second)
		select {
		case err := <-done:
			t.Fatalf("it is gone with its data: %v", err)
		default:
		}
		drained.Store(true)
		if err := <-done; !errors.Is(err, ErrLeft) {
			t.Error(err)
		}
	})
}

func TestAnswers_MalformedRequests_AreRefused(t *testing.T) {
	_, a, _ := pair(t)
	digest := a.state.Digest()
	for name, answer := range map[string]func([]byte) ([]byte, error){"push": a.disseminator.AnswerPush, "pull": a.disseminator.AnswerPull, "join": a.AnswerJoin, "identify": a.identity.AnswerIdentify} {
		for _, body := range [][]byte{nil, []byte("rubbish"), bytes.Repeat([]byte("x"), maxJoinRequest+1)} {
			if _, err := answer(body); err == nil {
				t.Errorf("%s of %d bytes: accepted", name, len(body))
			}
		}
	}
	if a.state.Digest() != digest {
		t.Error("the ring has changed")
	}
}

func TestJoin_Request_CarriesTheWholeMember(t *testing.T) {
	want := member("A")
	want.Zone = "z"
	body, err := encodeJoin(want, &Start{Partitions: 64, Replace: true})
	if err != nil {
		t.Fatal(err)
	}
	if got, r, err := decodeJoin(body); err != nil || got != want || r.Partitions != 64 || !r.Replace {
		t.Errorf("%+v, %+v, %v", got, r, err)
	}
	for _, reply := range [][]byte{nil, {admitted}, {9, 9}, {admissionNameTaken, 1}} {
		if _, err := decodeAdmission(reply); err == nil {
			t.Errorf("admission %v: accepted", reply)
		}
	}
}
