package membership

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
)

var (
	// ErrTwin ends a node because another process of the same node runs.
	ErrTwin = errors.New("another process of this node is running: two must not, stop one and give it a data directory and a name of its own")
	// ErrOutdated ends a node whose disk is older than deletions are remembered.
	ErrOutdated = errors.New("this data directory is a copy from before the tombstone grace: it has values that were deleted since, and nobody remembers the deletions; empty it, and start with --replace to have it filled from the others")
	// ErrReplaced ends a node because another data directory has taken its place.
	ErrReplaced = errors.New("another data directory has taken the place of this one in the ring: to join again, empty this one and choose another name")
)

// Identity is who this node is: its name and its data directory, wherever it listens. It
// watches what the ring and other nodes say about this node. The ring remembers the newest
// starts (incarnations) of each member. Two things follow:
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
//
// Its methods may be called from any goroutine.
type Identity struct {
	self        ring.Member // as the ring should know it
	incarnation ring.Incarnation
	born        time.Time
	state       *StateStore
	disk        Trust
	channel     Channel
	fail        func(error)
	log         *slog.Logger

	displaced chan struct{} // has a value once the ring has this node at another address
}

func newIdentity(cfg *Config) *Identity {
	return &Identity{
		self: cfg.Self, incarnation: cfg.Incarnation, born: time.Now(), state: cfg.State, disk: cfg.Disk,
		channel: cfg.Channel, fail: cfg.Fail, log: cfg.Logger, displaced: make(chan struct{}, 1),
	}
}

// merge takes in the ring state of another node.
func (i *Identity) merge(other *ring.State) error {
	start := i.state.UnknownStart(i.self.ID, other)
	if start != 0 {
		i.log.Error("this data directory is older than what the node has been, or another process uses a copy of it: it will be made up to date from the others before it answers for what it holds",
			"node", i.self.Name, "start", fmt.Sprintf("%016x", uint64(start)))
		if err := i.disk.Outdated(start); err != nil {
			i.fail(err)
			return err
		}
	}
	err := i.state.Merge(other)
	if err == nil && start != 0 {
		err = i.unmark()
	}
	if err == nil {
		if err = i.checkPlace(); err != nil {
			i.fail(err)
		}
	}
	return err
}

// unmark takes back that this node holds all that it gains, if it has said so.
func (i *Identity) unmark() error {
	return i.state.Change(func(s *ring.State) error {
		s.Unmark(i.self.ID)
		return nil
	})
}

// checkPlace returns [ErrReplaced] if this node's place belongs to another data
// directory. If the ring has this node elsewhere, it tells the search.
func (i *Identity) checkPlace() error {
	self, known := i.state.Ring().Member(i.self.ID)
	if !known || self.Status == ring.Removed {
		return nil
	}
	if self.Instance != "" && self.Instance != i.self.Instance {
		return fmt.Errorf("%s: %w", self.Name, ErrReplaced)
	}
	if self.PeerAddr != i.self.PeerAddr {
		select {
		case i.displaced <- struct{}{}:
		default:
		}
	}
	return nil
}

// process is what a process tells of itself to one that may be of the same node.
type process struct {
	Node        string `json:"node"`
	Instance    string `json:"instance"`
	Incarnation uint64 `json:"incarnation,string"`
	PeerAddr    string `json:"peer_addr"`
	// UptimeMillis is how long ago it started. No clock is compared with another one.
	UptimeMillis int64 `json:"uptime_ms"`
	// Starting says that it has not served yet.
	Starting bool `json:"starting"`
}

const maxProcess = 4 << 10

// process returns this process. Starting says that it has not served yet.
func (i *Identity) process(starting bool) process {
	return process{
		Node: i.self.Name, Instance: i.self.Instance, Incarnation: uint64(i.incarnation),
		PeerAddr: i.self.PeerAddr, UptimeMillis: time.Since(i.born).Milliseconds(), Starting: starting,
	}
}

// twin reports whether other is another process of this node.
func (i *Identity) twin(other process) bool {
	return other.Node == i.self.Name && other.Incarnation != uint64(i.incarnation)
}

// yields reports whether a is the one of two processes of a node that must end.
func yields(a, b process) bool {
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
func (i *Identity) settle(ctx context.Context, addr string, starting bool) error {
	self := i.process(starting)
	body, err := json.Marshal(self)
	if err != nil {
		return err
	}
	reply, err := i.channel.CallAddr(ctx, addr, peer.Identify, body)
	if err != nil {
		i.log.Debug("no identity from an address that the ring has for this node", "addr", addr, "err", err)
		return nil
	}
	other, err := decodeProcess(reply)
	if err != nil || !i.twin(other) {
		return err
	}
	return i.meet(self, other)
}

// AnswerIdentify answers [peer.Identify]: it tells who this node is.
func (i *Identity) AnswerIdentify(body []byte) ([]byte, error) {
	other, err := decodeProcess(body)
	if err != nil {
		return nil, err
	}
	self := i.process(false)
	if i.twin(other) {
		if err := i.meet(self, other); err != nil {
			i.fail(err)
		}
	}
	return json.Marshal(self)
}

// meet returns [ErrTwin] if this process must end because of another one of the same
// node. Both say so.
func (i *Identity) meet(self, other process) error {
	if yields(self, other) {
		err := fmt.Errorf("%s at %s: %w", other.Node, other.PeerAddr, ErrTwin)
		i.log.Error("this process ends", "node", self.Node, "err", err)
		return err
	}
	i.log.Error("a second process of this node was refused: it must have a data directory and a name of its own", "node", self.Node, "addr", other.PeerAddr)
	return nil
}

// reclaim writes this node's address into the ring where the ring has another one, unless
// another process of the node is there.
func (i *Identity) reclaim(ctx context.Context) error {
	self, known := i.state.Ring().Member(i.self.ID)
	if !known || self.Status == ring.Removed || self.PeerAddr == i.self.PeerAddr {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, visitTimeout)
	defer cancel()
	if err := i.settle(ctx, self.PeerAddr, false); err != nil {
		return err
	}
	i.log.Warn("the ring had this node at another address", "addr", self.PeerAddr)
	err := i.state.Change(func(s *ring.State) error { return s.Update(i.self) })
	if errors.Is(err, ring.ErrRemovedMember) {
		return nil // meanwhile: AwaitLeave ends the node when it has handed over what it holds
	}
	return err
}

func decodeProcess(body []byte) (p process, err error) {
	if len(body) > maxProcess {
		return p, fmt.Errorf("identity of %d bytes: at most %d are taken", len(body), maxProcess)
	}
	if err := json.Unmarshal(body, &p); err != nil {
		return p, fmt.Errorf("identity: %w", err)
	}
	return p, nil
}
