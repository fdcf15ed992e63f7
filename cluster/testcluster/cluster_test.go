package testcluster

import (
	"errors"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// echo answers each request with its own body.
type echo struct{}

func (echo) ServePeer(reqs []*peer.Request) {
	for _, r := range reqs {
		r.Reply(r.Body)
	}
}

func newPair(t *testing.T) (c *Cluster, a, b *Node) {
	c = New(t, 8, ring.Quorums{N: 2, R: 1, W: 1}, "A", "B")
	a, b = c.Start("A"), c.Start("B")
	b.Serve(echo{})
	return c, a, b
}

func TestCluster_Call_ReachesANodeUnlessItIsDown(t *testing.T) {
	c, a, b := newPair(t)
	call := func() (string, error) {
		answer, err := a.Call(t.Context(), b.ID, peer.Background, peer.Write, []byte("hello"))
		return string(answer), err
	}
	if answer, err := call(); answer != "hello" || err != nil {
		t.Errorf("answer %q, %v", answer, err)
	}
	c.SetDown("B", true)
	if _, err := call(); !errors.Is(err, peer.ErrUnavailable) || a.Available(b.ID) {
		t.Errorf("B is down, and the call says %v", err)
	}
	c.SetDown("B", false)
	lost := errors.New("lost")
	c.Intercept(func(*Node, ring.NodeID, peer.Kind) error { return lost })
	if _, err := call(); !errors.Is(err, lost) {
		t.Errorf("the call was intercepted, and says %v", err)
	}
	if c.Calls() != 3 {
		t.Errorf("%d calls, want 3", c.Calls())
	}
}

func TestCluster_Write_ReachesThePrimariesThatItNames(t *testing.T) {
	c, a, b := newPair(t)
	first, second := a, b
	if c.Ring().Primaries(a.partition("k"))[0] == b.ID {
		first, second = b, a
	}
	c.Write(c.Ring(), "k", "everywhere", Everyone)
	c.Write(c.Ring(), "k", "not there", Except(second.Name))
	if first.Value("k") != "not there" || second.Value("k") != "everywhere" {
		t.Errorf("the first primary has %q, the second %q", first.Value("k"), second.Value("k"))
	}
}

func TestCluster_Pass_IsTheTimeOfEveryNode(t *testing.T) {
	c, a, _ := newPair(t)
	a.Set("k", "v")
	a.Delete("k")
	c.Pass(24 * time.Hour)
	dead, err := a.Store.Tombstones().Page(engine.DeadBefore(a.partition("k"), c.Now().Add(-23*time.Hour)), 10)
	if len(dead.Refs) != 1 || err != nil {
		t.Errorf("%d keys have been dead for 23 hours, want 1: %v", len(dead.Refs), err)
	}
}

func TestCluster_LosePower_KeepsWhatWasSynced(t *testing.T) {
	c, a, _ := newPair(t)
	a.Set("k", "synced")
	if c.Restart("A").Value("k") != "synced" || c.LosePower("A").Value("k") != "synced" {
		t.Error("a write that was synced is lost")
	}
}
