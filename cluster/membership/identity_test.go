package membership

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

func errorsIs(err error, all ...error) bool {
	return !slices.ContainsFunc(all, func(target error) bool { return !errors.Is(err, target) })
}

// restart starts a node again on a disk.
func (w *world) restart(t *testing.T, n *node, d *disk) *node {
	t.Helper()
	w.stop(n)
	again := w.addAt(t, n.Name(), n.cfg.Self.PeerAddr, d, nil)
	again.bootstrap(t, Loaded)
	return again
}

func TestBootstrap_DiskPutBack_IsNoticedAtTheStart(t *testing.T) {
	w, nodes := trio(t)
	a, b := nodes[0], nodes[1]
	backup := b.disk.clone()
	b = w.restart(t, b, b.disk)
	agree(t, nodes[0], b, nodes[2])
	if len(b.unknown) > 0 {
		t.Fatalf("a plain restart is taken for a disk that is older: %v", b.unknown)
	}
	later := b.cfg.Incarnation
	b = w.restart(t, b, backup.clone())
	if !slices.Equal(b.unknown, []ring.Incarnation{later}) {
		t.Fatalf("unknown starts %v, want %d", b.unknown, later)
	}
	// Whoever restarts again knows of that start now.
	again := w.restart(t, b, b.disk)
	if len(again.unknown) > 0 {
		t.Errorf("noticed again: %v", again.unknown)
	}
	// The others are silent at the start; the news comes later.
	w.down["A:7"], w.down["C:7"] = true, true
	late := w.restart(t, again, backup.clone())
	if len(late.unknown) > 0 {
		t.Fatal("it knows without having been told")
	}
	clear(w.down)
	late.disseminator.Exchange(a.id)
	late.work(t)
	if len(late.unknown) == 0 || late.failed != nil {
		t.Errorf("unknown %v, failed %v", late.unknown, late.failed)
	}
}

// A node that has said that it holds all that it gains takes that back when its disk turns
// out to be older: what it gained may not be on this one.
func TestBootstrap_DiskPutBackWhileTheNodeGains_IsNotDoneAnyMore(t *testing.T) {
	for name, silent := range map[string]bool{"noticed at the start": false, "noticed later": true} {
		t.Run(name, func(t *testing.T) {
			w, nodes := trio(t)
			join := func(s *Start) { s.Join = []string{"A:7"} }
			d, e := w.add(t, "D", newDisk(), join), w.add(t, "E", newDisk(), join)
			d.bootstrap(t, Joined)
			e.bootstrap(t, Joined) // it is never done
			all := append(nodes[:], d, e)
			agree(t, all...)
			backup := d.disk.clone()
			d = w.restart(t, d, d.disk)
			all[3] = d
			agree(t, all...)
			if err := d.MarkDone(d.Ring().Target()); err != nil {
				t.Fatal(err)
			}
			agree(t, all...)
			if slices.Contains(nodes[0].Ring().Pending(), d.id) {
				t.Fatal("it is not done")
			}
			for _, other := range []*node{nodes[0], nodes[1], nodes[2], e} {
				w.down[other.cfg.Self.PeerAddr] = silent
			}
			all[3] = w.restart(t, d, backup)
			clear(w.down)
			agree(t, all...)
			if !slices.Contains(nodes[0].Ring().Pending(), d.id) {
				t.Error("it is still done, on a disk that does not have what it gained")
			}
		})
	}
}

func TestBootstrap_DiskPutBackFromBeforeTheGrace_DoesNotStart(t *testing.T) {
	w, nodes := trio(t)
	b := nodes[1]
	backup := b.disk.clone()
	b = w.restart(t, b, b.disk)
	agree(t, nodes[0], b, nodes[2])
	w.stop(b)
	for range 2 { // it is not forgotten by trying again
		again := w.add(t, "B", backup, nil)
		again.stale = ErrOutdated
		if _, err := again.Bootstrap(t.Context()); !errors.Is(err, ErrOutdated) {
			t.Fatal(err)
		}
		w.stop(again)
	}
}

// TestBootstrap_CloneBesideTheOriginal_IsRefused: at another address, on a copy of the
// disk as it is, or as it was some starts ago.
func TestBootstrap_CloneBesideTheOriginal_IsRefused(t *testing.T) {
	for name, older := range map[string]bool{"as it is": false, "some starts ago": true} {
		t.Run(name, func(t *testing.T) {
			w, nodes := trio(t)
			b := nodes[1]
			copied := b.disk.clone()
			if older {
				b = w.restart(t, b, b.disk)
				agree(t, nodes[0], b, nodes[2])
			}
			before := nodes[0].state.Digest()
			twin := w.addAt(t, "B", "elsewhere:7", copied, nil)
			if _, err := twin.Bootstrap(t.Context()); !errors.Is(err, ErrTwin) {
				t.Fatalf("the clone starts: %v", err)
			}
			if b.failed != nil || nodes[0].state.Digest() != before {
				t.Errorf("the original ends with %v, the ring is %x, was %x", b.failed, nodes[0].state.Digest(), before)
			}
		})
	}
}

// TestSearch_TwoLivingProcesses_TheLaterOneEnds: the original was frozen, or cut off, when
// the other one started.
func TestSearch_TwoLivingProcesses_TheLaterOneEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, nodes := trio(t)
		b := nodes[1]
		time.Sleep(time.Minute)
		w.down["B:7"] = true
		twin := w.addAt(t, "B", "elsewhere:7", b.disk.clone(), nil)
		twin.bootstrap(t, Loaded)
		agree(t, nodes[0], twin, nodes[2])
		time.Sleep(time.Minute)
		delete(w.down, "B:7")
		b.disseminator.Exchange(nodes[0].id)
		b.work(t)
		b.lookOnce(t)
		if !errors.Is(twin.failed, ErrTwin) || b.failed != nil {
			t.Fatalf("the later process ends with %v, the earlier one with %v", twin.failed, b.failed)
		}
		if len(b.unknown) == 0 {
			t.Error("the earlier one does not know that the other took writes in its place")
		}
		w.stop(twin)
		agree(t, nodes[:]...)
		if got := nodes[0].peers[b.id]; got != "B:7" {
			t.Errorf("A has B at %s", got)
		}
	})
}

func TestYields_OneOfTwo(t *testing.T) {
	i := func(starting bool, uptime int64, incarnation uint64) process {
		return process{Starting: starting, UptimeMillis: uptime, Incarnation: incarnation}
	}
	for _, pair := range [][2]process{ // the first one ends
		{i(true, 9, 1), i(false, 1, 2)}, {i(false, 1, 1), i(false, 9, 2)}, {i(false, 5, 2), i(false, 5, 1)}, {i(true, 1, 1), i(true, 2, 2)},
	} {
		if !yields(pair[0], pair[1]) || yields(pair[1], pair[0]) {
			t.Errorf("of %+v and %+v the wrong one ends, or both, or none", pair[0], pair[1])
		}
	}
}

func TestReplace_LostDisk_TakesThePlaceInOneStep(t *testing.T) {
	w, nodes := trio(t)
	b := nodes[1]
	fresh := func(replace bool) *node {
		return w.addAs(t, "B", newDisk(), func(c *Config) {
			c.Start.Join, c.Start.Replace, c.Self.Instance = []string{"A:7"}, replace, "another disk"
		})
	}
	// While B answers, nobody takes its place.
	impostor := fresh(true)
	w.nodes["B:7"] = b
	if _, err := impostor.Bootstrap(t.Context()); err == nil {
		t.Fatal("the place of a living member is taken")
	}
	w.stop(b)
	if _, err := fresh(false).Bootstrap(t.Context()); !errors.Is(err, ring.ErrNameTaken) {
		t.Fatalf("without --replace: %v", err)
	}
	n := fresh(true)
	n.bootstrap(t, Joined)
	if self, _ := n.Ring().Member(n.id); self.Status != ring.Up || n.Ring().InTransition() || !n.lost {
		t.Errorf("it is %s, in transition %v, marked as lost %v", self.Status, n.Ring().InTransition(), n.lost)
	}
	if !slices.Contains(n.past, b.cfg.Incarnation) {
		t.Errorf("it outgrew %v, not start %d of the old one", n.past, b.cfg.Incarnation)
	}
	agree(t, nodes[0], n, nodes[2])
	// The old disk does not come back.
	w.stop(n)
	old := w.add(t, "B", b.disk, nil)
	if _, err := old.Bootstrap(t.Context()); !errors.Is(err, ErrReplaced) {
		t.Errorf("the replaced one starts: %v", err)
	}
}

func TestVacate_LetsAFreshNodeOfTheNameJoin(t *testing.T) {
	w, nodes := trio(t)
	if err := nodes[0].changes.Vacate(t.Context(), nodes[1].id); !errors.Is(err, ErrMemberUp) {
		t.Errorf("of a living member: %v", err)
	}
	w.stop(nodes[1])
	if err := nodes[0].changes.Vacate(t.Context(), nodes[1].id); err != nil {
		t.Fatal(err)
	}
	n := w.addAs(t, "B", newDisk(), func(c *Config) { c.Start.Join, c.Self.Instance = []string{"A:7"}, "another disk" })
	n.bootstrap(t, Joined)
	if self, _ := n.Ring().Member(n.id); self.Status != ring.Up || !n.lost {
		t.Errorf("it is %s, marked as lost %v", self.Status, n.lost)
	}
}

func TestBootstrap_SeedLostItsDisk_FoundsNoSecondCluster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newWorld().add(t, "A", newDisk(), func(s *Start) { s.FoundAfter = 4 * time.Second })
		time.AfterFunc(3*time.Second, func() { n.Called(Caller{Name: "B", Cluster: "c"}) })
		if _, err := n.Bootstrap(t.Context()); !errors.Is(err, ErrNamed) || n.Ring() != nil {
			t.Errorf("it founds: %v", err)
		}
		n.bootstrap(t, Founded) // nobody calls
	})
}
