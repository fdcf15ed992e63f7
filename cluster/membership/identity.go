package membership

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
)

// A node is its name and its data directory, wherever it listens. The ring remembers the
// newest starts (incarnations) of each member. Two things follow:
//
//   - A start that the ring knows and the node's own disk does not tells that the disk is
//     older than the node: a backup that was put back, or a copy of which another
//     process has run. The node notes that before it takes in the news, and does not
//     speak for what is stored here until the others have brought it up to date. A copy
//     that was made since the node's last start cannot be told in this way.
//   - Where the ring says that this node is at another address, another process may have
//     written so. The node asks who is there. If it is another process of the same
//     node, one of the two ends: the one that is starting, or else the one that
//     started later.

var (
	// ErrTwin ends a node because another process of the same node runs.
	ErrTwin = errors.New("another process of this node is running: two must not, stop one and give it a data directory and a name of its own")
	// ErrOutdated ends a node whose disk is older than deletions are remembered.
	ErrOutdated = errors.New("this data directory is a copy from before the tombstone grace: it has values that were deleted since, and nobody remembers the deletions; empty it, and start with --replace to have it filled from the others")
	// ErrReplaced ends a node because another data directory has taken its place.
	ErrReplaced = errors.New("another data directory has taken the place of this one in the ring: to join again, empty this one and choose another name")
)

// merge takes in the ring state of another node.
func (m *Membership) merge(other *ring.State) error {
	start := m.state.UnknownStart(m.id, other)
	if start != 0 {
		m.log.Error("this data directory is older than what the node has been, or another process uses a copy of it: it will be made up to date from the others before it answers for what it holds",
			"node", m.cfg.Self.Name, "start", fmt.Sprintf("%016x", uint64(start)))
		if err := m.cfg.Disk.Outdated(start); err != nil {
			m.cfg.Fail(err)
			return err
		}
	}
	err := m.state.Merge(other)
	if err == nil && start != 0 {
		err = m.unmark()
	}
	if err == nil {
		if err = m.checkPlace(); err != nil {
			m.cfg.Fail(err)
		}
	}
	return err
}

// unmark takes back that this node holds all that it gains, if it has said so.
func (m *Membership) unmark() error {
	return m.state.Change(func(s *ring.State) error {
		s.Unmark(m.id)
		return nil
	})
}

// checkPlace returns [ErrReplaced] if this node's place belongs to another data
// directory. If the ring has this node elsewhere, it makes the search look there.
func (m *Membership) checkPlace() error {
	self, known := m.state.Ring().Member(m.id)
	if !known || self.Status == ring.Removed {
		return nil
	}
	if self.Instance != "" && self.Instance != m.cfg.Self.Instance {
		return fmt.Errorf("%s: %w", self.Name, ErrReplaced)
	}
	if self.PeerAddr != m.cfg.Self.PeerAddr {
		m.look()
	}
	return nil
}

// identity is what a node tells of itself to one that may be the same node.
type identity struct {
	Node        string `json:"node"`
	Instance    string `json:"instance"`
	Incarnation uint64 `json:"incarnation,string"`
	PeerAddr    string `json:"peer_addr"`
	// UptimeMillis is how long ago it started. No clock is compared with another one.
	UptimeMillis int64 `json:"uptime_ms"`
	// Starting says that it has not served yet.
	Starting bool `json:"starting"`
}

const maxIdentity = 4 << 10

func (m *Membership) identity(starting bool) identity {
	return identity{
		Node: m.cfg.Self.Name, Instance: m.cfg.Self.Instance, Incarnation: uint64(m.cfg.Incarnation),
		PeerAddr: m.cfg.Self.PeerAddr, UptimeMillis: time.Since(m.born).Milliseconds(), Starting: starting,
	}
}

// twin reports whether other is another process of this node.
func (m *Membership) twin(other identity) bool {
	return other.Node == m.cfg.Self.Name && other.Incarnation != uint64(m.cfg.Incarnation)
}

// yields reports whether a is the one of two processes of a node that must end.
func yields(a, b identity) bool {
	switch {
	case a.Starting != b.Starting:
		return a.Starting
	case a.UptimeMillis != b.UptimeMillis:
		return a.UptimeMillis < b.UptimeMillis
	}
	return a.Incarnation > b.Incarnation
}

// settle asks who is at an address where the ring has this node. It returns [ErrTwin] if
// another process of this node is there, and this one must end.
func (m *Membership) settle(ctx context.Context, addr string, starting bool) error {
	self := m.identity(starting)
	body, err := json.Marshal(self)
	if err != nil {
		return err
	}
	reply, err := m.cfg.Channel.CallAddr(ctx, addr, peer.Identify, body)
	if err != nil {
		m.log.Debug("no identity from an address that the ring has for this node", "addr", addr, "err", err)
		return nil
	}
	other, err := decodeIdentity(reply)
	if err != nil || !m.twin(other) {
		return err
	}
	return m.meet(self, other)
}

// AnswerIdentify answers [peer.Identify]: it tells who this node is.
func (m *Membership) AnswerIdentify(body []byte) ([]byte, error) {
	other, err := decodeIdentity(body)
	if err != nil {
		return nil, err
	}
	self := m.identity(false)
	if m.twin(other) {
		if err := m.meet(self, other); err != nil {
			m.cfg.Fail(err)
		}
	}
	return json.Marshal(self)
}

// meet returns [ErrTwin] if this process must end because of another one of the same
// node. Both say so.
func (m *Membership) meet(self, other identity) error {
	if yields(self, other) {
		err := fmt.Errorf("%s at %s: %w", other.Node, other.PeerAddr, ErrTwin)
		m.log.Error("this process ends", "node", self.Node, "err", err)
		return err
	}
	m.log.Error("a second process of this node was refused: it must have a data directory and a name of its own", "node", self.Node, "addr", other.PeerAddr)
	return nil
}

func decodeIdentity(body []byte) (i identity, err error) {
	if len(body) > maxIdentity {
		return i, fmt.Errorf("identity of %d bytes: at most %d are taken", len(body), maxIdentity)
	}
	if err := json.Unmarshal(body, &i); err != nil {
		return i, fmt.Errorf("identity: %w", err)
	}
	return i, nil
}
