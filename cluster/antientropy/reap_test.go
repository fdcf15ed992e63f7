package antientropy

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/testcluster"
	"github.com/quorate/quorate/engine"
)

// graveyard is a world of four nodes, N = 3, with one deleted key, old enough.
type graveyard struct {
	*world
	key       string
	partition ring.Partition
	tombstone []byte
	reaper    *Reaper
	primaries []*node
	fallback  *node
	buried    []engine.Record
}

// bury gives nodes the tombstones of some keys of the partition, which were deleted at a time.
func (g *graveyard) bury(keys int, at time.Time, nodes ...*node) {
	dot := causal.Dot{Actor: causal.Actor{Node: 99, Epoch: 1}, Counter: 1}
	o := object.Put(object.Object{}, causal.Context{}, dot, causal.TimestampOf(at.UnixMilli()), object.Value{Tombstone: true})
	encoded := o.Append(nil)
	for i := 0; len(g.buried) < keys; i++ {
		if key := fmt.Append(nil, "buried:", i); g.Ring().PartitionOf(key) == g.partition {
			g.buried = append(g.buried, engine.Record{Partition: g.partition, Key: key, Merge: encoded})
		}
	}
	for _, n := range nodes {
		var batch []*engine.Record
		for _, r := range g.buried {
			batch = append(batch, &r)
		}
		n.Apply(batch...)
	}
}

func newGraveyard(t *testing.T) *graveyard {
	g := &graveyard{world: newWorld(t, 4, 3, "A", "B", "C", "D"), key: "k"}
	view := g.Ring()
	g.partition = view.PartitionOf([]byte(g.key))
	for i, id := range view.Walk(g.partition) {
		if i < 3 {
			g.primaries = append(g.primaries, g.nodes[id])
		} else {
			g.fallback = g.nodes[id]
		}
	}
	first := g.primaries[0]
	first.Set(g.key, "v")
	g.tombstone = first.Delete(g.key)
	for _, n := range g.primaries[1:] {
		n.Merge(g.key, g.tombstone)
	}
	g.reaper = NewReaper(ReapConfig{
		Self: first.ID, Ring: g.Ring, Exchanger: first.x, Available: first.Available, Now: g.Now, Monotonic: g.Now,
	})
	g.Pass(11 * 24 * time.Hour)
	return g
}

// rounds lets enough time and rounds pass for any reaping that will be.
func (g *graveyard) rounds(t *testing.T) {
	for range 3 {
		g.reaper.round(t.Context())
		g.Pass(6 * time.Minute)
	}
}

func (g *graveyard) holders() (n int) {
	for _, node := range g.nodes {
		n += len(node.Contents())
	}
	return n
}

// However many tombstones there are, two rounds with the settling between them are enough.
func TestReaper_ManyPages_AreReapedTogether(t *testing.T) {
	g := newGraveyard(t)
	g.bury(3*reapPage, g.Now().Add(-12*24*time.Hour), g.primaries...)
	g.reaper.round(t.Context())
	if n := g.reaper.Status().Pending; n != 3*reapPage+1 {
		t.Errorf("%d keys wait after the first round, want all", n)
	}
	g.Pass(6 * time.Minute)
	g.reaper.round(t.Context())
	if n := g.holders(); n != 0 {
		t.Errorf("%d copies are left after the second round", n)
	}
}

func TestReaper_AllAgree_ReapsAfterSettle(t *testing.T) {
	g := newGraveyard(t)
	g.reaper.round(t.Context())
	g.Pass(4 * time.Minute)
	g.reaper.round(t.Context())
	if g.holders() != 3 {
		t.Fatal("reaped before it had settled")
	}
	g.Pass(2 * time.Minute)
	g.reaper.round(t.Context())
	if g.holders() != 0 || g.reaper.Status().Reaped != 1 {
		t.Fatalf("%d nodes still hold it, reaped %d", g.holders(), g.reaper.Status().Reaped)
	}
	if g.reaper.keys.Load() != 0 || g.reaper.Status().Pending != 0 {
		t.Fatal("something is still pending")
	}
}

// TestReaper_AnyDoubt_NothingIsReaped has one reason in each case why a tombstone must stay.
func TestReaper_AnyDoubt_NothingIsReaped(t *testing.T) {
	for _, test := range []struct {
		name string
		make func(g *graveyard)
	}{
		{"younger than the grace period", func(g *graveyard) { g.Pass(-5 * 24 * time.Hour) }},
		{"a primary lacks it", func(g *graveyard) {
			store := g.primaries[2].Store
			ref := engine.Ref{Partition: g.partition, Key: []byte(g.key), Digest: object.SeedOf([]byte(g.key)).Digest(g.tombstone)}
			if n, err := store.Tombstones().Reap([]engine.Ref{ref}); n != 1 || err != nil {
				panic(err)
			}
		}},
		{"a primary holds another version", func(g *graveyard) { g.primaries[1].Set(g.key, "newer") }},
		{"a node that is no primary holds an older copy", func(g *graveyard) { g.fallback.Set(g.key, "old") }},
		{"a hint is pending", func(g *graveyard) {
			g.fallback.Apply(&engine.Record{Partition: g.partition, Key: []byte(g.key), Hint: g.primaries[1].ID, Merge: g.tombstone})
		}},
		{"a hint is pending at a primary", func(g *graveyard) {
			g.primaries[2].Apply(&engine.Record{Partition: g.partition, Key: []byte(g.key), Hint: g.primaries[1].ID, Merge: g.tombstone})
		}},
		{"a primary is down", func(g *graveyard) { g.SetDown(g.primaries[1].Name, true) }},
		{"a node that is no primary is down", func(g *graveyard) { g.SetDown(g.fallback.Name, true) }},
		{"a transition is under way", func(g *graveyard) {
			g.Change(func(s *ring.State) error { return s.Leave(g.fallback.ID) })
			if !g.Ring().InTransition() {
				panic("no transition")
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newGraveyard(t)
			test.make(g)
			before := g.holders()
			g.rounds(t)
			if after := g.holders(); after != before || g.reaper.Status().Reaped != 0 {
				t.Fatalf("%d copies became %d", before, after)
			}
		})
	}
}

func TestReaper_WriteBetweenTheQuestions_Stays(t *testing.T) {
	g := newGraveyard(t)
	g.reaper.round(t.Context())
	encoded := g.primaries[2].Set(g.key, "alive")
	g.Pass(6 * time.Minute)
	g.reaper.round(t.Context())
	if g.primaries[2].Contents()[g.key] != string(encoded) || g.holders() != 3 {
		t.Fatal("a write was reaped, or its tombstone elsewhere")
	}
}

// A tombstone that died long ago and comes late, among those that were agreed on, is asked
// about twice as well.
func TestReaper_TombstoneComesBetweenTheQuestions_IsAskedTwice(t *testing.T) {
	g := newGraveyard(t)
	g.reaper.round(t.Context())
	g.bury(1, g.Now().Add(-12*24*time.Hour), g.primaries...)
	g.Pass(6 * time.Minute)
	g.reaper.round(t.Context())
	if n := g.holders(); n != 3 || g.reaper.Status().Reaped != 1 {
		t.Fatalf("%d copies are left, %d keys reaped; want the three of the one that came late", n, g.reaper.Status().Reaped)
	}
	g.Pass(6 * time.Minute)
	g.reaper.round(t.Context())
	if n := g.holders(); n != 0 {
		t.Errorf("%d copies are left after the second question", n)
	}
}

func TestReaper_WriteBeforeTheRemoval_Stays(t *testing.T) {
	g := newGraveyard(t)
	g.reaper.round(t.Context())
	g.Pass(6 * time.Minute)
	var encoded []byte
	g.Intercept(func(_ *testcluster.Node, to ring.NodeID, kind peer.Kind) error {
		if kind == peer.Reap && to == g.primaries[2].ID {
			encoded = g.primaries[2].Set(g.key, "alive")
		}
		return nil
	})
	g.reaper.round(t.Context())
	if encoded == nil || g.primaries[2].Contents()[g.key] != string(encoded) {
		t.Fatal("a write was reaped")
	}
	// Those who reaped the tombstone learn the value as if it were new.
	for _, n := range g.primaries[:2] {
		if _, err := n.x.Sync(t.Context(), g.primaries[2].ID, g.partition); err != nil {
			t.Fatal(err)
		}
		requireSame(t, n, g.primaries[2])
	}
}

// TestReaper_MissedRemoval_IsHarmless has a primary keep the tombstone that the
// others gave up: a value written meanwhile prevails, and an idle key is reaped
// another time.
func TestReaper_MissedRemoval_IsHarmless(t *testing.T) {
	for _, rewritten := range []bool{false, true} {
		g := newGraveyard(t)
		deaf := g.primaries[2]
		g.Intercept(func(_ *testcluster.Node, to ring.NodeID, kind peer.Kind) error {
			if kind == peer.Reap && to == deaf.ID {
				return peer.ErrUnavailable
			}
			return nil
		})
		g.rounds(t)
		g.Intercept(nil)
		if g.holders() != 2 {
			// The one who asks keeps it as well, so that it asks again.
			t.Fatalf("%d copies", g.holders())
		}
		if rewritten {
			g.primaries[1].Set(g.key, "alive")
		}
		for range 2 {
			for _, n := range g.primaries {
				for _, m := range g.primaries {
					if n != m {
						if _, err := n.x.Sync(t.Context(), m.ID, g.partition); err != nil {
							t.Fatal(err)
						}
					}
				}
			}
		}
		if g.holders() != 3 {
			t.Fatalf("%d copies after anti-entropy", g.holders())
		}
		o, err := object.Decode([]byte(deaf.Contents()[g.key]))
		if err != nil {
			t.Fatal(err)
		}
		value, found, err := register.Resolve(&o, register.LWW, g.Now().UnixMilli())
		if err != nil || found != rewritten || found && string(value.Data) != "alive" {
			t.Fatalf("rewritten %v: found %v %q, %v", rewritten, found, value.Data, err)
		}
		if !rewritten {
			g.rounds(t)
			if g.holders() != 0 {
				t.Fatal("not reaped another time")
			}
		}
	}
}

// More dead objects than one question holds are not agreed on. They are passed over until
// those behind them, which were deleted later, have had their turn.
func TestReaper_Disagreement_DoesNotBlockTheOthers(t *testing.T) {
	g := newGraveyard(t)
	g.bury(reapPage, g.Now().Add(-12*24*time.Hour), g.primaries[:2]...) // the third primary lacks them
	first := g.primaries[0]
	for range 6 {
		g.reaper.round(t.Context())
		g.Pass(6 * time.Minute)
	}
	if _, found := first.Contents()[g.key]; found {
		t.Fatal("the key that all hold is not reaped")
	}
	if n := len(first.Contents()); n != reapPage {
		t.Fatalf("%d objects that a primary lacks are left, want %d", n, reapPage)
	}
	for _, r := range g.buried {
		g.primaries[2].Merge(string(r.Key), r.Merge)
	}
	for range 6 { // after all had their turn it begins anew
		g.reaper.round(t.Context())
		g.Pass(6 * time.Minute)
	}
	if n := g.holders(); n != 0 {
		t.Errorf("%d copies are left though all hold them now", n)
	}
}

// A member that the ring has since the first question was asked only once.
func TestReaper_RingChangesBetweenTheQuestions_BeginsAnew(t *testing.T) {
	g := newGraveyard(t)
	g.reaper.round(t.Context())
	g.Change(func(s *ring.State) error { return s.SetQuorums(ring.Quorums{N: 3, R: 2, W: 2}) })
	g.Pass(6 * time.Minute)
	for range 2 { // it forgets, and asks for the first time
		g.reaper.round(t.Context())
	}
	if g.holders() != 3 || g.reaper.Status().Pending != 1 {
		t.Fatalf("%d copies left, %d keys pending, want all and one", g.holders(), g.reaper.Status().Pending)
	}
	g.Pass(6 * time.Minute)
	g.reaper.round(t.Context())
	if g.holders() != 0 {
		t.Error("not reaped after the second question")
	}
}

func TestReaper_ManyKeysPending_AsksForNoMore(t *testing.T) {
	g := newGraveyard(t)
	g.reaper.partitions = make([]partitionReaper, g.Ring().Partitions())
	g.reaper.keys.Store(reapPending) // of other partitions
	if g.reaper.round(t.Context()); g.reaper.Status().Pending != reapPending {
		t.Fatal("keys wait though there is no room for them")
	}
	g.reaper.keys.Store(reapPending - 1)
	if g.reaper.round(t.Context()); g.reaper.Status().Pending != reapPending {
		t.Error("no key waits though there is room")
	}
}

func TestExchanger_ReapWithAnotherRing_IsRefused(t *testing.T) {
	g := newGraveyard(t)
	refs := []engine.Ref{{Partition: g.partition, Key: []byte(g.key), Digest: object.SeedOf([]byte(g.key)).Digest(g.tombstone)}}
	request := appendReapRequest(nil, g.partition, g.Ring().Digest()+1, refs)
	for _, kind := range []peer.Kind{peer.ReapAsk, peer.Reap} {
		if _, err := g.primaries[1].x.respond(kind, request); !errors.Is(err, ErrRingDiffers) {
			t.Fatal(err)
		}
	}
	if g.holders() != 3 {
		t.Fatal("reaped")
	}
}

func TestReaper_WallClockJumps_SettleIsNotShortened(t *testing.T) {
	g := newGraveyard(t)
	jump := 11 * 24 * time.Hour
	g.reaper.cfg.Now = func() time.Time { return g.Now().Add(jump) }
	g.reaper.round(t.Context())
	jump += time.Hour
	g.Pass(4 * time.Minute)
	g.reaper.round(t.Context())
	if g.holders() != 3 {
		t.Fatal("reaped before it had settled")
	}
	g.Pass(2 * time.Minute)
	g.reaper.round(t.Context())
	if g.holders() != 0 {
		t.Fatal("not reaped after it had settled")
	}
}
