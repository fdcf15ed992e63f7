package membership

import (
	"encoding/binary"

	"github.com/hashicorp/memberlist"

	"github.com/quorate/quorate/cluster/core/ring"
)

// A note is all that gossip carries for the ring: who, and the digest of the
// state that it has. It travels by broadcast after a change, and in every
// push/pull.
const noteLen = 16

func (m *Membership) note(digest uint64) []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(m.cfg.Self))
	return binary.BigEndian.AppendUint64(b, digest)
}

func (m *Membership) hear(b []byte) {
	if len(b) != noteLen {
		m.cfg.Logger.Debug("gossip note ignored", "err", errShortNote, "bytes", len(b))
		return
	}
	from, digest := ring.NodeID(binary.BigEndian.Uint64(b)), binary.BigEndian.Uint64(b[8:])
	if from != m.cfg.Self && digest != m.cfg.Delegate.RingDigest() {
		m.cfg.Delegate.RingBehind(from, digest)
	}
}

// delegate is memberlist's side of [Membership].
type delegate struct{ m *Membership }

// NodeMeta tells where the node is reached besides its peer port: lines that fit
// memberlist's 512 bytes, or nothing, for the ring has the same.
func (d delegate) NodeMeta(limit int) []byte {
	meta := d.m.cfg.Instance + "\n" + d.m.cfg.ClientAddr + "\n" + d.m.cfg.AdminAddr
	if len(meta) > limit {
		return nil
	}
	return []byte(meta)
}

func (d delegate) NotifyMsg(b []byte) { d.m.hear(b) }

func (d delegate) GetBroadcasts(overhead, limit int) [][]byte {
	return d.m.broadcasts.GetBroadcasts(overhead, limit)
}

func (d delegate) LocalState(bool) []byte { return d.m.note(d.m.cfg.Delegate.RingDigest()) }

func (d delegate) MergeRemoteState(b []byte, _ bool) { d.m.hear(b) }

// announcement is the broadcast of a note. Only the newest counts.
type announcement struct{ note []byte }

func (a announcement) Invalidates(memberlist.Broadcast) bool { return true }
func (a announcement) Message() []byte                       { return a.note }
func (a announcement) Finished()                             {}

// events passes on who came and went.
type events struct{ m *Membership }

func (e events) NotifyJoin(n *memberlist.Node) {
	if id := ring.IDOf(n.Name); id != e.m.cfg.Self {
		e.m.knocker.seen(id)
		e.m.sights.note(id, Alive)
		e.m.cfg.Delegate.PeerUp(id)
	}
}

func (e events) NotifyLeave(n *memberlist.Node) {
	if id := ring.IDOf(n.Name); id != e.m.cfg.Self {
		e.m.knocker.lost(id)
		e.m.sights.note(id, Dead)
		e.m.cfg.Delegate.PeerDown(id)
	}
}

func (e events) NotifyUpdate(*memberlist.Node) {}
