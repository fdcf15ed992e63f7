package cluster

import (
	"context"

	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
)

// newMux registers the handler of every kind of message that a peer may send.
func (n *Node) newMux() *peer.Mux {
	m := peer.NewMux(n.joined)
	m.Batch(n.coordinator, peer.Write, peer.Read, peer.Forward)
	m.Batch(n.exchanger, antientropy.Kinds()...)
	m.Queue(peer.Join, n.admit)
	m.Queue(peer.RingPull, n.answerPull)
	m.Queue(peer.RingPush, n.answerPush)
	m.Queue(peer.SettingsPull, n.disseminator.AnswerPull)
	m.Queue(peer.SettingsPush, n.disseminator.AnswerPush)
	m.Queue(peer.Scan, n.AnswerScan)
	m.Queue(peer.Count, n.AnswerCount)
	m.Queue(peer.History, n.AnswerHistory)
	return m
}

// joined returns errNotJoined before the node has a ring: it can serve nothing then.
func (n *Node) joined() error {
	if n.keeper.ring() == nil {
		return errNotJoined
	}
	return nil
}

// pullLater queues a pull of a member's ring state. If the queue is full, gossip will
// name the digest again.
func (n *Node) pullLater(from ring.NodeID) {
	n.mux.Do(func(ctx context.Context) {
		if err := n.pull(ctx, from); err != nil {
			n.log.Debug("ring state not pulled", "peer", n.keeper.ring().Name(from), "err", err)
		}
	})
}
