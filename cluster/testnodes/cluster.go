package testnodes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/membership"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/peer/fault"
	"github.com/quorate/quorate/cluster/sim/poll"
	"github.com/quorate/quorate/engine"
)

const startTimeout = 20 * time.Second

// Cluster is the nodes of one test. Its methods may be called from any goroutine.
type Cluster struct {
	Links *fault.Links // of every node that is configured from now on; nil: none

	tb testing.TB
	mu sync.Mutex
	// running has the nodes that were started and neither killed nor have left.
	running map[string]*Node
}

// New makes a cluster without nodes. All nodes that run when the test ends are stopped.
func New(tb testing.TB) *Cluster {
	c := &Cluster{tb: tb, running: make(map[string]*Node)}
	tb.Cleanup(func() {
		for _, n := range c.All() {
			n.stop()
		}
		for _, n := range c.All() {
			if err := <-n.done; err != nil && !errors.Is(err, cluster.ErrCrashed) && !errors.Is(err, membership.ErrLeft) {
				tb.Errorf("node %s ended with %v", n.Config.Name, err)
			}
		}
	})
	return c
}

// Config returns the configuration of a fresh node, on an empty disk, that joins the
// nodes that run. The first node founds the cluster.
func (c *Cluster) Config(name string) cluster.Config {
	cfg := cluster.Config{
		Name: name, GossipProfile: "local",
		ClientAddr: "127.0.0.1:1", AdminAddr: "127.0.0.1:2", Partitions: 64,
		Store:  engine.Options{Dir: "data", FS: vfs.NewCrashableMem(), CacheBytes: 8 << 20, MemtableBytes: 4 << 20},
		Logger: logger(name), Links: c.Links,
	}
	for _, n := range c.All() {
		cfg.Join = append(cfg.Join, n.Config.AdvertisePeerAddr)
	}
	return cfg
}

// logger shows what nodes log if QUORATE_TEST_LOG is set.
func logger(name string) *slog.Logger {
	if os.Getenv("QUORATE_TEST_LOG") == "" {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})).With("self", name)
}

// Make makes a node that listens where its configuration says that it is reached, or on a
// port that is free. The caller must run it.
func (c *Cluster) Make(cfg cluster.Config) *cluster.Node {
	c.tb.Helper()
	sockets, err := peer.Bind(cmp.Or(cfg.AdvertisePeerAddr, "127.0.0.1:0"))
	if err != nil {
		c.tb.Fatalf("node %s: %v", cfg.Name, err)
	}
	n, err := cluster.New(cfg, sockets)
	if err != nil {
		c.tb.Fatalf("node %s: %v", cfg.Name, err)
	}
	return n
}

// Start runs a node and waits until it is ready.
func (c *Cluster) Start(cfg cluster.Config) *Node {
	c.tb.Helper()
	n := c.Make(cfg)
	cfg.AdvertisePeerAddr = n.Channel().Addr() // the same again after a restart
	ctx, stop := context.WithCancel(context.Background())
	started := newNode(c, n, cfg, stop)
	go func() { started.done <- n.Run(ctx) }()
	c.mu.Lock()
	c.running[cfg.Name] = started
	c.mu.Unlock()
	select {
	case <-n.Ready():
	case err := <-started.done:
		started.done <- err
		c.tb.Fatalf("node %s ended with %v", cfg.Name, err)
	case <-time.After(startTimeout):
		c.tb.Fatalf("node %s is not ready after %v", cfg.Name, startTimeout)
	}
	return started
}

// Grow starts fresh nodes one after another, and waits until all nodes share one ring
// at rest.
func (c *Cluster) Grow(names ...string) {
	c.tb.Helper()
	for _, name := range names {
		c.Start(c.Config(name))
	}
	c.Settle()
}

// Settle waits until all nodes that run are the members of one ring at rest, and see each
// other alive.
func (c *Cluster) Settle() {
	c.tb.Helper()
	all := c.All()
	c.Eventually(fmt.Sprintf("a ring of %d at rest everywhere", len(all)), func() bool {
		digests := make(map[uint64]bool)
		for _, n := range all {
			view := n.Ring()
			if view.InTransition() || view.Unconfirmed() || view.Seated() != len(all) {
				return false
			}
			digests[view.Digest()] = true
			for _, other := range all {
				if !n.Alive(other.ID()) {
					return false
				}
			}
		}
		return len(digests) == 1
	})
}

// Eventually waits until something holds.
func (c *Cluster) Eventually(what string, holds func() bool) {
	c.tb.Helper()
	poll.Until(c.tb, what, holds)
}

// Node returns the node of that name that runs, or nil.
func (c *Cluster) Node(name string) *Node {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.running[name]
}

// All returns the nodes that run, in the order of their names.
func (c *Cluster) All() (all []*Node) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(c.running)) {
		all = append(all, c.running[name])
	}
	return all
}

// Crash kills a node as a loss of power does, and returns the configuration with which it
// starts again on what its disk had synced.
func (c *Cluster) Crash(name string) cluster.Config {
	c.tb.Helper()
	n := c.Node(name)
	n.Crash()
	if err := <-n.done; !errors.Is(err, cluster.ErrCrashed) {
		c.tb.Errorf("node %s was killed and ended with %v", name, err)
	}
	return c.ended(n)
}

// Stop ends a node in good order, and returns its configuration, which starts it again.
func (c *Cluster) Stop(name string) cluster.Config {
	c.tb.Helper()
	n := c.Node(name)
	n.stop()
	if err := <-n.done; err != nil {
		c.tb.Errorf("node %s was stopped and ended with %v", name, err)
	}
	return c.ended(n)
}

// AwaitLeft waits until a node has left the ring and ended, and returns its
// configuration.
func (c *Cluster) AwaitLeft(name string) cluster.Config {
	c.tb.Helper()
	n := c.Node(name)
	if err := <-n.done; !errors.Is(err, membership.ErrLeft) {
		c.tb.Fatalf("node %s was to leave and ended with %v", name, err)
	}
	return c.ended(n)
}

func (c *Cluster) ended(n *Node) cluster.Config {
	n.stop()
	c.mu.Lock()
	delete(c.running, n.Config.Name)
	c.mu.Unlock()
	cfg := n.Config
	cfg.Store.FS = cfg.Store.FS.(*vfs.MemFS).CrashClone(vfs.CrashCloneCfg{})
	return cfg
}

// Identical reports whether the primaries of every partition hold the same.
func (c *Cluster) Identical() bool {
	roots := make(map[ring.NodeID][]uint64)
	var view *ring.Ring
	for _, n := range c.All() {
		roots[n.ID()] = n.Store().Merkle().Roots(nil)
		view = n.Ring()
	}
	for p := range ring.Partition(view.Partitions()) {
		first := view.Primaries(p)[0]
		for _, id := range view.Primaries(p) {
			if roots[id][p] != roots[first][p] {
				return false
			}
		}
	}
	return true
}

// Delivered reports whether no node keeps a hint.
func (c *Cluster) Delivered() bool {
	for _, n := range c.All() {
		if len(n.Store().Hints().Targets()) > 0 {
			return false
		}
	}
	return true
}

// Split cuts all links between two groups of nodes, and waits until both know: a
// request sent before may be carried out after the cut, as on any network.
func (c *Cluster) Split(one, other []string) {
	c.tb.Helper()
	var faults []fault.Link
	for _, a := range one {
		for _, b := range other {
			from, to := c.Node(a).Config.AdvertisePeerAddr, c.Node(b).Config.AdvertisePeerAddr
			faults = append(faults, fault.Link{From: from, To: to, Cut: true}, fault.Link{From: to, To: from, Cut: true})
		}
	}
	c.SetLinks(faults...)
	c.Eventually("the split to be noticed", func() bool {
		for _, a := range one {
			for _, b := range other {
				if c.Node(a).Alive(c.Node(b).ID()) || c.Node(b).Alive(c.Node(a).ID()) {
					return false
				}
			}
		}
		return true
	})
}

// SetLinks makes the given links faulty, and all others sound.
func (c *Cluster) SetLinks(faults ...fault.Link) {
	c.tb.Helper()
	if err := c.Links.Set(faults); err != nil {
		c.tb.Fatalf("set links: %v", err)
	}
}
