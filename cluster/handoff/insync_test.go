package handoff

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine"
)

const day = 24 * time.Hour

// deletion is a DEL at a coordinator.
type deletion struct {
	n *movingNode
}

func (e *deletion) Edit(current *object.Object, mint *engine.Minter) (object.Object, bool, error) {
	dot := mint.Dot(current.Clock)
	at := max(causal.TimestampOf(e.n.world.now.Load()), current.Clock.Latest()+1)
	return object.Put(*current, current.Clock, dot, at, object.Value{Tombstone: true}), true, nil
}

// del deletes a key at each of its primaries but one that is down.
func (w *moving) del(key, down string) {
	w.tb.Helper()
	now := w.ring.Load()
	p := now.PartitionOf([]byte(key))
	var stored []byte
	for _, id := range now.Primaries(p) {
		n := w.byID(id)
		if n.name == down {
			continue
		}
		r := &engine.Record{Partition: p, Key: []byte(key), Merge: stored}
		if stored == nil {
			r.Edit = &deletion{n}
		}
		if err := n.apply(r); err != nil {
			w.tb.Fatal(err)
		}
		stored = r.Stored
	}
}

// reap passes time until the members have reaped so many tombstones.
func (w *moving) reap(tombstones int64) {
	w.tb.Helper()
	ctx, cancel := context.WithCancel(w.tb.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	var reapers []*antientropy.Reaper
	for _, m := range w.ring.Load().Members() {
		n := w.nodes[m.Name]
		r := antientropy.NewReaper(antientropy.ReapConfig{
			Self: n.id, Ring: w.ring.Load, Exchanger: n.exchanger, Available: n.Available, Now: w.time, Monotonic: w.time, Tick: time.Millisecond,
		})
		reapers = append(reapers, r)
		running.Go(func() { _ = r.Run(ctx) })
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) { // real disks: there is nothing to wait on
		reaped := int64(0)
		for _, r := range reapers {
			reaped += r.Status().Reaped
		}
		if reaped >= tombstones {
			return
		}
		if time.Now().After(deadline) {
			w.tb.Fatalf("%d tombstones were reaped, want %d", reaped, tombstones)
		}
		w.pass(30 * time.Second)
	}
}

// back starts a node again that was down.
func (w *moving) back(name string) *movingNode {
	w.setDown(name, false)
	n := w.crash(name)
	for !n.store.Merkle().Ready() {
		time.Sleep(time.Millisecond)
	}
	return n
}

func (w *moving) requireGone(keys ...string) {
	w.tb.Helper()
	now := w.ring.Load()
	for _, key := range keys {
		for _, id := range now.Primaries(now.PartitionOf([]byte(key))) {
			if v := w.byID(id).value(key); v != "" {
				w.tb.Errorf("%s at %s: deleted long ago, and back: %q", key, now.Name(id), v)
			}
		}
	}
}

func TestMover_BackForAMomentThenRemoved_BringsNothingBack(t *testing.T) {
	w := newMoving(t, 16, "A", "B", "C", "D")
	w.fill(100, 10)
	w.rounds(1)
	w.setDown("D", true)
	w.pass(time.Minute)
	var deleted []string
	for i := range 100 {
		deleted = append(deleted, fmt.Sprint("key:", i))
		w.del(deleted[i], "D")
	}
	w.pass(8 * day)
	w.back("D")
	w.round("D") // anti-entropy has not come to it yet
	w.setDown("D", true)
	w.change(func(s *ring.State) error { return s.Remove(ring.IDOf("D")) })
	w.rounds(8)
	w.pass(4 * day)
	w.reap(100)
	d := w.back("D")
	w.rounds(8)
	w.requireGone(deleted...)
	if err := d.mover.Progress().LastError; err == nil || !errors.Is(err, ErrStale) {
		t.Errorf("D does not say why it keeps what it has: %v", err)
	}
}

func TestMover_BackAndUpToDate_RenewsLastInSync(t *testing.T) {
	w := newMoving(t, 16, "A", "B", "C", "D")
	w.fill(100, 10)
	w.rounds(1)
	w.setDown("D", true)
	for i := range 100 {
		w.set(fmt.Sprint("key:", i), "new", w.ring.Load(), func(id ring.NodeID) bool { return id != ring.IDOf("D") })
	}
	w.pass(2 * day)
	d := w.back("D")
	w.setDown("A", true) // a member that is down is not waited for
	w.round("D")
	if !d.mover.inSync.at.Before(w.time().Add(-day)) {
		t.Fatal("renewed before it was up to date")
	}
	for _, name := range []string{"B", "C"} {
		now := w.ring.Load()
		for i := range now.Partitions() {
			if p := ring.Partition(i); now.IsPrimary(d.id, p) && now.IsPrimary(ring.IDOf(name), p) {
				if _, err := d.exchanger.Transfer(t.Context(), ring.IDOf(name), p); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if w.round("D"); !d.mover.inSync.at.Equal(w.time()) {
		t.Errorf("up to date at %v, the last time in sync is %v", w.time(), d.mover.inSync.at)
	}
}

func TestMover_LeftoverOfARemovedNode_BringsNothingBack(t *testing.T) {
	w := newMoving(t, 16, "A", "B", "C", "D")
	w.fill(200, 10)
	before := w.ring.Load()
	w.join("E")
	for i := 0; w.ring.Load().InTransition(); i++ {
		for name := range w.nodes {
			w.round(name)
		}
		if i > 5 {
			t.Fatal("E does not get what it gains")
		}
	}
	// A key, who held it and does no more, and one who has held it all the time.
	now := w.ring.Load()
	var key, former, owner string
	for i := 0; key == ""; i++ {
		k := fmt.Sprint("key:", i)
		p := now.PartitionOf([]byte(k))
		for _, id := range before.Primaries(p) {
			if !now.IsPrimary(id, p) {
				key, former = k, now.Name(id)
			} else {
				owner = now.Name(id)
			}
		}
	}
	w.setDown(owner, true) // so that the former holder keeps its copy
	w.rounds(8)
	if w.nodes[former].value(key) == "" {
		t.Fatalf("%s dropped a partition though one owner does not answer", former)
	}
	w.pass(day)
	w.del(key, owner)
	for range 11 {
		w.pass(day)
		w.rounds(1)
	}
	w.setDown(former, true)
	w.change(func(s *ring.State) error { return s.Remove(ring.IDOf(former)) })
	w.change(func(s *ring.State) error { return s.Remove(ring.IDOf(owner)) })
	w.rounds(10)
	w.reap(1)
	w.pass(time.Hour)
	w.back(former)
	w.rounds(8)
	w.requireGone(key)
}

func TestMover_StrayWriteWithOneOwnerDown_ReachesTheOthers(t *testing.T) {
	w := newMoving(t, 32, "A", "B", "C")
	w.fill(300, 10)
	before := w.ring.Load()
	for _, name := range []string{"D", "E", "F"} {
		w.join(name)
	}
	for i := 0; w.ring.Load().InTransition(); i++ {
		for name := range w.nodes {
			w.round(name)
		}
		if i > 10 {
			t.Fatal("the newcomers do not get what they gain")
		}
	}
	now := w.ring.Load()
	for i := range 300 {
		key := fmt.Sprint("key:", i)
		p := now.PartitionOf([]byte(key))
		holders := before.Primaries(p)
		var former, fresh []ring.NodeID
		for _, id := range holders {
			if !now.IsPrimary(id, p) {
				former = append(former, id)
			}
		}
		for _, id := range now.Primaries(p) {
			if !slices.Contains(holders, id) {
				fresh = append(fresh, id)
			}
		}
		if len(former) < 2 || former[0] != holders[0] {
			continue
		}
		down := now.Name(fresh[0])
		w.set(key, "acknowledged", before, func(id ring.NodeID) bool { return id == former[1] }) // W=2
		w.setDown(down, true)
		w.rounds(5)
		for _, id := range now.Primaries(p) {
			if n := w.byID(id); n.name != down && n.value(key) != "acknowledged" {
				t.Errorf("%s of partition %d: %s has %q, though all but %s are up", key, p, n.name, n.value(key), down)
			}
		}
		return
	}
	t.Fatal("no partition changed two of its holders, the first among them")
}

func TestMover_LongAway_WaitsForTheRingOfHalfOfTheOthers(t *testing.T) {
	w := newMoving(t, 16, "A", "B", "C")
	w.rounds(1)
	synctest.Test(t, func(t *testing.T) {
		m := w.nodes["A"].mover
		await := func() (took time.Duration) {
			began := time.Now()
			if err := m.AwaitRing(t.Context()); err != nil {
				t.Fatal(err)
			}
			return time.Since(began)
		}
		w.setDown("B", true)
		w.setDown("C", true)
		if took := await(); took != 0 {
			t.Errorf("waited %v though it was never away", took)
		}
		w.pass(9*day + 2*time.Hour)
		time.AfterFunc(5*time.Second, func() { w.setDown("C", false) })
		if took := await(); took < 5*time.Second || took > 6*time.Second {
			t.Errorf("waited %v, want until C answers, after 5 s", took)
		}
	})
}
