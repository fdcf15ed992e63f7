package antientropy

import (
	"errors"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/testcluster"
)

func TestReaper_MemberDown_StatusNamesItAndSinceWhen(t *testing.T) {
	g := newGraveyard(t)
	g.SetDown(g.fallback.Name, true)
	since := g.Now()
	for range 3 {
		g.reaper.round(t.Context())
		g.Pass(time.Minute)
	}
	status := g.reaper.Status()
	if len(status.Blocking) != 1 || status.Blocking[0] != (Blocker{Node: g.fallback.ID, Since: since}) {
		t.Errorf("blocking: %+v, want %s since %v", status.Blocking, g.fallback.Name, since)
	}
	g.SetDown(g.fallback.Name, false)
	g.reaper.round(t.Context())
	status = g.reaper.Status()
	if len(status.Blocking) != 0 {
		t.Errorf("blocking: %+v, want none after it came back", status.Blocking)
	}
	if status.Pending != 1 {
		t.Errorf("%d keys pending, want the one that all agreed on", status.Pending)
	}
}

// TestReaper_PrimaryLacksTombstones_StatusCountsThemSinceWhen: a replica that is not
// repaired yet keeps tombstones from being reaped, though it answers.
func TestReaper_PrimaryLacksTombstones_StatusCountsThemSinceWhen(t *testing.T) {
	g := newGraveyard(t)
	g.bury(3, g.Now().Add(-12*24*time.Hour), g.primaries[:2]...)
	since := g.Now()
	for range 3 {
		g.reaper.round(t.Context())
		g.Pass(6 * time.Minute)
	}
	want := Blocker{Node: g.primaries[2].ID, Since: since, Differing: 3}
	if blocking := g.reaper.Status().Blocking; len(blocking) != 1 || blocking[0] != want {
		t.Errorf("blocking: %+v, want %+v", blocking, want)
	}
	for _, r := range g.buried {
		g.primaries[2].Merge(string(r.Key), r.Merge)
	}
	for range 3 {
		g.reaper.round(t.Context())
		g.Pass(6 * time.Minute)
	}
	if blocking := g.reaper.Status().Blocking; len(blocking) != 0 || g.holders() != 0 {
		t.Errorf("blocking: %+v, %d copies, want none of both after the repair", blocking, g.holders())
	}
}

func TestReaper_MemberRefuses_StatusSaysWhy(t *testing.T) {
	g := newGraveyard(t)
	refusal := errors.New("not now")
	g.Intercept(func(_ *testcluster.Node, to ring.NodeID, kind peer.Kind) error {
		if kind == peer.ReapAsk && to == g.fallback.ID {
			return refusal
		}
		return nil
	})
	g.reaper.round(t.Context())
	blocking := g.reaper.Status().Blocking
	if len(blocking) != 1 || blocking[0].Node != g.fallback.ID || !errors.Is(blocking[0].Refusal, refusal) {
		t.Errorf("blocking: %+v, want the refusal of %s", blocking, g.fallback.Name)
	}
}

func TestReaper_DataMoves_StatusSaysSinceWhen(t *testing.T) {
	g := newGraveyard(t)
	since := g.Now()
	g.Change(func(s *ring.State) error { return s.Leave(g.fallback.ID) })
	for range 3 {
		g.reaper.round(t.Context())
		g.Pass(time.Minute)
	}
	if s := g.reaper.Status(); !s.InTransition || !s.TransitionSince.Equal(since) {
		t.Errorf("%+v, want in transition since %v", s, since)
	}
}
