package cluster

import "github.com/quorate/quorate/cluster/core/ring"

// What happens when a member comes or goes, and when the ring changes.

// reachable makes every part use a member that can be reached again.
func (n *Node) reachable(id ring.NodeID) {
	n.membership.Disseminator().Exchange(id)
	n.disseminator.Connected(id)
	n.clearer.Differs(id)
	n.repair.Reachable(id)
}

// connected tells the parts that a stream to a member has been opened, however gossip sees
// the member. After a long split, gossip learns only by this that the member is back.
func (n *Node) connected(id ring.NodeID) {
	n.gossip.Rejoin(id)
	n.reachable(id)
}

// gossipDelegate is the node as gossip sees it.
type gossipDelegate struct{ n *Node }

// RingDigest returns the digest of the ring state that this node has.
func (d gossipDelegate) RingDigest() uint64 { return d.n.state.Digest() }

// RingBehind tells that another node has another ring state.
func (d gossipDelegate) RingBehind(from ring.NodeID, digest uint64) {
	d.n.membership.Disseminator().Behind(from, digest)
}

// PeerUp tells that a member answers gossip again.
func (d gossipDelegate) PeerUp(id ring.NodeID) {
	d.n.channel.Trigger(id)
	d.n.reachable(id)
	d.n.log.Info("node is up", "node", d.n.state.Ring().Name(id))
}

// PeerDown tells that a member was declared dead.
func (d gossipDelegate) PeerDown(id ring.NodeID) {
	d.n.log.Warn("node is down", "node", d.n.state.Ring().Name(id))
}
