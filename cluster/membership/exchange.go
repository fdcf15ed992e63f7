package membership

import (
	"context"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/peer"
)

// call sends a request to one node, and returns its reply.
type call func(ctx context.Context, kind peer.Kind, body []byte) ([]byte, error)

// memberCall calls a member over its foreground stream. The messages are few and small,
// and that stream is the first to be open.
func (m *Membership) memberCall(to ring.NodeID) call {
	return func(ctx context.Context, kind peer.Kind, body []byte) ([]byte, error) {
		return m.cfg.Channel.Call(ctx, to, peer.Foreground, kind, body)
	}
}

// addrCall calls whichever node is at an address.
func (m *Membership) addrCall(addr string) call {
	return func(ctx context.Context, kind peer.Kind, body []byte) ([]byte, error) {
		return m.cfg.Channel.CallAddr(ctx, addr, kind, body)
	}
}

// Behind tells that a member has a ring state with that digest.
func (m *Membership) Behind(member ring.NodeID, digest uint64) {
	if digest != m.state.Digest() {
		m.Exchange(member)
	}
}

// Exchange makes this node's ring state and a member's equal, later. If too much is
// queued already, gossip will name the difference again.
func (m *Membership) Exchange(with ring.NodeID) {
	m.cfg.Queue(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		if err := m.exchange(ctx, m.memberCall(with)); err != nil {
			m.log.Debug("ring states not exchanged", "peer", m.state.Ring().Name(with), "err", err)
		}
	})
}

// exchange makes this node's ring state and that of another node equal, in both
// directions: it pulls the other's, and pushes its own if that has more. So a node that
// has moved, and that the others cannot reach, tells them where it is.
func (m *Membership) exchange(ctx context.Context, with call) error {
	theirs, err := m.pull(ctx, with)
	if err != nil || theirs == nil || theirs.Digest() == m.state.Digest() {
		return err
	}
	return m.send(ctx, with, peer.RingPush, m.state.Encode())
}

// pull takes in the ring state of another node, and returns it; nil if it is this node's.
func (m *Membership) pull(ctx context.Context, from call) (theirs *ring.State, err error) {
	reply, err := from(ctx, peer.RingPull, wire.AppendUint64(nil, m.state.Digest()))
	if err != nil || len(reply) == 0 {
		return nil, err
	}
	if theirs, err = ring.DecodeState(reply); err != nil {
		return nil, err
	}
	return theirs, m.identity.merge(theirs)
}

// send sends a message, and merges the state that answers it, if one does.
func (m *Membership) send(ctx context.Context, to call, kind peer.Kind, body []byte) error {
	reply, err := to(ctx, kind, body)
	if err != nil || len(reply) == 0 {
		return err
	}
	state, err := ring.DecodeState(reply)
	if err != nil {
		return err
	}
	return m.identity.merge(state)
}

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
	if err := m.identity.merge(state); err != nil {
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
