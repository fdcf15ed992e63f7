package membership

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

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
	// cluster of one.
	Join []string
	// Whereabouts are the addresses that members have now. It is for nodes that are
	// started together and may all have moved: none could tell the others.
	Whereabouts []ring.Member
}

// Origin tells how a node got its ring.
type Origin uint8

// The ways to get a ring.
const (
	Loaded  Origin = iota // from its disk: it takes its place again, at its address of now
	Founded               // it founded a cluster, by itself or with others
	Joined                // a member of a cluster admitted it
)

// Bootstrap finds this node's first ring and begins to follow it.
func (m *Membership) Bootstrap(ctx context.Context) (origin Origin, err error) {
	now, start := m.state.Ring(), &m.cfg.Start
	switch {
	case now != nil:
		origin = Loaded
		if err = m.sameCluster(ctx); err == nil {
			err = m.resume(now)
		}
	case len(start.Founders) > 0:
		origin = Founded
		m.log.Info("founding a cluster", "members", len(start.Founders))
		err = m.state.Adopt(ring.NewState(start.ClusterID, start.Partitions, start.Quorums, start.Founders...))
	case len(start.Join) > 0:
		origin = Joined
		err = m.join(ctx)
	default:
		origin = Founded
		m.log.Info("founding a cluster of one")
		err = m.state.Adopt(ring.NewState(newClusterID(), start.Partitions, start.Quorums, m.cfg.Self))
	}
	if err == nil {
		m.follow()
	}
	return origin, err
}

// sameCluster refuses to start if the nodes that the operator names belong to another
// cluster than the data directory. Those that do not answer at once do not delay the
// start: a node that was stopped needs no other node to come back. It asks them nothing
// that changes the ring, which this node may have left.
func (m *Membership) sameCluster(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	for _, addr := range m.cfg.Start.Join {
		_, err := m.cfg.Channel.CallAddr(ctx, addr, peer.RingPull, m.pullRequest())
		var refused *peer.RefusedError
		if errors.As(err, &refused) && refused.Reason == peer.RefusedCluster {
			return fmt.Errorf("%w: the data directory is of %s: %w", ring.ErrOtherCluster, m.state.ClusterID(), err)
		}
		if err == nil {
			return nil
		}
	}
	return nil
}

// resume takes this node's old place in the ring, and tells the ring what has changed
// about it.
func (m *Membership) resume(now *ring.Ring) error {
	self := m.cfg.Self
	old, known := now.Member(m.id)
	if !known || old.Status == ring.Removed {
		m.log.Error("this node was removed from its cluster; it hands over what it still holds, and ends. To bring it back, empty its data directory and join again", "node", self.Name)
		return nil
	}
	moved := []ring.Member{self}
	for _, other := range m.cfg.Start.Whereabouts {
		if old, known := now.Member(other.ID); known && other.ID != m.id {
			other.Instance = old.Instance
			moved = append(moved, other)
		}
	}
	return m.state.Change(func(s *ring.State) error {
		if m.cfg.Lacking() {
			s.Unmark(m.id)
		}
		for _, member := range moved {
			if err := s.Update(member); err != nil && member.ID == m.id {
				return err
			}
		}
		return nil
	})
}

// AwaitPeers waits until the streams to all other members stand, so that a node which
// says that it is ready does not answer its first client with NOQUORUM. It waits for at
// most as long as patience.
func (m *Membership) AwaitPeers(ctx context.Context, patience time.Duration) {
	const step = 10 * time.Millisecond
	for start := time.Now(); time.Since(start) < patience; {
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

// newClusterID is 128 random bits.
func newClusterID() string {
	id, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 128)) // never fails, see crypto/rand
	return fmt.Sprintf("%032x", id)
}
