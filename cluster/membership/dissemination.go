package membership

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
)

// callTimeout bounds a push to all members, and a pull from one.
const callTimeout = 2 * time.Second

// Run follows the changes of the ring until ctx ends, pushes those that began here, and
// looks for members that cannot be reached.
func (m *Membership) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return m.search(ctx) })
	group.Go(func() error { return m.followChanges(ctx) })
	return group.Wait()
}

func (m *Membership) followChanges(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case c := <-m.state.changes:
			m.log.Info("ring changed", "version", c.ring.Version(), "members", len(c.ring.Members()), "moving", c.ring.InTransition())
			m.follow()
			if c.from == fromHere {
				_ = m.Push(ctx) // gossip tells those whom it did not reach
			}
		}
	}
}

// follow makes the rest of the node act on the newest ring.
func (m *Membership) follow() {
	addresses := make(map[ring.NodeID]string)
	for _, other := range m.state.Ring().Members() {
		if other.ID != m.id {
			addresses[other.ID] = other.PeerAddr
		}
	}
	m.cfg.Channel.SetPeers(addresses)
	m.cfg.Gossip.SetMembers(addresses)
	m.cfg.Gossip.Announce(m.state.Digest())
	m.cfg.RingChanged()
}

// Push sends this node's ring state to every member that can be reached, and merges
// what they know beyond it.
func (m *Membership) Push(ctx context.Context) error {
	body := m.state.Encode()
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var group errgroup.Group
	for _, other := range m.state.Ring().Members() {
		if other.ID == m.id || !m.cfg.Channel.Available(other.ID) {
			continue
		}
		group.Go(func() error {
			if err := m.send(ctx, m.memberCall(other.ID), peer.RingPush, body); err != nil {
				return fmt.Errorf("tell %s of the ring: %w", other.Name, err)
			}
			return nil
		})
	}
	return group.Wait()
}
