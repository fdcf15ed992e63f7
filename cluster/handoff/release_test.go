package handoff

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/testcluster"
)

// TestMover_StrayWrite_IsNotDropped has a write reach the old owner after its copy
// was seen at all primaries.
func TestMover_StrayWrite_IsNotDropped(t *testing.T) {
	for _, moment := range []string{"while it settles", "in the last comparison"} {
		t.Run(moment, func(t *testing.T) {
			w := newMoving(t, 8, "A", "B", "C")
			w.Fill(100, 10)
			old := w.Ring()
			w.Change(func(s *ring.State) error { return s.SetQuorums(ring.Quorums{N: 2, R: 1, W: 1}) })
			w.rounds(1)
			view := w.Ring()
			key := ""
			for i := 0; key == ""; i++ {
				candidate := fmt.Sprintf("stray:%d", i)
				p := view.PartitionOf([]byte(candidate))
				if !view.IsPrimary(old.Primaries(p)[0], p) {
					t.Fatal("the first owner should not change here")
				}
				if !view.IsPrimary(old.Primaries(p)[2], p) {
					key = candidate
				}
			}
			p := view.PartitionOf([]byte(key))
			loser := w.byID(old.Primaries(p)[2])
			var once sync.Once
			stray := func() { loser.Set(key, "stray") }
			w.rounds(1)
			if moment == "while it settles" {
				once.Do(stray)
			} else {
				w.Pass(10 * time.Second)
				w.Intercept(func(from *testcluster.Node, _ ring.NodeID, _ peer.Kind) error {
					if from == loser.Node {
						once.Do(stray)
					}
					return nil
				})
			}
			w.rounds(1)
			if loser.Value(key) != "stray" {
				t.Fatal("dropped with a write that no other node had")
			}
			w.rounds(8)
			w.requireSettled(101)
			w.requireEverywhere(key, "stray")
		})
	}
}

func TestMover_StrayWriteWithOneOwnerDown_ReachesTheOthers(t *testing.T) {
	w := newMoving(t, 32, "A", "B", "C")
	w.Fill(300, 10)
	before := w.Ring()
	for _, name := range []string{"D", "E", "F"} {
		w.join(name)
	}
	w.flip()
	view := w.Ring()
	for i := range 300 {
		key := fmt.Sprint("key:", i)
		p := view.PartitionOf([]byte(key))
		holders := before.Primaries(p)
		var former, fresh []ring.NodeID
		for _, id := range holders {
			if !view.IsPrimary(id, p) {
				former = append(former, id)
			}
		}
		for _, id := range view.Primaries(p) {
			if !slices.Contains(holders, id) {
				fresh = append(fresh, id)
			}
		}
		if len(former) < 2 || former[0] != holders[0] {
			continue
		}
		down := view.Name(fresh[0])
		w.Write(before, key, "acknowledged", func(id ring.NodeID) bool { return id == former[1] }) // W=2
		w.SetDown(down, true)
		w.rounds(5)
		w.requireEverywhere(key, "acknowledged")
		return
	}
	t.Fatal("no partition changed two of its holders, the first among them")
}

// TestMover_OwnerLosesWhatItTook_IsGivenItAgain has a new owner forget, as after a
// power cut, what was offered to it: the old copy must still be there.
func TestMover_OwnerLosesWhatItTook_IsGivenItAgain(t *testing.T) {
	w := newMoving(t, 8, "A", "B", "C")
	w.Fill(100, 10)
	d := w.join("D")
	w.rounds(2)
	for p := range ring.Partition(8) {
		if dropped, err := d.Store.Partitions().DropIf(p, d.Store.Merkle().Root(p)); err != nil || !dropped {
			t.Fatalf("partition %d dropped: %v, %v", p, dropped, err)
		}
	}
	w.rounds(10)
	w.syncAll("D") // of the partitions that no node lost to D
	w.requireSettled(100)
}

// What was news to an owner in the last comparison must settle there before the old copy
// goes: the owner may lose it once more.
func TestMover_NewsInTheLastComparison_SettlesAgain(t *testing.T) {
	w := newMoving(t, 8, "A", "B", "C")
	w.Fill(100, 10)
	d := w.join("D")
	w.rounds(2)
	var given ring.Partition // from whom D has it
	var giver *movingNode
	for p := range ring.Partition(8) {
		for _, name := range []string{"A", "B", "C"} {
			if n := w.nodes[name]; n.Keys(p) > 0 && !w.Ring().IsPrimary(n.ID, p) {
				given, giver = p, n
			}
		}
	}
	if giver == nil {
		t.Fatal("no partition has gone over to D")
	}
	if dropped, err := d.Store.Partitions().DropIf(given, d.mover.root(given)); err != nil || !dropped {
		t.Fatal(dropped, err)
	}
	w.Pass(10 * time.Second)
	keys := giver.Keys(given)
	w.round(giver.Name)
	if d.Keys(given) != keys || giver.Keys(given) != keys {
		t.Errorf("of %d keys D has %d, and %s, which has just given them, %d", keys, d.Keys(given), giver.Name, giver.Keys(given))
	}
}

// afterOffer is an Exchanger that calls a function when a partition was offered.
type afterOffer struct {
	Exchanger
	offered func(id ring.NodeID, p ring.Partition)
}

func (a afterOffer) Offer(ctx context.Context, id ring.NodeID, p ring.Partition) (antientropy.Stats, error) {
	stats, err := a.Exchanger.Offer(ctx, id, p)
	a.offered(id, p)
	return stats, err
}

// The ring gives a partition back to its old owner when that has compared it for the last
// time.
func TestMover_RingGivesBackWhatIsReleased_IsNotDropped(t *testing.T) {
	w := newMoving(t, 8, "A", "B", "C")
	w.Fill(100, 10)
	w.Change(func(s *ring.State) error { return s.SetQuorums(ring.Quorums{N: 2, R: 1, W: 1}) })
	w.rounds(2)
	w.Pass(10 * time.Second)
	a, view := w.nodes["A"], w.Ring()
	var once sync.Once
	var given ring.Partition
	var keys int64
	a.mover.cfg.Exchanger = afterOffer{a.exchanger, func(id ring.NodeID, p ring.Partition) {
		if primaries := view.Primaries(p); id == primaries[len(primaries)-1] {
			once.Do(func() {
				w.Change(func(s *ring.State) error { return s.SetQuorums(ring.Quorums{N: 3, R: 2, W: 2}) })
				given, keys = p, a.Keys(p)
			})
		}
	}}
	w.round("A")
	if keys == 0 {
		t.Fatal("A releases nothing")
	}
	if now := a.Keys(given); now != keys {
		t.Errorf("A is to hold %d keys of partition %d and has %d of them", keys, given, now)
	}
}

// damaged is an Exchanger one of whose sources has an object that cannot be read.
type damaged struct{ Exchanger }

func (d damaged) Transfer(ctx context.Context, id ring.NodeID, p ring.Partition) (antientropy.Stats, error) {
	stats, err := d.Exchanger.Transfer(ctx, id, p)
	return stats, errors.Join(err, antientropy.ErrKeysFailed)
}

func (d damaged) Offer(ctx context.Context, id ring.NodeID, p ring.Partition) (antientropy.Stats, error) {
	stats, err := d.Exchanger.Offer(ctx, id, p)
	return stats, errors.Join(err, antientropy.ErrKeysFailed)
}

func TestMover_DamagedObject_HoldsUpTheDropButNotTheRing(t *testing.T) {
	w := newMoving(t, 8, "A", "B", "C")
	w.Fill(100, 10)
	for _, n := range w.nodes {
		n.mover.cfg.Exchanger = damaged{n.exchanger}
	}
	d := w.join("D")
	d.mover.cfg.Exchanger = damaged{d.exchanger}
	w.rounds(10)
	if w.Ring().InTransition() {
		t.Fatal("the ring is held up")
	}
	for p := range ring.Partition(8) {
		for _, name := range []string{"A", "B", "C"} {
			if w.nodes[name].Keys(p) == 0 && w.Ring().IsPrimary(d.ID, p) {
				t.Fatalf("%s dropped partition %d, which an owner did not take", name, p)
			}
		}
	}
}
