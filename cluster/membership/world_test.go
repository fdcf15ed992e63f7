package membership

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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
	nodes map[string]*node // by peer address
	down  map[string]bool
}

type node struct {
	*Membership
	world   *world
	disk    *disk
	peers   map[ring.NodeID]string
	members map[ring.NodeID]string // as gossip was told
	said    uint64                 // the digest that gossip was told
	changed int
	lacking bool
	queue   []func(context.Context)
}

func newWorld() *world { return &world{nodes: make(map[string]*node), down: make(map[string]bool)} }

// add makes a node that has not started yet.
func (w *world) add(t *testing.T, name string, d *disk, change func(*Start)) *node {
	t.Helper()
	n := &node{world: w, disk: d}
	start := Start{Quorums: ring.Quorums{N: 3, R: 2, W: 2}, Partitions: 16}
	if change != nil {
		change(&start)
	}
	n.Membership = New(Config{
		Self: member(name), State: openState(t, d), Channel: n, Gossip: n, Start: start,
		Queue:       func(f func(context.Context)) bool { n.queue = append(n.queue, f); return true },
		RingChanged: func() { n.changed++ }, Lacking: func() bool { return n.lacking },
		Logger: slog.New(slog.DiscardHandler),
	})
	w.nodes[member(name).PeerAddr] = n
	return n
}

func (n *node) SetPeers(addresses map[ring.NodeID]string)   { n.peers = addresses }
func (n *node) SetMembers(addresses map[ring.NodeID]string) { n.members = addresses }
func (n *node) Announce(digest uint64)                      { n.said = digest }
func (n *node) Available(id ring.NodeID) bool {
	addr, known := n.peers[id]
	return known && n.world.nodes[addr] != nil && !n.world.down[addr]
}

func (n *node) Call(ctx context.Context, to ring.NodeID, _ peer.Class, kind peer.Kind, body []byte) ([]byte, error) {
	return n.CallAddr(ctx, n.peers[to], kind, body)
}

func (n *node) CallAddr(_ context.Context, addr string, kind peer.Kind, body []byte) (reply []byte, err error) {
	other := n.world.nodes[addr]
	if other == nil || n.world.down[addr] {
		return nil, peer.ErrUnavailable
	}
	if err = other.state.Joined(); err == nil {
		switch kind {
		case peer.Join:
			reply, err = other.AnswerJoin(body)
		case peer.RingPull:
			reply, err = other.AnswerPull(body)
		case peer.RingPush:
			reply, err = other.AnswerPush(body)
		default:
			err = fmt.Errorf("kind %d", kind)
		}
	}
	if err != nil {
		return nil, &peer.RemoteError{From: other.id, Kind: kind, Message: err.Error()}
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

var errDisk = errors.New("no space")
