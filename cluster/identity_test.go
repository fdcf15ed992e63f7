package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/membership"
	"github.com/quorate/quorate/cluster/testnodes"
	"github.com/quorate/quorate/engine"
)

// copyOf returns a copy of a disk as it is now.
func copyOf(disk vfs.FS) *vfs.MemFS {
	return disk.(*vfs.MemFS).CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 1))})
}

// backUp restarts a node. It returns a copy of the disk from while the node was stopped.
func backUp(w *testnodes.Cluster, node string) *vfs.MemFS {
	cfg := w.Stop(node)
	backup := copyOf(cfg.Store.FS)
	w.Start(cfg)
	return backup
}

// setAll writes a value to the keys k0, k1 and so on.
func setAll(n *testnodes.Node, keys int, value string) {
	for i := range keys {
		n.MustSet(fmt.Sprint("k", i), value)
	}
}

// requireAll reads the keys through every node.
func requireAll(w *testnodes.Cluster, keys int, want string) {
	for i := range keys {
		for _, n := range w.All() {
			n.Require(fmt.Sprint("k", i), want)
		}
	}
}

func upToDate(n *testnodes.Node) func() bool {
	return func() bool { return !n.Store().DiskLoss().Unrepaired() }
}

func TestCluster_DirectoryPutBack_NoAcknowledgedWriteIsLost(t *testing.T) {
	w := testnodes.New(t)
	w.Grow("A", "B", "C")
	const keys = 200
	setAll(w.Node("B"), keys, "old")
	backup := backUp(w, "B")
	setAll(w.Node("B"), keys, "mid")
	setAll(w.Node("B"), keys, "mid2")
	cfg := w.Stop("B")
	cfg.Store.FS = backup
	b := w.Start(cfg)
	setAll(b, keys, "new")
	// The directory did not know of "mid2", so that stays beside the new value.
	requireNew := func() {
		t.Helper()
		for i := range keys {
			for _, n := range w.All() {
				values, err := n.Get(fmt.Sprint("k", i))
				if err != nil || !slices.Contains(values, "new") || slices.Contains(values, "old") || slices.Contains(values, "mid") {
					t.Fatalf("k%d through %s: %q, %v", i, n.Name(), values, err)
				}
			}
		}
	}
	requireNew()
	w.Eventually("the node to be up to date", upToDate(b))
	w.Eventually("all replicas to be identical", w.Identical)
	requireNew()
}

// Until it is up to date, what a directory that was put back holds is no answer: one such
// node and one that missed the write would else be a quorum.
func TestCluster_DirectoryPutBack_ItsOldValuesAreNoAnswers(t *testing.T) {
	w := testnodes.New(t)
	w.Grow("A", "B", "C")
	const keys = 100
	setAll(w.Node("B"), keys, "old")
	backup := backUp(w, "B")
	w.Settle()
	setAll(w.Node("A"), keys, "new")
	w.Eventually("all replicas to be identical", w.Identical)
	cfg := w.Stop("B")
	cfg.Store.FS, cfg.AntiEntropyRate, cfg.AntiEntropyInterval = backup, 1, time.Hour // it stays as it is
	b := w.Start(cfg)
	if doubt := b.Store().DiskLoss().Doubt(); doubt != engine.Outdated {
		t.Errorf("the doubt about its data is %q", doubt)
	}
	requireAll(w, keys, "new")
}

// A copy from before the tombstone grace has values whose deletion nobody remembers.
func TestCluster_DirectoryPutBackFromBeforeTheGrace_DoesNotStart(t *testing.T) {
	w := testnodes.New(t)
	w.Grow("A", "B", "C")
	w.Node("A").MustSet("k", "v")
	w.Eventually("it to be in sync", func() bool {
		data, err := w.Node("B").Store().State().Load("handoff-contact")
		return err == nil && len(data) > 0
	})
	backup := backUp(w, "B")
	w.Settle()
	cfg := w.Stop("B")
	cfg.Store.FS = backup
	cfg.Now = func() time.Time { return time.Now().Add(cluster.DefaultTombstoneGrace) }
	again := w.Make(cfg)
	if err := again.Run(t.Context()); !errors.Is(err, membership.ErrOutdated) {
		t.Fatalf("it ended with %v", err)
	}
}

func TestCluster_NodeAtAnotherAddress_IsFoundAtOnce(t *testing.T) {
	w := testnodes.New(t)
	w.Grow("A", "B", "C")
	cfg := w.Stop("C")
	before := cfg.AdvertisePeerAddr
	cfg.AdvertisePeerAddr, cfg.Join = "", nil
	if c := w.Start(cfg); c.Config.AdvertisePeerAddr == before {
		t.Fatalf("the kernel gave the node its old address %s", before)
	}
	w.Settle()
}

func TestCluster_AllMoved_MeetWhereJoinSays(t *testing.T) {
	w := testnodes.New(t)
	w.Grow("A", "B", "C")
	w.Node("A").MustSet("k", "v")
	var all []cluster.Config
	for _, name := range []string{"A", "B", "C"} {
		all = append(all, w.Stop(name))
	}
	var places []string
	for _, cfg := range all {
		cfg.AdvertisePeerAddr, cfg.Join = "", places
		places = append(places, w.Start(cfg).Config.AdvertisePeerAddr)
	}
	w.Settle()
	for _, n := range w.All() {
		n.Require("k", "v")
	}
}

func TestCluster_CloneBesideTheOriginal_IsRefusedAndTheOriginalServes(t *testing.T) {
	w := testnodes.New(t)
	w.Grow("A", "B", "C")
	b := w.Node("B")
	cfg := b.Config
	cfg.Store.FS, cfg.AdvertisePeerAddr = copyOf(cfg.Store.FS), ""
	clone := w.Make(cfg)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := clone.Run(ctx); !errors.Is(err, membership.ErrTwin) {
		t.Fatalf("the clone ended with %v", err)
	}
	b.MustSet("k", "v")
	w.Settle()
	w.Node("A").Require("k", "v")
}

// awaitDown waits until others know that a node is down: until then they refuse to replace it.
func awaitDown(w *testnodes.Cluster, name string, others ...string) {
	id := ring.IDOf(name)
	w.Eventually(name+" to be seen down", func() bool {
		return !slices.ContainsFunc(others, func(other string) bool { return w.Node(other).Alive(id) })
	})
}

func TestCluster_Replace_FillsAFreshDiskUnderTheDeadNodesName(t *testing.T) {
	w := testnodes.New(t)
	w.Grow("A", "B", "C")
	const keys = 200
	setAll(w.Node("A"), keys, "v")
	w.Eventually("all replicas to be identical", w.Identical)
	w.Crash("B")
	awaitDown(w, "B", "A", "C")
	cfg := w.Config("B")
	cfg.Replace = true
	b := w.Start(cfg)
	requireAll(w, keys, "v")
	w.Settle()
	w.Eventually("it to be filled", upToDate(b))
	w.Eventually("all replicas to be identical", w.Identical)
}

func TestCluster_SeedLostItsDisk_FoundsNoSecondCluster(t *testing.T) {
	w := testnodes.New(t)
	w.Grow("A", "B")
	old := w.Crash("A")
	cfg := w.Config("A")
	join := cfg.Join
	cfg.AdvertisePeerAddr, cfg.Join, cfg.FoundAfter = old.AdvertisePeerAddr, nil, 20*time.Second
	again := w.Make(cfg)
	if err := again.Run(t.Context()); !errors.Is(err, membership.ErrNamed) {
		t.Fatalf("it ended with %v", err)
	}
	awaitDown(w, "A", "B")
	cfg.Join, cfg.Replace = join, true
	w.Start(cfg)
	w.Settle()
}
