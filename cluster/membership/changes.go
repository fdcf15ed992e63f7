package membership

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/quorate/quorate/cluster/core/quorum"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
)

// ErrMemberUp refuses to remove a member that answers.
var ErrMemberUp = errors.New("the node answers: let it leave instead, or stop it first")

// Changes changes the ring for operators. Its methods may be called from any goroutine,
// once the node has a ring.
type Changes struct {
	state        *StateStore
	disseminator *Disseminator
	alive        func(ring.NodeID) bool // whether a member answers this node
	log          *slog.Logger
}

// SetQuorums changes N, R and W for the whole cluster, live. It returns once this node
// has saved the change and told every member that it can reach; the others learn of it
// by gossip. Values that contradict each other change nothing.
func (c *Changes) SetQuorums(ctx context.Context, q quorum.NRW) error {
	if err := c.state.Change(func(s *ring.State) error { return s.SetQuorums(ring.Quorums{N: q.N, R: q.R, W: q.W}) }); err != nil {
		return err
	}
	c.log.Info("quorums changed", "n", q.N, "r", q.R, "w", q.W)
	c.logCapped()
	return c.tell(ctx)
}

// LogQuorums logs which N, R and W are in force where they are not those of this node's flags, or
// where the ring has fewer members than N.
func (c *Changes) LogQuorums(flags quorum.NRW) {
	if q := c.state.Ring().Configured().NRW(); q != flags {
		c.log.Info("n, r and w are the cluster's, not those of this node's flags", "n", q.N, "r", q.R, "w", q.W, "flag_n", flags.N, "flag_r", flags.R, "flag_w", flags.W)
	}
	if !c.state.Ring().InTransition() { // one that is joining does not count yet
		c.logCapped()
	}
}

// logCapped logs which N, R and W count if the ring has fewer members than N.
func (c *Changes) logCapped() {
	view := c.state.Ring()
	if q, now := view.Configured(), view.Configured().Capped(view.Seated()); now.N < q.N {
		c.log.Info("the ring has fewer members than n: lower quorums are in force until more nodes join", "members", view.Seated(), "n", q.N,
			"n_in_force", now.N, "r_in_force", now.R, "w_in_force", now.W)
	}
}

// Leave makes a member give its partitions to the others. It returns when the ring says
// so. The data moves after that, and [Membership.AwaitLeave] of the member ends when all
// of it has.
func (c *Changes) Leave(ctx context.Context, id ring.NodeID) error {
	if err := c.state.Change(func(s *ring.State) error { return s.Leave(id) }); err != nil {
		return err
	}
	c.log.Info("node leaves the ring", "node", c.state.Ring().Name(id))
	return c.tell(ctx)
}

// Remove removes a dead member from the ring. What it held is copied anew from the
// others. A member that answers must leave instead, or else what only it has would be
// lost.
func (c *Changes) Remove(ctx context.Context, id ring.NodeID) error {
	view := c.state.Ring()
	if c.alive(id) {
		return fmt.Errorf("%s: %w", view.Name(id), ErrMemberUp)
	}
	if err := c.state.Change(func(s *ring.State) error { return s.Remove(id) }); err != nil {
		return err
	}
	c.log.Info("dead node removed from the ring", "node", view.Name(id))
	return c.tell(ctx)
}

// Vacate lets a fresh node take the place of a dead member under its name, when it joins:
// it gets the member's tokens, and is filled from the others.
func (c *Changes) Vacate(ctx context.Context, id ring.NodeID) error {
	if view := c.state.Ring(); c.alive(id) {
		return fmt.Errorf("%s: %w", view.Name(id), ErrMemberUp)
	}
	if err := c.state.Change(func(s *ring.State) error { return s.Vacate(id) }); err != nil {
		return err
	}
	c.log.Info("the place of a dead node is free for a fresh one of its name", "node", c.state.Ring().Name(id))
	return c.tell(ctx)
}

// tell pushes a change that is saved here. A member that cannot be reached learns of it
// by gossip.
func (c *Changes) tell(ctx context.Context) error {
	err := c.disseminator.Push(ctx)
	if errors.Is(err, peer.ErrUnavailable) {
		c.log.Debug("a member will hear of the change later", "err", err)
		return nil
	}
	return err
}
