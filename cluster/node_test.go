package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/coverage"
	"github.com/quorate/quorate/cluster/membership"
	"github.com/quorate/quorate/cluster/peer/fault"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/cluster/sim/poll"
	"github.com/quorate/quorate/engine"
)

// world is a cluster of real nodes in this process, on loopback sockets and
// disks in memory that survive a crash as far as they were synced.
type world struct {
	t     testing.TB
	nodes map[string]*running
	links *fault.Links // of every node that starts from now on
}

type running struct {
	*Node
	*membership.Membership
	*replica.Coordinator
	*coverage.Reader
	cfg  Config
	stop context.CancelFunc
	done chan error
}

func (r *running) Name() string { return r.cfg.Name }

func newWorld(t testing.TB) *world {
	w := &world{t: t, nodes: make(map[string]*running)}
	t.Cleanup(func() {
		for _, r := range w.nodes {
			r.stop()
		}
		for name, r := range w.nodes {
			if err := <-r.done; err != nil && !errors.Is(err, ErrCrashed) && !errors.Is(err, membership.ErrLeft) {
				t.Errorf("node %s ended with %v", name, err)
			}
		}
	})
	return w
}

func testLogger(name string) *slog.Logger {
	if os.Getenv("QUORATE_TEST_LOG") == "" {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})).With("self", name)
}

func (w *world) config(name string) Config {
	return Config{
		Name: name, PeerAddr: "127.0.0.1:0", GossipProfile: "local",
		ClientAddr: "127.0.0.1:1", AdminAddr: "127.0.0.1:2", Partitions: 64,
		Store:  engine.Options{Dir: "data", FS: vfs.NewMem(), CacheBytes: 8 << 20, MemtableBytes: 4 << 20},
		Logger: testLogger(name), Links: w.links,
	}
}

// start runs a node and waits until it is ready.
func (w *world) start(cfg Config) *running {
	w.t.Helper()
	n, err := New(cfg)
	if err != nil {
		w.t.Fatalf("node %s: %v", cfg.Name, err)
	}
	cfg.PeerAddr = n.Channel().Addr() // the same again after a restart
	ctx, stop := context.WithCancel(context.Background())
	r := &running{Node: n, Membership: n.membership, Coordinator: n.coordinator, Reader: n.coverage, cfg: cfg, stop: stop, done: make(chan error, 1)}
	go func() { r.done <- n.Run(ctx) }()
	w.nodes[cfg.Name] = r
	select {
	case <-n.Ready():
	case err := <-r.done:
		r.done <- err
		w.t.Fatalf("node %s ended with %v", cfg.Name, err)
	case <-time.After(20 * time.Second):
		w.t.Fatalf("node %s is not ready", cfg.Name)
	}
	return r
}

// grow starts nodes that join one after another, and waits until they all share
// the ring.
func (w *world) grow(names ...string) {
	w.t.Helper()
	for _, name := range names {
		cfg := w.config(name)
		for _, r := range w.nodes {
			cfg.Join = append(cfg.Join, r.Channel().Addr())
		}
		w.start(cfg)
	}
	w.settled(len(w.nodes))
}

// settled waits until every running node sees n members on one ring at rest.
func (w *world) settled(n int) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("a ring of %d at rest everywhere", n), func() bool {
		digests := make(map[uint64]bool)
		for _, r := range w.nodes {
			now := r.Ring()
			if now.InTransition() || now.Seated() != n {
				return false
			}
			digests[now.Digest()] = true
		}
		return len(digests) == 1
	})
}

func (w *world) eventually(what string, holds func() bool) {
	w.t.Helper()
	poll.Until(w.t, what, holds)
}

func (w *world) crash(name string) {
	w.t.Helper()
	r := w.nodes[name]
	r.Crash()
	if err := <-r.done; !errors.Is(err, ErrCrashed) {
		w.t.Fatalf("crash of %s: %v", name, err)
	}
	r.stop()
	delete(w.nodes, name)
}

func set(n *running, key, value string) error {
	r := &replica.Request{Key: []byte(key), Update: &register.Update{Kind: register.Set, Data: []byte(value)}}
	n.Do(context.Background(), []*replica.Request{r})
	return r.Err
}

func get(n *running, key string) (values []string, err error) {
	r := &replica.Request{Key: []byte(key)}
	n.Do(context.Background(), []*replica.Request{r})
	for _, s := range r.Object.Siblings {
		if !s.Tombstone {
			values = append(values, string(s.Data))
		}
	}
	return values, r.Err
}

func (w *world) check(n *running, key, want string) {
	w.t.Helper()
	values, err := get(n, key)
	if err != nil || len(values) != 1 || values[0] != want {
		w.t.Fatalf("%s through %s: %q, %v; want %q", key, n.Name(), values, err, want)
	}
}

func TestNode_Alone_ServesAndRemembers(t *testing.T) {
	w := newWorld(t)
	n := w.start(w.config("A"))
	if err := set(n, "k", "v"); err != nil {
		t.Fatal(err)
	}
	w.check(n, "k", "v")
	cfg := n.cfg
	w.crash("A")
	w.check(w.start(cfg), "k", "v")
}

func TestCluster_TwoOfFiveDie_WritesGoOnAndNothingIsLost(t *testing.T) {
	w := newWorld(t)
	w.start(w.config("A"))
	w.grow("B", "C", "D", "E")
	written := make(map[string]string)
	write := func(from string, n int) {
		t.Helper()
		for i := range n {
			key, value := fmt.Sprintf("key:%d", len(written)), fmt.Sprint("v", i)
			if err := set(w.nodes[from], key, value); err != nil {
				t.Fatalf("SET %s through %s: %v", key, from, err)
			}
			written[key] = value
		}
	}
	write("A", 100)
	cfgB, cfgC := w.nodes["B"].cfg, w.nodes["C"].cfg
	w.crash("B")
	write("D", 100)
	w.crash("C")
	write("E", 100)
	w.start(cfgB)
	w.start(cfgC)
	w.settled(5)
	for key, value := range written {
		for _, n := range w.nodes {
			w.check(n, key, value)
		}
	}
	w.eventually("all replicas to be identical", w.identical)
}

// identical says that the primaries of every partition hold the same.
func (w *world) identical() bool {
	var roots = make(map[ring.NodeID][]uint64)
	var now *ring.Ring
	for _, r := range w.nodes {
		roots[r.ID()] = r.store.Merkle().Roots(nil)
		now = r.Ring()
	}
	for p := range now.Partitions() {
		first := now.Primaries(ring.Partition(p))[0]
		for _, id := range now.Primaries(ring.Partition(p)) {
			if roots[id][p] != roots[first][p] {
				return false
			}
		}
	}
	return true
}

func TestCluster_JoinAndLeave_MoveTheData(t *testing.T) {
	w := newWorld(t)
	w.start(w.config("A"))
	w.grow("B", "C")
	for i := range 300 {
		if err := set(w.nodes["A"], fmt.Sprint("k", i), fmt.Sprint("v", i)); err != nil {
			t.Fatal(err)
		}
	}
	w.grow("D")
	w.eventually("all replicas to be identical", w.identical)
	leaver := w.nodes["B"]
	if err := w.nodes["A"].Leave(context.Background(), leaver.ID()); err != nil {
		t.Fatal(err)
	}
	if err := <-leaver.done; !errors.Is(err, membership.ErrLeft) {
		t.Fatalf("leaver ended with %v", err)
	}
	leaver.stop()
	delete(w.nodes, "B")
	w.settled(3)

	// Its directory does not bring it back, whatever it is told to join.
	left := w.nodes["A"].Ring().Version()
	again := leaver.cfg
	again.Join = []string{w.nodes["A"].Channel().Addr()}
	back, err := New(again)
	if err != nil {
		t.Fatal(err)
	}
	if err := back.Run(t.Context()); !errors.Is(err, membership.ErrLeft) {
		t.Fatalf("restarted, it ended with %v", err)
	}
	w.settled(3)
	if now := w.nodes["A"].Ring().Version(); now != left {
		t.Errorf("the ring changed from version %d to %d", left, now)
	}
	for i := range 300 {
		for _, n := range w.nodes {
			w.check(n, fmt.Sprint("k", i), fmt.Sprint("v", i))
		}
	}
}
