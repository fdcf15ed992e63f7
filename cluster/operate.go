package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
)

// What an operator may tell a node.

// ErrMemberUp refuses to strike off a member that answers.
var ErrMemberUp = errors.New("the node answers: let it leave instead, or stop it first")

// SetQuorums changes N, R and W for the whole cluster, live. It returns once
// this node has saved the change and told every member that it can reach; the
// others learn it by gossip. Values that contradict each other change nothing.
func (n *Node) SetQuorums(ctx context.Context, N, R, W int) error {
	quorums := ring.Quorums{N: N, R: R, W: W}
	if err := n.keeper.change(func(s *ring.State) error { return s.SetQuorums(quorums) }); err != nil {
		return err
	}
	n.log.Info("quorums changed", "n", quorums.N, "r", quorums.R, "w", quorums.W)
	return n.tell(ctx)
}

// Leave makes a member give its partitions to the others. It returns when the
// ring says so; the data moves after that, and the member's Run ends with
// [ErrLeft] when all of it has.
func (n *Node) Leave(ctx context.Context, id ring.NodeID) error {
	if err := n.keeper.change(func(s *ring.State) error { return s.Leave(id) }); err != nil {
		return err
	}
	n.log.Info("node leaves the ring", "node", n.keeper.ring().Name(id))
	return n.tell(ctx)
}

// Remove strikes a dead member from the ring: what it held is copied anew from
// the others. A member that answers must leave instead, for what only it has
// would be lost.
func (n *Node) Remove(ctx context.Context, id ring.NodeID) error {
	now := n.keeper.ring()
	if id == n.id || n.channel.Available(id) {
		return fmt.Errorf("%s: %w", now.Name(id), ErrMemberUp)
	}
	if err := n.keeper.change(func(s *ring.State) error { return s.Remove(id) }); err != nil {
		return err
	}
	n.log.Info("dead node removed from the ring", "node", now.Name(id))
	return n.tell(ctx)
}

// tell brings a change that is saved here to the members that can be reached. One
// that cannot, just now, learns of it by gossip.
func (n *Node) tell(ctx context.Context) error {
	err := n.push(ctx)
	if errors.Is(err, peer.ErrUnavailable) {
		n.log.Debug("a member will hear of the change later", "err", err)
		return nil
	}
	return err
}

// Alive reports whether a member answers this node.
func (n *Node) Alive(id ring.NodeID) bool { return id == n.id || n.channel.Available(id) }

// awaitLeave ends the node when it has left and holds nothing that others lack.
func (n *Node) awaitLeave(ctx context.Context) error {
	const seldom, often = time.Second, 100 * time.Millisecond
	tick := time.NewTicker(seldom)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		m, known := n.keeper.ring().Member(n.id)
		if !known || m.Status == ring.Up {
			continue
		}
		tick.Reset(often)
		if m.Status == ring.Removed && n.mover.Drained() && len(n.store.HintTargets()) == 0 {
			n.log.Info("out of the ring, all data handed over")
			return ErrLeft
		}
	}
}

// Crash stops a running node as kill -9 would: no goodbye to peers, nothing
// flushed. It must be called instead of cancelling Run's context.
func (n *Node) Crash() {
	n.crashed.Store(true)
	n.channel.Close()
	n.fail(ErrCrashed)
}
