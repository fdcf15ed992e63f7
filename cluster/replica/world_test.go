package replica

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/sim/poll"
	"github.com/quorate/quorate/engine"
)

// fate is what becomes of a frame.
type fate int

const (
	arrives   fate = iota
	fails          // at once, as on a stream that breaks
	stalls         // it never arrives, and nobody says so before the test ends
	freezes        // it stalls, and the node seems down from then on, as one from which nothing comes
	isLate         // it arrives; its answer waits until world.release
	isUnknown      // the node does not know the kind of frame
)

// lanes is how many foreground streams each node of a world opens to each other one.
const lanes = 3

// world is a cluster of coordinators over real stores, joined by the real peer
// channel. A gate before each channel decides about every frame, and about who
// seems worth asking.
type world struct {
	tb    testing.TB
	state *ring.State

	durability engine.Durability
	nodes      map[string]*worldNode
	key        []byte   // a key, and
	walk       []string // the names of its walk

	mu   sync.Mutex
	down map[ring.NodeID]bool
	mute map[ring.NodeID]bool // a frame to them has met freezes
	// rule decides about each frame; nil: all arrive.
	rule     func(from, to string, kind peer.Kind) fate
	sent     map[string]int // frames by "kind from to", whatever became of them
	held     []func()       // answers that are late
	stalling []func()
}

type worldNode struct {
	w           *world
	id          ring.NodeID
	name        string
	disk        *vfs.MemFS
	stuck       atomic.Pointer[chan struct{}] // syncs wait for it
	store       *engine.Store
	channel     *peer.Channel
	coordinator *Coordinator
	ring        atomic.Pointer[ring.Ring]
	wait        atomic.Int64 // of WaitTime; ns
	noDeltas    atomic.Bool  // the others take none
}

// newWorld starts nodes that all are members, with a request time-out that is
// long unless a test shortens it.
func newWorld(t testing.TB, quorums ring.Quorums, timeout time.Duration, names ...string) *world {
	t.Helper()
	return newWorldOf(t, engine.Always, quorums, timeout, names...)
}

// newWorldOf starts nodes whose stores have the given durability.
func newWorldOf(t testing.TB, durability engine.Durability, quorums ring.Quorums, timeout time.Duration, names ...string) *world {
	t.Helper()
	w := &world{tb: t, durability: durability, nodes: make(map[string]*worldNode), down: make(map[ring.NodeID]bool), mute: make(map[ring.NodeID]bool), sent: make(map[string]int), key: []byte("key")}
	var founders []ring.Member
	for _, name := range names {
		founders = append(founders, ring.Member{ID: ring.IDOf(name), Name: name, Instance: name})
	}
	w.state = ring.NewState("cluster", 16, quorums, founders...)
	for _, name := range names {
		w.start(name, timeout)
	}
	w.connect()
	view := ring.NewRing(w.state)
	for _, id := range view.Walk(view.PartitionOf(w.key)) {
		w.walk = append(w.walk, view.Name(id))
	}
	return w
}

func (w *world) start(name string, timeout time.Duration) *worldNode {
	w.tb.Helper()
	n := &worldNode{w: w, id: ring.IDOf(name), name: name}
	n.waitFor(long)
	n.ring.Store(ring.NewRing(w.state))
	must := func(err error) {
		if err != nil {
			w.tb.Helper()
			w.tb.Fatal(err)
		}
	}
	var err error
	n.disk = vfs.NewMem()
	n.store, err = engine.Open(engine.Options{
		Dir: "data", FS: errorfs.Wrap(n.disk, n), Partitions: w.state.Partitions(), Self: n.id, Name: name,
		CacheBytes: 4 << 20, MemtableBytes: 4 << 20, Durability: w.durability, SpreadElements: 100,
	})
	must(err)
	sockets, err := peer.Bind("127.0.0.1:0")
	must(err)
	n.channel, err = peer.New(peer.Config{
		Self: n.id, Name: name, Instance: name, ClusterID: func() string { return "cluster" },
		RequestTimeout: time.Minute, // what stays silent is the gate's to say
		Lanes:          lanes,
	}, sockets)
	must(err)
	n.coordinator = New(Config{
		Self: n.id, Store: n.store, Channel: n, Ring: n.ring.Load, Policy: func() register.Policy { return register.LWW },
		Clock: causal.NewClock(func() int64 { return time.Now().UnixMilli() }), Logger: slog.New(slog.DiscardHandler),
		RequestTimeout: timeout, Lanes: lanes,
	})
	n.coordinator.slotAt = func(time.Time) uint64 { return 0 } // reads ask in the order of the walk
	ctx, cancel := context.WithCancel(context.Background())
	var channel, rest sync.WaitGroup
	channel.Go(func() { _ = n.channel.Run(ctx, n.coordinator) })
	serving, stop := context.WithCancel(context.Background())
	rest.Go(func() { _ = n.coordinator.Run(serving) })
	rest.Go(func() { _ = n.store.Run(serving) })
	w.tb.Cleanup(func() {
		w.end()
		cancel()
		channel.Wait()
		stop()
		rest.Wait()
		if err := n.store.Close(); err != nil && !errors.Is(err, engine.ErrClosed) {
			w.tb.Error(err)
		}
	})
	w.nodes[name] = n
	return n
}

// fillDisk makes a node's store refuse writes.
func (n *worldNode) fillDisk() {
	n.w.tb.Helper()
	n.disk.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 1 << 20, TotalBytes: 1 << 40})
	poll.Until(n.w.tb, "the disk to be full", func() bool { return n.store.Health() != nil })
}

// hangDisk makes a node's syncs wait until the returned function is called.
func (n *worldNode) hangDisk() (release func()) {
	gate := make(chan struct{})
	n.stuck.Store(&gate)
	release = sync.OnceFunc(func() {
		n.stuck.Store(nil)
		close(gate)
	})
	n.w.tb.Cleanup(release)
	return release
}

// MaybeError and String make the node an injector of faults into its own disk.
func (n *worldNode) MaybeError(op errorfs.Op) error {
	if gate := n.stuck.Load(); gate != nil && (op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData || op.Kind == errorfs.OpFileSyncTo) {
		<-*gate
	}
	return nil
}

func (n *worldNode) String() string { return n.name }

// connect waits until everybody has streams to everybody.
func (w *world) connect() {
	w.tb.Helper()
	addrs := make(map[causal.NodeID]string)
	for _, n := range w.nodes {
		addrs[n.id] = n.channel.Addr()
	}
	for _, n := range w.nodes {
		n.channel.SetPeers(addrs)
	}
	poll.Until(w.tb, "all are connected", func() bool {
		for _, n := range w.nodes {
			for id := range addrs {
				if id != n.id && !n.channel.Available(id) {
					return false
				}
			}
		}
		return true
	})
}

// at is the node at a place of the key's walk.
func (w *world) at(place int) *worldNode { return w.nodes[w.walk[place]] }

// setDown says which places of the walk seem down to all, and fail.
func (w *world) setDown(places ...int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.down)
	for _, p := range places {
		w.down[w.at(p).id] = true
	}
}

// decide sets the fate of frames; to is a place in the walk, -1 for others. With a
// rule, which may let frames stall, silent nodes are given up soon; without one never,
// however slow the machine is.
func (w *world) decide(rule func(to int, kind peer.Kind) fate) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rule = nil
	clear(w.mute)
	wait := long
	if rule != nil {
		wait = 100 * time.Millisecond
		w.rule = func(_, to string, kind peer.Kind) fate { return rule(slices.Index(w.walk, to), kind) }
	}
	for _, n := range w.nodes {
		n.waitFor(wait)
	}
}

// frames counts those of a kind sent to a place.
func (w *world) frames(kind peer.Kind, to int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent[fmt.Sprint(kind, w.walk[to])]
}

// release lets late answers come.
func (w *world) release() {
	w.mu.Lock()
	held := w.held
	w.held = nil
	w.mu.Unlock()
	for _, answer := range held {
		answer()
	}
}

// end completes what stalls, as every channel does in the end.
func (w *world) end() {
	w.release()
	w.mu.Lock()
	stalling := w.stalling
	w.stalling = nil
	w.mu.Unlock()
	for _, complete := range stalling {
		complete()
	}
}

// Available is the gate's word.
func (n *worldNode) Available(to ring.NodeID) bool {
	n.w.mu.Lock()
	down := n.w.down[to] || n.w.mute[to]
	n.w.mu.Unlock()
	return !down && n.channel.Available(to)
}

// Connected is the gate's word.
func (n *worldNode) Connected(to ring.NodeID) bool {
	n.w.mu.Lock()
	down := n.w.down[to]
	n.w.mu.Unlock()
	return !down && n.channel.Connected(to)
}

// Knows is the channel's word, unless all others are to be of an older version.
func (n *worldNode) Knows(to ring.NodeID, what peer.Feature) bool {
	return !n.noDeltas.Load() && n.channel.Knows(to, what)
}

// WaitTime is the same for all nodes.
func (n *worldNode) WaitTime(ring.NodeID) time.Duration { return time.Duration(n.wait.Load()) }

func (n *worldNode) waitFor(d time.Duration) { n.wait.Store(int64(d)) }

// Send passes the gate.
func (n *worldNode) Send(to ring.NodeID, class peer.Class, kind peer.Kind, body []byte, done peer.Completion) {
	n.sendThrough(to, kind, done, func(done peer.Completion) { n.channel.Send(to, class, kind, body, done) })
}

// SendLane passes the gate.
func (n *worldNode) SendLane(to ring.NodeID, lane peer.Lane, kind peer.Kind, body peer.Body, done peer.Completion) {
	n.sendThrough(to, kind, done, func(done peer.Completion) { n.channel.SendLane(to, lane, kind, body, done) })
}

// sendThrough sends a frame if the rule of the world lets it through.
func (n *worldNode) sendThrough(to ring.NodeID, kind peer.Kind, done peer.Completion, send func(peer.Completion)) {
	w := n.w
	name := n.ring.Load().Name(to)
	w.mu.Lock()
	w.sent[fmt.Sprint(kind, name)]++
	what := arrives
	if w.down[to] {
		w.mu.Unlock()
		done.Complete(to, nil, peer.ErrNotSent)
		return
	}
	if w.rule != nil {
		what = w.rule(n.name, name, kind)
	}
	if what == freezes {
		w.mute[to], what = true, stalls
	}
	if what == stalls {
		w.stalling = append(w.stalling, func() { done.Complete(to, nil, peer.ErrTimeout) })
	}
	w.mu.Unlock()
	switch what {
	case arrives:
		send(done)
	case fails:
		done.Complete(to, nil, peer.ErrUnavailable)
	case isUnknown:
		done.Complete(to, nil, &peer.RemoteError{Kind: kind, Message: "unknown kind"})
	case isLate:
		send(late{w, done})
	}
}

// late holds an answer back.
type late struct {
	w    *world
	done peer.Completion
}

func (l late) Complete(from ring.NodeID, body []byte, err error) {
	body = slices.Clone(body)
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	l.w.held = append(l.w.held, func() { l.done.Complete(from, body, err) })
}
