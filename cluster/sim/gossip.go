package sim

import (
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/membership"
	"github.com/quorate/quorate/cluster/peer"
)

// Gossip stands for package gossip: each node tells the members in turn the digest of its
// ring state, and is told theirs. What follows from that is the work of package
// membership.
const (
	gossipTick = 700 * time.Millisecond
	gossipKind = peer.Kind(255) // no node sends it over the peer channel
)

// gossip tells the members in turn until ctx ends.
func (l *life) gossip(ctx context.Context) error {
	tick := time.NewTicker(l.node.odd(gossipTick, 4))
	defer tick.Stop()
	for turn := 0; ; turn++ {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		members := l.ring().Members()
		if other := l.connection(members[turn%len(members)].ID); other != nil {
			l.tell(other, true)
		}
	}
}

// tell sends this node's digest to another one, which answers or does not.
func (l *life) tell(other *life, first bool) {
	body := binary.BigEndian.AppendUint64(nil, l.state.Digest())
	if first {
		body = append(body, 1)
	}
	l.post(&packet{at: l.bubble.now(), from: l, to: other, stream: stream{class: peer.Background}, kind: gossipKind, body: body})
}

// hear takes the digest of another node, as package gossip does once it has begun.
func (l *life) hear(p *packet) {
	digest := binary.BigEndian.Uint64(p.body)
	if !l.gossips() || p.from.node.id == l.node.id || digest == l.state.Digest() {
		return
	}
	l.membership.Disseminator().Behind(p.from.node.id, digest)
	if len(p.body) > 8 {
		l.tell(p.from, false)
	}
}

func (l *life) gossips() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.addresses != nil
}

// SetMembers and Announce make a life the gossip of package membership. It learns the
// members from the ring, and the others hear of a digest when it is their turn.
func (l *life) SetMembers(map[ring.NodeID]string) {}

// Announce does nothing, see SetMembers.
func (l *life) Announce(uint64) {}

// SetPeers tells the peer channel where the other members are.
func (l *life) SetPeers(addresses map[ring.NodeID]string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.moved = l.moved || !maps.Equal(l.addresses, addresses)
	l.addresses = addresses
}

// peerAddr is where the peer channel reaches a member, or "".
func (l *life) peerAddr(id ring.NodeID) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.addresses[id]
}

// newMembership makes this node's part in the agreement on the ring. A node that joins
// asks whoever is up.
func (l *life) newMembership() *membership.Membership {
	n, c := l.node, l.node.in
	start := membership.Start{Partitions: c.opts.Partitions, Quorums: firstQuorums, ClusterID: clusterID, Founders: c.founders}
	if n.joins {
		start.Founders, start.Join = nil, []string{"members"}
	}
	return membership.New(membership.Config{
		Self: n.member(), State: l.state, Channel: l, Gossip: l, Queue: l.mux.Do,
		RingChanged: func() { forget(l); l.deliverer.Trigger(); l.mover.Trigger() },
		Incarnation: l.store.Incarnation(), Disk: l.trust(), Fail: l.end,
		Resolve: func(context.Context, string) ([]string, error) { return *c.listening.Load(), nil },
		Rand:    l.rand(2), Logger: l.log, Start: start,
	})
}

// exit ends a process that has found out by itself that it must not go on, or has
// nothing left to do.
func (c *cluster) exit(l *life, err error) {
	if l.over {
		return
	}
	n := l.node
	c.note("%s ends by itself: %v", n.name, err)
	c.stop(n)
	switch {
	case errors.Is(err, membership.ErrLeft):
		n.out = true
		return
	case !errors.Is(err, membership.ErrTwin) || c.twin == nil || n.id != c.twin.id:
		c.fail("unfounded: %s ended by itself: %v", n.name, err)
	case n != c.twin && c.twin.life != nil: // the second process is the node from now on
		c.note("%s is the node", c.twin.name)
		c.losesAll(n)
		c.byID[n.id] = c.twin
		c.twin.out, n.out = false, true
	}
}

// end makes the process end as soon as the simulator sees it.
func (l *life) end(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ending == nil {
		l.ending = err
	}
}

// serves reports whether clients are let in.
func (n *node) serves() bool {
	if n.life == nil {
		return false
	}
	n.life.mu.Lock()
	defer n.life.mu.Unlock()
	return n.life.ready
}
