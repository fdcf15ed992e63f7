package membership

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
)

// disk keeps what is saved, unless it is broken.
type disk struct {
	saved map[string][]byte
	err   error
}

func (d *disk) Save(name string, data []byte) error {
	if d.err == nil {
		d.saved[name] = data
	}
	return d.err
}

func (d *disk) Load(name string) ([]byte, error) { return d.saved[name], nil }

// clone returns a copy of a disk as it is now.
func (d *disk) clone() *disk { return &disk{saved: maps.Clone(d.saved)} }

func newDisk() *disk { return &disk{saved: make(map[string][]byte)} }

func openState(t *testing.T, d *disk) *StateStore {
	t.Helper()
	s, err := OpenState(d, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func member(name string) ring.Member {
	return ring.Member{ID: ring.IDOf(name), Name: name, Instance: "disk of " + name, PeerAddr: name + ":7", ClientAddr: name + ":6", AdminAddr: name + ":8"}
}

// world has nodes that call each other directly.
type world struct {
	nodes  map[string]*node // by peer address
	down   map[string]bool
	deaf   map[string]bool     // answers with errors
	names  map[string][]string // addresses by name
	starts atomic.Uint64
	asked  func() // if not nil, called when a node asks for another's identity
}

type node struct {
	*Membership
	world      *world
	disk       *disk
	peers      map[ring.NodeID]string
	members    map[ring.NodeID]string // as gossip was told
	said       uint64                 // the digest that gossip was told
	changed    int
	unrepaired bool
	queue      []func(context.Context)

	mu      sync.Mutex         // of what follows: a start asks several members at once
	unknown []ring.Incarnation // starts that its disk did not know
	past    []ring.Incarnation // starts whose epochs it outgrew
	lost    bool
	stale   error // of Outdated
	failed  error // why it must end
}

func (n *node) Unrepaired() (unrepaired bool) {
	n.locked(func() { unrepaired = n.unrepaired })
	return unrepaired
}

func (n *node) Lost() error {
	n.locked(func() { n.lost, n.unrepaired = true, true })
	return nil
}

func (n *node) Outgrow(start ring.Incarnation) {
	n.locked(func() { n.past = append(n.past, start) })
}

func (n *node) Outdated(start ring.Incarnation) error {
	n.locked(func() { n.unknown, n.unrepaired = append(n.unknown, start), true })
	return n.stale
}

// end notes why the node must end.
func (n *node) end(err error) {
	n.locked(func() { n.failed = err })
}

func (n *node) locked(f func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f()
}

func newWorld() *world {
	return &world{nodes: make(map[string]*node), down: make(map[string]bool), deaf: make(map[string]bool), names: make(map[string][]string)}
}

// add makes a node that has not started yet.
func (w *world) add(t *testing.T, name string, d *disk, change func(*Start)) *node {
	t.Helper()
	return w.addAs(t, name, d, func(cfg *Config) {
		if change != nil {
			change(&cfg.Start)
		}
	})
}

// addAt makes a node like add, at another peer address than the one of its name.
func (w *world) addAt(t *testing.T, name, addr string, d *disk, change func(*Start)) *node {
	t.Helper()
	return w.addAs(t, name, d, func(cfg *Config) {
		cfg.Self.PeerAddr = addr
		if change != nil {
			change(&cfg.Start)
		}
	})
}

// addAs makes a node like add, with another configuration than the usual one.
func (w *world) addAs(t *testing.T, name string, d *disk, change func(*Config)) *node {
	t.Helper()
	n := &node{world: w, disk: d}
	cfg := Config{
		Self: member(name), State: openState(t, d), Channel: n, Gossip: n,
		Queue: func(f func(context.Context)) bool {
			n.locked(func() { n.queue = append(n.queue, f) })
			return true
		},
		RingChanged: func() { n.changed++ }, Disk: n, Incarnation: ring.Incarnation(w.starts.Add(1)),
		Fail: n.end, Resolve: w.resolve,
		Logger: slog.New(slog.DiscardHandler),
		Start:  Start{Quorums: ring.Quorums{N: 3, R: 2, W: 2}, Partitions: 16},
	}
	change(&cfg)
	n.Membership = New(cfg)
	w.nodes[cfg.Self.PeerAddr] = n
	return n
}

// stop ends a node.
func (w *world) stop(n *node) { delete(w.nodes, n.cfg.Self.PeerAddr) }

func (w *world) resolve(_ context.Context, addr string) ([]string, error) {
	if all, known := w.names[addr]; known {
		return all, nil
	}
	return []string{addr}, nil
}

// look lets a node search once, and follow what it finds.
func (n *node) lookOnce(t *testing.T) {
	t.Helper()
	if err := n.identity.reclaim(t.Context()); err != nil {
		n.end(err)
	}
	n.search.visitAll(t.Context(), n.search.places(t.Context()))
	n.work(t)
}

// agree lets nodes search and exchange until all know one ring.
func agree(t *testing.T, nodes ...*node) {
	t.Helper()
	for range 10 {
		digests := make(map[uint64]bool)
		for _, n := range nodes {
			n.lookOnce(t)
		}
		for _, n := range nodes {
			for _, other := range n.Others() {
				if n.Available(other) {
					n.disseminator.Exchange(other)
				}
			}
			n.work(t)
		}
		for _, n := range nodes {
			n.work(t)
			digests[n.state.Digest()] = true
		}
		if len(digests) == 1 {
			return
		}
	}
	t.Fatal("the nodes do not agree on the ring")
}

func (n *node) SetPeers(addresses map[ring.NodeID]string)   { n.peers = addresses }
func (n *node) SetMembers(addresses map[ring.NodeID]string) { n.members = addresses }
func (n *node) Announce(digest uint64)                      { n.said = digest }
func (n *node) Available(id ring.NodeID) bool {
	addr, known := n.peers[id]
	other := n.world.nodes[addr]
	return known && other != nil && other.id == id && other.Ring() != nil && !n.world.down[addr]
}

func (n *node) Call(ctx context.Context, to ring.NodeID, _ peer.Class, kind peer.Kind, body []byte) ([]byte, error) {
	if !n.Available(to) {
		return nil, peer.ErrUnavailable
	}
	return n.CallAddr(ctx, n.peers[to], kind, body)
}

func (n *node) CallAddr(_ context.Context, addr string, kind peer.Kind, body []byte) (reply []byte, err error) {
	if kind == peer.Identify && n.world.asked != nil {
		n.world.asked()
	}
	other := n.world.nodes[addr]
	if other == nil || n.world.down[addr] {
		return nil, peer.ErrUnavailable
	}
	if mine, theirs := n.state.ClusterID(), other.state.ClusterID(); mine != "" && theirs != "" && mine != theirs {
		return nil, &peer.RefusedError{Reason: peer.RefusedCluster}
	}
	if other.state.Joined() != nil {
		return nil, &peer.RefusedError{Reason: peer.RefusedNotJoined, ByPeer: true}
	}
	switch {
	case n.world.deaf[addr]:
		err = errDeaf
	case kind == peer.Join:
		reply, err = other.AnswerJoin(body)
	case kind == peer.RingPull:
		reply, err = other.disseminator.AnswerPull(body)
	case kind == peer.RingPush:
		reply, err = other.disseminator.AnswerPush(body)
	case kind == peer.Identify:
		reply, err = other.identity.AnswerIdentify(body)
	default:
		err = fmt.Errorf("kind %d", kind)
	}
	if err != nil {
		return nil, &peer.RemoteError{Kind: kind, Message: err.Error()}
	}
	return reply, nil
}

// bootstrap starts a node, and checks how it got its ring.
func (n *node) bootstrap(t *testing.T, want Origin) {
	t.Helper()
	origin, err := n.Bootstrap(t.Context())
	if err != nil || origin != want {
		t.Fatalf("%s bootstrapped as %d, %v, want %d", n.cfg.Self.Name, origin, err, want)
	}
}

// work runs what is queued, and follows the changes that wait, without Run.
func (n *node) work(t *testing.T) {
	t.Helper()
	queue := n.queue
	n.queue = nil
	for _, f := range queue {
		f(t.Context())
	}
	for len(n.state.changes) > 0 {
		<-n.state.changes
		n.follow()
	}
}

var errDeaf = errors.New("not now")

var errDisk = errors.New("no space")
