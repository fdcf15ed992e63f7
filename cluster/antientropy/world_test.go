package antientropy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// world is a few nodes with real stores, joined by an in-memory link.
type world struct {
	tb    testing.TB
	nodes map[ring.NodeID]*node
	state *ring.State
	ring  atomic.Pointer[ring.Ring]
	now   atomic.Int64 // unix ms

	mu    sync.Mutex
	down  map[ring.NodeID]bool
	calls []peer.Kind
	// before runs ahead of each request; an error loses it.
	before func(to ring.NodeID, kind peer.Kind) error
}

type node struct {
	world *world
	id    ring.NodeID
	name  string
	store *engine.Store
	x     *Exchanger
}

func newWorld(tb testing.TB, partitions, n int, names ...string) *world {
	w := &world{tb: tb, nodes: make(map[ring.NodeID]*node), down: make(map[ring.NodeID]bool)}
	w.now.Store(1_800_000_000_000)
	var founders []ring.Member
	for _, name := range names[:min(len(names), partitions)] { // a ring needs a token for each
		founders = append(founders, ring.Member{ID: ring.IDOf(name), Name: name, Instance: name})
	}
	w.state = ring.NewState("cluster", partitions, ring.Quorums{N: n, R: 1, W: 1}, founders...)
	w.publish()
	for _, name := range names {
		w.add(name)
	}
	return w
}

func (w *world) publish() { w.ring.Store(ring.NewRing(w.state)) }

func (w *world) time() time.Time { return time.UnixMilli(w.now.Load()) }

func (w *world) pass(d time.Duration) { w.now.Add(d.Milliseconds()) }

func (w *world) add(name string) *node {
	w.tb.Helper()
	nd := &node{world: w, id: ring.IDOf(name), name: name}
	store, err := engine.Open(engine.Options{
		Dir: "data", FS: vfs.NewMem(), Partitions: w.ring.Load().Partitions(), Self: nd.id, Name: name,
		CacheBytes: 8 << 20, MemtableBytes: 8 << 20, Now: w.time,
	})
	if err != nil {
		w.tb.Fatal(err)
	}
	nd.store = store
	nd.x = NewExchanger(Config{Self: nd.id, Store: store, Channel: nd, Ring: w.ring.Load, RepairRate: 1 << 40, TransferRate: 1 << 40})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = nd.x.Run(ctx) })
	running.Go(func() { _ = store.Run(ctx) })
	w.tb.Cleanup(func() {
		cancel()
		running.Wait()
		_ = store.Close()
	})
	w.nodes[nd.id] = nd
	return nd
}

func (w *world) node(name string) *node { return w.nodes[ring.IDOf(name)] }

// Available and Call make a node its own channel.
func (n *node) Available(to ring.NodeID) bool {
	n.world.mu.Lock()
	defer n.world.mu.Unlock()
	return !n.world.down[to]
}

func (n *node) Call(ctx context.Context, to ring.NodeID, class peer.Class, kind peer.Kind, body []byte) ([]byte, error) {
	if class != peer.Background {
		n.world.tb.Errorf("kind %d sent in the foreground", kind)
	}
	n.world.mu.Lock()
	down, before := n.world.down[to], n.world.before
	n.world.calls = append(n.world.calls, kind)
	n.world.mu.Unlock()
	if down {
		return nil, peer.ErrUnavailable
	}
	if before != nil {
		if err := before(to, kind); err != nil {
			return nil, err
		}
	}
	reply := make(answer, 1)
	n.world.nodes[to].x.Serve(kind, body, reply)
	select {
	case r := <-reply:
		return r.body, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (w *world) setDown(name string, down bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down[ring.IDOf(name)] = down
}

// answer is an in-memory request's way back.
type answer chan struct {
	body []byte
	err  error
}

func (a answer) Reply(body ...[]byte) {
	a <- struct {
		body []byte
		err  error
	}{body: bytes.Join(body, nil)}
}

func (a answer) ReplyError(err error) {
	a <- struct {
		body []byte
		err  error
	}{err: fmt.Errorf("remote: %w", err)}
}

// put is a plain SET at a coordinator.
type put struct {
	n     *node
	value object.Value
}

func (e *put) Edit(current *object.Object, mint *engine.Minter) (object.Object, bool, error) {
	dot := mint.Dot(current.Clock)
	at := max(causal.TimestampOf(e.n.world.now.Load()), current.Clock.Latest()+1)
	return object.Put(*current, current.Clock, dot, at, e.value), true, nil
}

// set writes to one node alone, and returns the object.
func (n *node) set(key, value string) []byte {
	return n.write(key, object.Value{Data: []byte(value)})
}

func (n *node) remove(key string) []byte { return n.write(key, object.Value{Tombstone: true}) }

func (n *node) write(key string, v object.Value) []byte {
	n.world.tb.Helper()
	p := n.world.ring.Load().PartitionOf([]byte(key))
	r := &engine.Record{Partition: p, Key: []byte(key), Edit: &put{n: n, value: v}}
	n.apply(r)
	return r.Stored
}

func (n *node) merge(key string, encoded []byte) {
	n.world.tb.Helper()
	n.apply(&engine.Record{Partition: n.world.ring.Load().PartitionOf([]byte(key)), Key: []byte(key), Merge: encoded})
}

func (n *node) apply(recs ...*engine.Record) {
	n.world.tb.Helper()
	commit, err := n.store.Apply(recs)
	if err == nil {
		err = commit.Wait()
	}
	for _, r := range recs {
		err = errors.Join(err, r.Err)
	}
	if err != nil {
		n.world.tb.Fatal(err)
	}
}

// contents is all that a node stores.
func (n *node) contents() map[string]string {
	n.world.tb.Helper()
	all := make(map[string]string)
	for p := range n.world.ring.Load().Partitions() {
		for e, err := range n.store.Scan(ring.Partition(p), 0) {
			if err != nil {
				n.world.tb.Fatal(err)
			}
			all[string(e.Key)] = string(e.Object)
		}
	}
	return all
}

// fill writes the same count objects to all nodes.
func (w *world) fill(count, size int, names ...string) {
	w.tb.Helper()
	value := bytes.Repeat([]byte("v"), size)
	first := w.node(names[0])
	for from := 0; from < count; from += 1000 {
		var recs []*engine.Record
		for i := from; i < min(count, from+1000); i++ {
			key := fmt.Appendf(nil, "key:%d", i)
			p := w.ring.Load().PartitionOf(key)
			recs = append(recs, &engine.Record{Partition: p, Key: key, Edit: &put{n: first, value: object.Value{Data: value}}})
		}
		first.apply(recs...)
		for _, name := range names[1:] {
			copies := make([]*engine.Record, len(recs))
			for i, r := range recs {
				copies[i] = &engine.Record{Partition: r.Partition, Key: r.Key, Merge: r.Stored}
			}
			w.node(name).apply(copies...)
		}
	}
}

func requireSame(tb testing.TB, a, b *node) {
	tb.Helper()
	ours, theirs := a.contents(), b.contents()
	for key, encoded := range ours {
		if theirs[key] != encoded {
			tb.Fatalf("%q differs between %s and %s", key, a.name, b.name)
		}
	}
	if len(ours) != len(theirs) {
		tb.Fatalf("%s has %d keys, %s has %d", a.name, len(ours), b.name, len(theirs))
	}
}

func seeded(tb testing.TB) *rand.Rand {
	seed := rand.Uint64()
	tb.Cleanup(func() {
		if tb.Failed() {
			tb.Logf("seed %d", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}
