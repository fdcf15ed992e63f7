package cluster

import (
	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/peer"
)

// register names the handler of every kind of message that a peer may send.
func (n *Node) register(m *peer.Mux) {
	m.Batch(n.coordinator, peer.Write, peer.Delta, peer.Read, peer.Forward, peer.TakeOver, peer.Age)
	m.Batch(n.repair.Exchanger(), antientropy.Kinds()...)
	m.Queue(peer.Join, n.membership.AnswerJoin)
	m.Queue(peer.RingPull, n.membership.Disseminator().AnswerPull)
	m.Queue(peer.RingPush, n.membership.Disseminator().AnswerPush)
	m.Queue(peer.Identify, n.membership.Identity().AnswerIdentify)
	m.Queue(peer.SettingsPull, n.disseminator.AnswerPull)
	m.Queue(peer.SettingsPush, n.disseminator.AnswerPush)
	n.clearer.Register(m)
	m.Queue(peer.Scan, n.coverage.AnswerScan)
	m.Queue(peer.Count, n.coverage.AnswerCount)
	m.Queue(peer.History, n.coverage.AnswerHistory)
}
