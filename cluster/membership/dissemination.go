package membership

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/peer"
)

// callTimeout bounds a push to all members, and a pull from one.
const callTimeout = 2 * time.Second

// Run follows the changes of the ring until ctx ends, and pushes those that began here.
func (m *Membership) Run(ctx context.Context) error {
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
			if err := m.call(ctx, other.ID, peer.RingPush, body); err != nil {
				return fmt.Errorf("tell %s of the ring: %w", other.Name, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// Behind tells that a member has a ring state with that digest.
func (m *Membership) Behind(member ring.NodeID, digest uint64) {
	if digest != m.state.Digest() {
		m.Pull(member)
	}
}

// Pull gets a member's ring state, later. If too much is queued already, gossip will
// name the difference again.
func (m *Membership) Pull(from ring.NodeID) {
	m.cfg.Queue(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		if err := m.call(ctx, from, peer.RingPull, m.pullRequest()); err != nil {
			m.log.Debug("ring state not pulled", "peer", m.state.Ring().Name(from), "err", err)
		}
	})
}

// call sends a message, and merges the state that answers it, if one does.
func (m *Membership) call(ctx context.Context, to ring.NodeID, kind peer.Kind, body []byte) error {
	reply, err := m.cfg.Channel.Call(ctx, to, peer.Background, kind, body)
	if err != nil || len(reply) == 0 {
		return err
	}
	state, err := ring.DecodeState(reply)
	if err != nil {
		return err
	}
	return m.state.Merge(state)
}

// pullRequest returns the body of [peer.RingPull]: the digest of this node's state.
func (m *Membership) pullRequest() []byte { return wire.AppendUint64(nil, m.state.Digest()) }

// AnswerPull answers [peer.RingPull]: with this node's state, or with nothing if the
// asker has the same.
func (m *Membership) AnswerPull(body []byte) ([]byte, error) {
	r := wire.NewReader(body)
	theirs := r.Uint64()
	if err := r.Done("ring pull"); err != nil {
		return nil, err
	}
	return m.unlessSame(theirs), nil
}

// AnswerPush answers [peer.RingPush]: it merges the state, and answers with this node's
// own if that has more.
func (m *Membership) AnswerPush(body []byte) ([]byte, error) {
	state, err := ring.DecodeState(body)
	if err != nil {
		return nil, err
	}
	if err := m.state.Merge(state); err != nil {
		return nil, err
	}
	return m.unlessSame(state.Digest()), nil
}

func (m *Membership) unlessSame(digest uint64) []byte {
	if digest == m.state.Digest() {
		return nil
	}
	return m.state.Encode()
}
