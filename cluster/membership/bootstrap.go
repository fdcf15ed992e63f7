package membership

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
)

// Start tells a node without a ring on its disk where to get one.
type Start struct {
	Quorums    ring.Quorums // of a cluster that is founded
	Partitions int          // of this node's store, and of a cluster that is founded
	// Founders and ClusterID are of a cluster that several nodes found at once: all of
	// them compute the same ring.
	Founders  []ring.Member
	ClusterID string
	// Join has peer addresses of a cluster to join. Empty, and no Founders: found a
	// cluster of one. An address is only a place to look; its host may be a name that
	// stands for several.
	Join []string
	// Replace takes the place of the dead member of this node's name when it joins.
	Replace bool
	// FoundAfter is how long a node that is to found a cluster waits for a call of a member
	// that takes it for one of its own: see [Membership.Called].
	FoundAfter time.Duration
	// Whereabouts are the addresses that members have now. It is for nodes that are
	// started together and may all have moved: none could tell the others.
	Whereabouts []ring.Member
}

// Origin tells how a node got its ring.
type Origin uint8

// The ways to get a ring.
const (
	Loaded  Origin = iota // from its disk: it takes its place again, at its current address
	Founded               // it founded a cluster, by itself or with others
	Joined                // a member of a cluster admitted it
)

// Bootstrap finds this node's first ring and begins to follow it.
func (m *Membership) Bootstrap(ctx context.Context) (origin Origin, err error) {
	view, start := m.state.Ring(), &m.cfg.Start
	switch {
	case view != nil:
		origin = Loaded
		err = m.resume(ctx, view)
	case len(start.Founders) > 0:
		origin = Founded
		m.log.Info("founding a cluster", "members", len(start.Founders))
		err = m.state.Adopt(ring.NewState(start.ClusterID, start.Partitions, start.Quorums, start.Founders...))
	case len(start.Join) > 0:
		origin = Joined
		err = m.join(ctx)
	default:
		origin = Founded
		if err = m.awaitNobody(ctx); err == nil {
			m.log.Info("founding a cluster of one")
			err = m.state.Adopt(ring.NewState(newClusterID(), start.Partitions, start.Quorums, m.cfg.Self))
		}
	}
	if err == nil && origin != Loaded {
		err = m.state.Change(m.started)
	}
	if err == nil {
		m.follow()
	}
	return origin, err
}

// started records this start of the node in the ring.
func (m *Membership) started(s *ring.State) error {
	s.Started(m.id, m.cfg.Incarnation)
	return nil
}

// resume takes this node's old place in the ring, and tells the ring what has changed
// about it. Before it changes anything it asks whoever can be reached: this disk may be
// older than the node, or the node may be running elsewhere.
func (m *Membership) resume(ctx context.Context, view *ring.Ring) error {
	self := m.cfg.Self
	if old, known := view.Member(m.id); known {
		m.addresses.stopped = old.PeerAddr
	}
	if err := m.consult(ctx); err != nil {
		return err
	}
	view = m.state.Ring()
	old, known := view.Member(m.id)
	if !known || old.Status == ring.Removed {
		logRemoved(m.log, self.Name)
		return nil
	}
	if err := m.identity.checkPlace(); err != nil {
		return err
	}
	for _, addr := range m.addresses.distinct([]string{m.addresses.stopped, old.PeerAddr}) {
		if err := m.settleSoon(ctx, addr); err != nil {
			return err
		}
	}
	moved := []ring.Member{self}
	for _, other := range m.cfg.Start.Whereabouts {
		if old, known := view.Member(other.ID); known && other.ID != m.id {
			other.Instance = old.Instance
			moved = append(moved, other)
		}
	}
	err := m.state.Change(func(s *ring.State) error {
		if m.cfg.Disk.Unrepaired() {
			s.Unmark(m.id)
		}
		for _, member := range moved {
			if err := s.Update(member); err != nil && member.ID == m.id {
				return err
			}
		}
		return m.started(s)
	})
	if errors.Is(err, ring.ErrRemovedMember) { // while it asked
		logRemoved(m.log, self.Name)
		return nil
	}
	return err
}

// logRemoved says why the node ends soon.
func logRemoved(log *slog.Logger, name string) {
	log.Error("this node was removed from its cluster; it hands over what it still holds, and ends. To bring it back, empty its data directory and join again", "node", name)
}

// consultTimeout bounds what a node asks of others before it takes its place again: one
// that was stopped needs no other node to come back.
const consultTimeout = 500 * time.Millisecond

// consult pulls the ring states of whoever can be reached at once. It refuses to start if
// the nodes that the operator names belong to another cluster than the data directory.
// It asks them nothing that changes the ring, which this node may have left.
func (m *Membership) consult(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, consultTimeout)
	defer cancel()
	named := m.addresses.lookedUp(ctx)
	places := slices.Concat(named, m.addresses.former())
	for _, other := range m.state.Ring().Members() {
		if other.ID != m.id {
			places = append(places, other.PeerAddr)
		}
	}
	var group errgroup.Group
	group.SetLimit(searchAtOnce)
	for _, addr := range m.addresses.distinct(places) {
		group.Go(func() error {
			_, err := m.disseminator.pull(ctx, m.disseminator.addrCall(addr))
			var refused *peer.RefusedError
			switch {
			case errors.As(err, &refused) && refused.Reason == peer.RefusedCluster && slices.Contains(named, addr):
				return fmt.Errorf("%w: the data directory is of %s: %w", ring.ErrOtherCluster, m.state.ClusterID(), err)
			case errors.Is(err, ErrReplaced) || errors.Is(err, ErrOutdated):
				return err
			}
			return nil
		})
	}
	return group.Wait()
}

// settleSoon is settle for a node that is starting.
func (m *Membership) settleSoon(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, consultTimeout)
	defer cancel()
	return m.identity.settle(ctx, addr, true)
}

// AwaitPeers waits until the streams to all other members stand, so that a node which
// says that it is ready does not answer its first client with NOQUORUM. It waits for at
// most as long as timeout.
func (m *Membership) AwaitPeers(ctx context.Context, timeout time.Duration) {
	const step = 10 * time.Millisecond
	for start := time.Now(); time.Since(start) < timeout; {
		if !slices.ContainsFunc(m.Others(), func(id ring.NodeID) bool { return !m.Alive(id) }) {
			return
		}
		select {
		case <-time.After(step):
		case <-ctx.Done():
			return
		}
	}
}

// Caller is a member of a cluster that takes this node for a member too.
type Caller struct {
	Name, Cluster string
}

// ErrNamed refuses to found a cluster under an address that members of another name.
var ErrNamed = errors.New("a cluster takes this node for a member of it, whose data directory is empty now")

// Called tells that a member of a cluster has dialed this node as one of its members,
// while this node has no ring. A node that is to found a cluster does not do so then.
func (m *Membership) Called(by Caller) {
	select {
	case m.callers <- by:
	default: // one is enough
	}
}

// awaitNobody waits until no member of a cluster has called this node for long enough.
// Members dial each other every few seconds. One that calls a node without a ring shows
// that the node had a place in its cluster: its disk was lost, and what it would found
// is a second cluster that clients take for the first.
func (m *Membership) awaitNobody(ctx context.Context) error {
	if m.cfg.Start.FoundAfter <= 0 {
		return nil
	}
	m.log.Info("listening for a cluster that this node may have belonged to, before it founds one", "wait", m.cfg.Start.FoundAfter)
	select {
	case by := <-m.callers:
		return fmt.Errorf("%s of cluster %s calls: %w: start it with --replace --join and a peer address of that cluster to take its place again, or with --found to found another cluster", by.Name, by.Cluster, ErrNamed)
	case <-time.After(m.cfg.Start.FoundAfter):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// newClusterID is 128 random bits.
func newClusterID() string {
	id, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 128)) // never fails, see crypto/rand
	return fmt.Sprintf("%032x", id)
}
