package handoff

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/sim/poll"
	"github.com/quorate/quorate/cluster/testcluster"
)

const day = 24 * time.Hour

// del deletes a key at each of its primaries that is up.
func (w *moving) del(key string) {
	w.tb.Helper()
	var tombstone []byte
	view := w.Ring()
	for _, id := range view.Primaries(view.PartitionOf([]byte(key))) {
		switch n := w.byID(id); {
		case !n.Available(id):
		case tombstone == nil:
			tombstone = n.Delete(key)
		default:
			n.Merge(key, tombstone)
		}
	}
}

// reap passes time until the members have reaped that number of tombstones.
func (w *moving) reap(tombstones int64) {
	w.tb.Helper()
	ctx, cancel := context.WithCancel(w.tb.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	var reapers []*antientropy.Reaper
	for _, m := range w.Ring().Members() {
		n := w.nodes[m.Name]
		r := antientropy.NewReaper(antientropy.ReapConfig{
			Self: n.ID, Ring: w.Ring, Exchanger: n.exchanger, Available: n.Available, Now: w.Now, Monotonic: w.Now, Tick: time.Millisecond,
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
		w.Pass(30 * time.Second)
	}
}

func (w *moving) requireGone(keys ...string) {
	w.tb.Helper()
	for _, key := range keys {
		w.requireEverywhere(key, "")
	}
}

// syncWith makes a node's partitions equal to those of one other primary.
func (w *moving) syncWith(n *movingNode, name string) {
	w.tb.Helper()
	view, other := w.Ring(), ring.IDOf(name)
	for p := range ring.Partition(view.Partitions()) {
		if view.IsPrimary(n.ID, p) && view.IsPrimary(other, p) {
			if _, err := n.exchanger.Transfer(w.tb.Context(), other, p); err != nil {
				w.tb.Fatalf("sync partition %d of %s with %s: %v", p, n.Name, name, err)
			}
		}
	}
}

func TestMover_RemovedAndLongAway_KeepsItsDataToItself(t *testing.T) {
	w := newMoving(t, 16, "A", "B", "C", "D")
	w.Fill(100, 10)
	w.rounds(1) // all see each other
	w.remove("D")
	w.rounds(8)
	for _, test := range []struct {
		away time.Duration
		want error
	}{{11 * 24 * time.Hour, ErrStale}, {-10 * 24 * time.Hour, nil}} {
		w.Pass(test.away)
		d := w.back("D")
		if err := d.mover.round(t.Context()); !errors.Is(err, test.want) {
			t.Fatalf("after %v: %v", test.away, err)
		}
		if d.mover.Drained() {
			t.Fatal("what it holds is not with others")
		}
	}
	w.rounds(8)
	w.requireSettled(100)
}

func TestMover_BackForAMomentThenRemoved_BringsNothingBack(t *testing.T) {
	w := newMoving(t, 16, "A", "B", "C", "D")
	w.Fill(100, 10)
	w.rounds(1)
	w.SetDown("D", true)
	w.Pass(time.Minute)
	var deleted []string
	for i := range 100 {
		deleted = append(deleted, fmt.Sprint("key:", i))
		w.del(deleted[i])
	}
	w.Pass(8 * day)
	w.back("D")
	w.round("D") // anti-entropy has not come to it yet
	w.remove("D")
	w.rounds(8)
	w.Pass(4 * day)
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
	w.Fill(100, 10)
	w.rounds(1)
	w.SetDown("D", true)
	for i := range 100 {
		w.Write(w.Ring(), fmt.Sprint("key:", i), "new", testcluster.Except("D"))
	}
	w.Pass(2 * day)
	d := w.back("D")
	w.SetDown("A", true) // a member that is down is not waited for
	w.round("D")
	if !d.mover.inSync.at.Before(w.Now().Add(-day)) {
		t.Fatal("renewed before it was up to date")
	}
	began := w.Now()
	w.Pass(day) // what was seen equal before may have changed since
	w.syncWith(d, "B")
	w.syncWith(d, "C")
	if w.round("D"); !d.mover.inSync.at.Equal(began) {
		t.Errorf("compared from %v on, the last time in sync is %v", began, d.mover.inSync.at)
	}
}

func TestMover_LeftoverOfARemovedNode_BringsNothingBack(t *testing.T) {
	w := newMoving(t, 16, "A", "B", "C", "D")
	w.Fill(200, 10)
	before := w.Ring()
	w.join("E")
	w.flip()
	// A key, who held it and does no more, and one who has held it all the time.
	view := w.Ring()
	var key, former, owner string
	for i := 0; key == ""; i++ {
		k := fmt.Sprint("key:", i)
		p := view.PartitionOf([]byte(k))
		for _, id := range before.Primaries(p) {
			if !view.IsPrimary(id, p) {
				key, former = k, view.Name(id)
			} else {
				owner = view.Name(id)
			}
		}
	}
	w.SetDown(owner, true) // so that the former holder keeps its copy
	w.rounds(8)
	if w.nodes[former].Value(key) == "" {
		t.Fatalf("%s dropped a partition though one owner does not answer", former)
	}
	w.Pass(day)
	w.del(key)
	for range 11 {
		w.Pass(day)
		w.rounds(1)
	}
	w.remove(former)
	w.remove(owner)
	w.rounds(10)
	w.reap(1)
	w.Pass(time.Hour)
	w.back(former)
	w.rounds(8)
	w.requireGone(key)
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
		w.SetDown("B", true)
		w.SetDown("C", true)
		if took := await(); took != 0 {
			t.Errorf("waited %v though it was never away", took)
		}
		w.Pass(9*day + 2*time.Hour)
		time.AfterFunc(5*time.Second, func() { w.SetDown("C", false) })
		if took := await(); took < 5*time.Second || took > 6*time.Second {
			t.Errorf("waited %v, want until C answers, after 5 s", took)
		}
	})
}

// A founder, whose data directory the others do not know, joins again with all that it
// has, long after it was removed: what it gains it does not make equal with the others'.
func TestMover_RemovedThenJoinsLongAfter_BringsNothingBack(t *testing.T) {
	w := newMoving(t, 16, "A", "B", "C", "D")
	w.Fill(100, 10)
	w.rounds(1)
	w.remove("D")
	w.rounds(8)
	var deleted []string
	for i := range 100 {
		deleted = append(deleted, fmt.Sprint("key:", i))
		w.del(deleted[i])
	}
	w.Pass(11 * day)
	w.reap(100)
	d := w.back("D")
	w.Change(func(s *ring.State) error {
		return s.Join(ring.Member{ID: d.ID, Name: d.Name, Instance: "not known before"})
	})
	w.rounds(8)
	w.requireGone(deleted...)
	if err := d.mover.Progress().LastError; !errors.Is(err, ErrStale) {
		t.Errorf("D does not say why it gains nothing: %v", err)
	}
}

// A node whose disk is full sees all members every day and takes none of their deletions.
func TestMover_DiskFullForTheGraceThenRemoved_BringsNothingBack(t *testing.T) {
	for name, everInSync := range map[string]bool{"in sync before": true, "never in sync": false} {
		t.Run(name, func(t *testing.T) {
			w := newMoving(t, 16, "A", "B", "C", "D")
			w.Fill(100, 10)
			if everInSync {
				w.rounds(1)
			}
			d := w.nodes["D"]
			d.Disk.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 1 << 20, TotalBytes: 1 << 40})
			poll.Until(t, "the disk of D to be full", func() bool { return d.Store.Health() != nil })
			w.SetDown("D", true) // it would refuse them
			var deleted []string
			for i := range 100 {
				deleted = append(deleted, fmt.Sprint("key:", i))
				w.del(deleted[i])
			}
			w.SetDown("D", false)
			for range 11 * 4 {
				w.Pass(day / 4)
				w.rounds(1)
			}
			w.remove("D")
			w.rounds(8)
			w.reap(100)
			d.Disk.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 1 << 39, TotalBytes: 1 << 40})
			d = w.back("D")
			w.rounds(8)
			w.requireGone(deleted...)
			if err := d.mover.Progress().LastError; !errors.Is(err, ErrStale) {
				t.Errorf("D does not say why it keeps what it has: %v", err)
			}
		})
	}
}
