package gossip

import (
	"encoding/binary"

	"github.com/hashicorp/memberlist"

	"github.com/quorate/quorate/cluster/core/ring"
)

// A note is all that gossip carries for the ring: who, and the digest of the
// state that it has. It travels by broadcast after a change, and in every
// push/pull.
const noteLen = 16

func (g *Gossip) note(digest uint64) []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(g.cfg.Self))
	return binary.BigEndian.AppendUint64(b, digest)
}

func (g *Gossip) hear(b []byte) {
	if len(b) != noteLen {
		g.cfg.Logger.Debug("gossip note ignored", "err", errShortNote, "bytes", len(b))
		return
	}
	from, digest := ring.NodeID(binary.BigEndian.Uint64(b)), binary.BigEndian.Uint64(b[8:])
	if from != g.cfg.Self && digest != g.cfg.Delegate.RingDigest() {
		g.cfg.Delegate.RingBehind(from, digest)
	}
}

// delegate is memberlist's side of [Gossip].
type delegate struct{ g *Gossip }

// NodeMeta returns what the others are told of this node: see [encodeMeta].
func (d delegate) NodeMeta(limit int) []byte {
	c := d.g.cfg
	return encodeMeta([]string{c.Instance, c.ClientAddr, c.AdminAddr}, c.Settings.Digest(), limit)
}

func (d delegate) NotifyMsg(b []byte) { d.g.hear(b) }

func (d delegate) GetBroadcasts(overhead, limit int) [][]byte {
	return d.g.broadcasts.GetBroadcasts(overhead, limit)
}

func (d delegate) LocalState(bool) []byte { return d.g.note(d.g.cfg.Delegate.RingDigest()) }

func (d delegate) MergeRemoteState(b []byte, _ bool) { d.g.hear(b) }

// announcement is the broadcast of a note. Only the newest counts.
type announcement struct{ note []byte }

func (a announcement) Invalidates(memberlist.Broadcast) bool { return true }
func (a announcement) Message() []byte                       { return a.note }
func (a announcement) Finished()                             {}

// events passes on who came and went.
type events struct{ g *Gossip }

func (e events) NotifyJoin(n *memberlist.Node) {
	if id := ring.IDOf(n.Name); id != e.g.cfg.Self {
		e.g.rejoiner.seen(id)
		e.g.observations.note(id, Alive)
		e.g.cfg.Delegate.PeerUp(id)
		e.g.hearMeta(id, n.Meta)
	}
}

func (e events) NotifyLeave(n *memberlist.Node) {
	if id := ring.IDOf(n.Name); id != e.g.cfg.Self {
		e.g.rejoiner.lost(id)
		e.g.observations.note(id, Dead)
		e.g.cfg.Delegate.PeerDown(id)
	}
}

func (e events) NotifyUpdate(n *memberlist.Node) {
	if id := ring.IDOf(n.Name); id != e.g.cfg.Self {
		e.g.hearMeta(id, n.Meta)
	}
}
