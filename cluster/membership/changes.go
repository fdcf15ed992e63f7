package membership

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/quorate/quorate/cluster/core/quorum"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
)

var (
	// ErrMemberUp refuses to remove a member that answers.
	ErrMemberUp = errors.New("the node answers: let it leave instead, or stop it first")
	// ErrLeft ends AwaitLeave when the node has left the ring, and others have everything
	// that it held.
	ErrLeft = errors.New("the node has left the cluster")
)

// SetQuorums changes N, R and W for the whole cluster, live. It returns once this node
// has saved the change and told every member that it can reach; the others learn of it
// by gossip. Values that contradict each other change nothing.
func (m *Membership) SetQuorums(ctx context.Context, q quorum.NRW) error {
	if err := m.state.Change(func(s *ring.State) error { return s.SetQuorums(ring.Quorums{N: q.N, R: q.R, W: q.W}) }); err != nil {
		return err
	}
	m.log.Info("quorums changed", "n", q.N, "r", q.R, "w", q.W)
	m.LogCapped()
	return m.tell(ctx)
}

// LogCapped logs which N, R and W count if the ring has fewer members than N.
func (m *Membership) LogCapped() {
	view := m.state.Ring()
	if q, c := view.Configured(), view.Configured().Capped(view.Seated()); c.N < q.N {
		m.log.Info("the ring has fewer members than n: lower quorums are in force until more nodes join", "members", view.Seated(), "n", q.N,
			"n_in_force", c.N, "r_in_force", c.R, "w_in_force", c.W)
	}
}

// Leave makes a member give its partitions to the others. It returns when the ring says
// so. The data moves after that, and [Membership.AwaitLeave] of the member ends when all
// of it has.
func (m *Membership) Leave(ctx context.Context, id ring.NodeID) error {
	if err := m.state.Change(func(s *ring.State) error { return s.Leave(id) }); err != nil {
		return err
	}
	m.log.Info("node leaves the ring", "node", m.state.Ring().Name(id))
	return m.tell(ctx)
}

// Remove removes a dead member from the ring. What it held is copied anew from the
// others. A member that answers must leave instead, or else what only it has would be
// lost.
func (m *Membership) Remove(ctx context.Context, id ring.NodeID) error {
	view := m.state.Ring()
	if m.Alive(id) {
		return fmt.Errorf("%s: %w", view.Name(id), ErrMemberUp)
	}
	if err := m.state.Change(func(s *ring.State) error { return s.Remove(id) }); err != nil {
		return err
	}
	m.log.Info("dead node removed from the ring", "node", view.Name(id))
	return m.tell(ctx)
}

// Vacate lets a fresh node take the place of a dead member under its name, when it joins:
// it gets the member's tokens, and is filled from the others.
func (m *Membership) Vacate(ctx context.Context, id ring.NodeID) error {
	if view := m.state.Ring(); m.Alive(id) {
		return fmt.Errorf("%s: %w", view.Name(id), ErrMemberUp)
	}
	if err := m.state.Change(func(s *ring.State) error { return s.Vacate(id) }); err != nil {
		return err
	}
	m.log.Info("the place of a dead node is free for a fresh one of its name", "node", m.state.Ring().Name(id))
	return m.tell(ctx)
}

// MarkDone records that this node holds all that it gains in the transition to target.
func (m *Membership) MarkDone(target uint64) error {
	return m.state.Change(func(s *ring.State) error { return s.MarkDone(m.id, target) })
}

// tell pushes a change that is saved here. A member that cannot be reached learns of it
// by gossip.
func (m *Membership) tell(ctx context.Context) error {
	err := m.disseminator.Push(ctx)
	if errors.Is(err, peer.ErrUnavailable) {
		m.log.Debug("a member will hear of the change later", "err", err)
		return nil
	}
	return err
}

// AwaitLeave waits until this node has left the ring and drained reports that it holds
// nothing which others lack. It returns [ErrLeft] then, and nil if ctx ends first.
func (m *Membership) AwaitLeave(ctx context.Context, drained func() bool) error {
	const seldom, often = time.Second, 100 * time.Millisecond
	tick := time.NewTicker(seldom)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		self, known := m.state.Ring().Member(m.id)
		if !known || self.Status == ring.Up {
			continue
		}
		tick.Reset(often)
		if self.Status == ring.Removed && drained() {
			m.log.Info("this node has left the ring, and all its data is handed over")
			return ErrLeft
		}
	}
}
