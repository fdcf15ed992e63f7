package cluster

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/peer"
)

// How a change of the ring spreads: the node where it began pushes the whole
// state to every member it can reach, at once; gossip spreads the digest of what
// each node has (a few bytes), and whoever sees a digest unlike its own pulls the
// state from there and merges it. So a change is everywhere in a round trip when
// all is well, and within gossip's rounds when it is not.

const (
	maxChanges   = 64 // ring changes waiting to be followed; full: the newest view is what counts
	spreadBudget = 2 * time.Second
)

// announceLater queues a change for the node's spreading goroutine.
func (n *Node) announceLater(c change) {
	select {
	case n.changes <- c:
	default:
		// The queue holds older changes; following any of them reads the newest
		// view, and gossip tells the others.
	}
}

// spread follows changes of the ring until ctx ends.
func (n *Node) spread(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case c := <-n.changes:
			n.log.Info("ring changed", "version", c.ring.Version(), "members", len(c.ring.Members()), "moving", c.ring.InTransition())
			n.follow(n.keeper.ring())
			if c.local {
				_ = n.push(ctx) // whom it did not reach learns it by gossip
			}
		}
	}
}

// follow makes the parts act on a ring.
func (n *Node) follow(now *ring.Ring) {
	addresses := make(map[ring.NodeID]string)
	for _, m := range now.Members() {
		if m.ID != n.id {
			addresses[m.ID] = m.PeerAddr
		}
	}
	n.channel.SetPeers(addresses)
	n.gossip.SetMembers(addresses)
	n.gossip.Announce(n.keeper.digest())
	n.deliverer.Trigger()
	n.mover.Trigger()
}

// push brings this node's ring state to every reachable member, and takes in
// what they know beyond it.
func (n *Node) push(ctx context.Context) error {
	body := n.keeper.encoded()
	ctx, cancel := context.WithTimeout(ctx, spreadBudget)
	defer cancel()
	var group errgroup.Group
	for _, m := range n.keeper.ring().Members() {
		if m.ID == n.id || !n.channel.Available(m.ID) {
			continue
		}
		group.Go(func() error {
			reply, err := n.channel.Call(ctx, m.ID, peer.Background, peer.RingPush, body)
			if err == nil {
				err = n.takeIn(reply)
			}
			if err != nil {
				return fmt.Errorf("tell %s of the ring: %w", m.Name, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// takeIn merges an encoded state; nothing, if the sender had nothing new.
func (n *Node) takeIn(encoded []byte) error {
	if len(encoded) == 0 {
		return nil
	}
	state, err := ring.DecodeState(encoded)
	if err != nil {
		return err
	}
	return n.keeper.merge(state)
}

// pull asks one member for its ring state.
func (n *Node) pull(ctx context.Context, from ring.NodeID) error {
	ctx, cancel := context.WithTimeout(ctx, spreadBudget)
	defer cancel()
	reply, err := n.channel.Call(ctx, from, peer.Background, peer.RingPull, n.pullRequest())
	if err != nil {
		return err
	}
	return n.takeIn(reply)
}

// pullRequest names the state that this node has.
func (n *Node) pullRequest() []byte { return wire.AppendUint64(nil, n.keeper.digest()) }

// answerPush merges a pushed state, and replies with ours if it knows more.
func (n *Node) answerPush(body []byte) ([]byte, error) {
	state, err := ring.DecodeState(body)
	if err != nil {
		return nil, err
	}
	if err := n.keeper.merge(state); err != nil {
		return nil, err
	}
	if n.keeper.digest() == state.Digest() {
		return nil, nil
	}
	return n.keeper.encoded(), nil
}

// answerPull replies with our state unless the asker has the same.
func (n *Node) answerPull(body []byte) ([]byte, error) {
	r := wire.NewReader(body)
	theirs := r.Uint64()
	if err := r.Done("ring pull"); err != nil {
		return nil, err
	}
	if theirs == n.keeper.digest() {
		return nil, nil
	}
	return n.keeper.encoded(), nil
}

// connected makes use of a member that can be reached again, whatever gossip
// thinks of it: gossip itself may need the hint, after a long split.
func (n *Node) connected(id ring.NodeID) {
	n.gossip.Rejoin(id)
	n.pullLater(id)
	n.disseminator.Connected(id)
	n.deliverer.Trigger()
	n.mover.Trigger()
	n.scheduler.Trigger(id)
}

// gossipDelegate is what gossip tells the node and asks of it.
type gossipDelegate struct{ n *Node }

// RingDigest names the ring state that this node has.
func (d gossipDelegate) RingDigest() uint64 { return d.n.keeper.digest() }

// RingBehind says that another node has another ring state.
func (d gossipDelegate) RingBehind(from ring.NodeID, digest uint64) {
	if digest != d.n.keeper.digest() {
		d.n.pullLater(from)
	}
}

// PeerUp says that a member answers again.
func (d gossipDelegate) PeerUp(id ring.NodeID) {
	d.n.channel.Trigger(id)
	d.n.deliverer.Trigger()
	d.n.mover.Trigger()
	d.n.scheduler.Trigger(id)
	d.n.disseminator.Connected(id)
	d.n.log.Info("node is up", "node", d.n.keeper.ring().Name(id))
	d.n.pullLater(id)
}

// PeerDown says that a member was declared dead, or left.
func (d gossipDelegate) PeerDown(id ring.NodeID) {
	d.n.log.Warn("node is down", "node", d.n.keeper.ring().Name(id))
}
