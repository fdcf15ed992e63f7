package handoff

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// moving is a cluster of nodes with real stores, exchangers and movers, joined by
// an in-memory link. The ring state is one that all see at once; the clock is the
// test's; rounds are run by hand.
type moving struct {
	tb    testing.TB
	nodes map[string]*movingNode
	ring  atomic.Pointer[ring.Ring]
	now   atomic.Int64 // unix ms

	mu    sync.Mutex
	state *ring.State
	down  map[ring.NodeID]bool
	// before runs ahead of each request between nodes; an error loses it.
	before func(from *movingNode, to ring.NodeID, kind peer.Kind) error
}

type movingNode struct {
	world     *moving
	id        ring.NodeID
	name      string
	fs        *vfs.MemFS
	store     *engine.Store
	exchanger *antientropy.Exchanger
	mover     *Mover
	stop      func()
	announced atomic.Int64
}

func newMoving(tb testing.TB, partitions int, names ...string) *moving {
	w := &moving{tb: tb, nodes: make(map[string]*movingNode), down: make(map[ring.NodeID]bool)}
	w.now.Store(1_800_000_000_000)
	var founders []ring.Member
	for _, name := range names {
		founders = append(founders, member(name))
	}
	w.state = ring.NewState("cluster", partitions, ring.Quorums{N: 3, R: 2, W: 2}, founders...)
	w.ring.Store(ring.NewRing(w.state))
	for _, name := range names {
		w.start(name, vfs.NewMem())
	}
	return w
}

func member(name string) ring.Member {
	return ring.Member{ID: ring.IDOf(name), Name: name, Instance: name}
}

func (w *moving) time() time.Time { return time.UnixMilli(w.now.Load()) }

func (w *moving) pass(d time.Duration) { w.now.Add(d.Milliseconds()) }

// change changes the ring, flips it if that can be, and shows it to all.
func (w *moving) change(edit func(*ring.State) error) {
	w.tb.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := edit(w.state); err != nil {
		w.tb.Error(err)
	}
	w.state.Advance()
	w.ring.Store(ring.NewRing(w.state))
}

func (w *moving) join(name string) *movingNode {
	w.tb.Helper()
	n := w.start(name, vfs.NewMem())
	w.change(func(s *ring.State) error { return s.Join(member(name)) })
	return n
}

// start opens a node on its disk.
func (w *moving) start(name string, fs *vfs.MemFS) *movingNode {
	w.tb.Helper()
	n := &movingNode{world: w, id: ring.IDOf(name), name: name, fs: fs}
	var err error
	n.store, err = engine.Open(engine.Options{
		Dir: "data", FS: fs, Partitions: w.ring.Load().Partitions(), Self: n.id, Name: name,
		CacheBytes: 4 << 20, MemtableBytes: 4 << 20, Now: w.time,
	})
	if err != nil {
		w.tb.Fatal(err)
	}
	n.exchanger = antientropy.NewExchanger(antientropy.Config{
		Self: n.id, Store: n.store, Channel: n, Ring: w.ring.Load, TransferRate: 1 << 40, RepairRate: 1 << 40,
	})
	n.mover = NewMover(MoverConfig{
		Self: n.id, Ring: w.ring.Load, Store: n.store, Exchanger: n.exchanger, Now: w.time,
		Announce: func(context.Context) error { n.announced.Add(1); return nil },
		Done: func(target uint64) error {
			w.change(func(s *ring.State) error { return s.MarkDone(n.id, target) })
			return nil
		},
		Available: n.Available, Monotonic: w.time,
	})
	if err := n.mover.inSync.load(n.store.State()); err != nil {
		w.tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = n.exchanger.Run(ctx) })
	running.Go(func() { _ = n.store.Run(ctx) })
	n.stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	w.tb.Cleanup(func() { n.stop(); _ = n.store.Close() })
	w.mu.Lock()
	w.nodes[name] = n
	w.mu.Unlock()
	return n
}

// crash stops a node abruptly and starts it again on what its disk has.
func (w *moving) crash(name string) *movingNode {
	w.tb.Helper()
	n := w.nodes[name]
	n.stop()
	n.store.Crash()
	return w.start(name, n.fs)
}

func (w *moving) setDown(name string, down bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down[ring.IDOf(name)] = down
}

func (n *movingNode) Available(to ring.NodeID) bool {
	n.world.mu.Lock()
	defer n.world.mu.Unlock()
	return !n.world.down[to]
}

func (n *movingNode) Call(ctx context.Context, to ring.NodeID, _ peer.Class, kind peer.Kind, body []byte) ([]byte, error) {
	n.world.mu.Lock()
	before := n.world.before
	target := n.world.nodes[n.world.ring.Load().Name(to)]
	n.world.mu.Unlock()
	if before != nil {
		if err := before(n, to, kind); err != nil {
			return nil, err
		}
	}
	if !n.Available(to) || target == nil {
		return nil, peer.ErrUnavailable
	}
	reply := make(movingAnswer, 1)
	target.exchanger.Serve(kind, body, reply)
	select {
	case r := <-reply:
		return r.body, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type movingAnswer chan struct {
	body []byte
	err  error
}

func (a movingAnswer) Reply(body ...[]byte) {
	a <- struct {
		body []byte
		err  error
	}{body: bytes.Join(body, nil)}
}

func (a movingAnswer) ReplyError(err error) {
	a <- struct {
		body []byte
		err  error
	}{err: err}
}

// rounds lets every mover do n rounds, a second apart.
func (w *moving) rounds(n int) {
	for range n {
		for _, m := range w.ring.Load().Members() {
			w.round(m.Name)
		}
		for name, node := range w.nodes { // those that left may still hand over
			if m, _ := w.ring.Load().Member(node.id); m.Status == ring.Removed {
				w.round(name)
			}
		}
		w.pass(time.Second)
	}
}

func (w *moving) round(name string) {
	if n := w.nodes[name]; n != nil && n.Available(n.id) {
		_ = n.mover.round(context.Background()) // what fails is tried again
	}
}

// editor is a plain SET at a coordinator.
type editor struct {
	n     *movingNode
	value string
}

func (e *editor) Edit(current *object.Object, mint *engine.Minter) (object.Object, bool, error) {
	dot := mint.Dot(current.Clock)
	at := max(causal.TimestampOf(e.n.world.now.Load()), current.Clock.Latest()+1)
	return object.Put(*current, current.Clock, dot, at, object.Value{Data: []byte(e.value)}), true, nil
}

// set is an acknowledged write: made by one primary, merged by some others.
func (w *moving) set(key, value string, view *ring.Ring, others func(ring.NodeID) bool) {
	w.tb.Helper()
	p := view.PartitionOf([]byte(key))
	primaries := view.Primaries(p)
	coordinator := w.byID(primaries[0])
	r := editRecord(coordinator, p, key, value)
	if err := coordinator.apply(r); err != nil {
		w.tb.Fatal(err)
	}
	for _, id := range append(primaries[1:len(primaries):len(primaries)], view.Gaining(p)...) {
		if others(id) {
			if err := w.byID(id).apply(&engine.Record{Partition: p, Key: []byte(key), Merge: r.Stored}); err != nil {
				w.tb.Fatal(err)
			}
		}
	}
}

func editRecord(n *movingNode, p ring.Partition, key, value string) *engine.Record {
	return &engine.Record{Partition: p, Key: []byte(key), Edit: &editor{n: n, value: value}}
}

func everyone(ring.NodeID) bool { return true }

func (w *moving) fill(keys, size int) {
	w.tb.Helper()
	value := string(bytes.Repeat([]byte("v"), size))
	for i := range keys {
		w.set(fmt.Sprintf("key:%d", i), value, w.ring.Load(), everyone)
	}
}

func (w *moving) byID(id ring.NodeID) *movingNode {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.nodes[w.ring.Load().Name(id)]
}

func (n *movingNode) apply(r *engine.Record) error {
	commit, err := n.store.Apply([]*engine.Record{r})
	if err != nil {
		return err
	}
	return errors.Join(commit.Wait(), r.Err)
}

// value reads a key from one node's store.
func (n *movingNode) value(key string) string {
	n.world.tb.Helper()
	encoded, found, err := n.store.Get(n.world.ring.Load().PartitionOf([]byte(key)), []byte(key), nil)
	if err != nil {
		n.world.tb.Fatal(err)
	}
	if !found {
		return ""
	}
	o, err := object.Decode(encoded)
	if err != nil {
		n.world.tb.Fatal(err)
	}
	v, _, err := register.Resolve(&o, register.LWW, n.world.now.Load())
	if err != nil {
		n.world.tb.Fatal(err)
	}
	return string(v.Data)
}

// requireSettled checks that no transition is under way, that every partition is
// held by its primaries, identically, and by no other node, and that the number of
// keys is as given.
func (w *moving) requireSettled(keys int) {
	w.tb.Helper()
	now := w.ring.Load()
	if now.InTransition() {
		w.tb.Fatalf("still in transition, waiting for %v", now.Pending())
	}
	found := 0
	for i := range now.Partitions() {
		p := ring.Partition(i)
		root := w.byID(now.Primaries(p)[0]).mover.root(p)
		for name, n := range w.nodes {
			_, total := n.store.Partitions().Keys(p)
			switch {
			case !now.IsPrimary(n.id, p):
				if total > 0 {
					w.tb.Fatalf("%s still holds %d keys of partition %d", name, total, p)
				}
			case n.mover.root(p) != root:
				w.tb.Fatalf("%s differs in partition %d", name, p)
			}
		}
		_, total := w.byID(now.Primaries(p)[0]).store.Partitions().Keys(p)
		found += int(total)
	}
	if found != keys {
		w.tb.Fatalf("%d keys, want %d", found, keys)
	}
}
