package membership

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
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
	// FoundIfAbsent makes the node found a cluster if for FoundAfter no address of Join was
	// that of a member of one, and none may be: see absent.
	FoundIfAbsent bool
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

// bootstrap finds this node's first ring.
type bootstrap struct {
	self         ring.Member // as the ring should know it
	incarnation  ring.Incarnation
	start        *Start
	state        *StateStore
	disk         Trust
	channel      Channel
	identity     *Identity
	disseminator *Disseminator
	addresses    *addresses
	rand         *rand.Rand // jitters the pauses between requests to join
	log          *slog.Logger

	callers chan Caller // see [Membership.Called]
}

// run finds the ring, and tells how.
func (b *bootstrap) run(ctx context.Context) (origin Origin, err error) {
	view, start := b.state.Ring(), b.start
	switch {
	case view != nil:
		origin = Loaded
		err = b.resume(ctx, view)
	case len(start.Founders) > 0:
		origin = Founded
		b.log.Info("founding a cluster", "members", len(start.Founders))
		err = b.state.Adopt(ring.NewState(start.ClusterID, start.Partitions, start.Quorums, start.Founders...))
	case len(start.Join) > 0:
		origin = Joined
		if err = b.join(ctx); errors.Is(err, errAbsent) {
			origin = Founded
			err = b.found()
		}
	default:
		origin = Founded
		if err = b.awaitNobody(ctx); err == nil {
			err = b.found()
		}
	}
	if err == nil && origin != Loaded {
		err = b.state.Change(b.started)
	}
	return origin, err
}

// started records this start of the node in the ring.
func (b *bootstrap) started(s *ring.State) error {
	s.Started(b.self.ID, b.incarnation)
	return nil
}

// resume takes this node's old place in the ring, and tells the ring what has changed
// about it. Before it changes anything it asks whoever can be reached: this disk may be
// older than the node, or the node may be running elsewhere.
func (b *bootstrap) resume(ctx context.Context, view *ring.Ring) error {
	self := b.self
	if old, known := view.Member(b.self.ID); known {
		b.addresses.stopped = old.PeerAddr
	}
	if err := b.consult(ctx); err != nil {
		return err
	}
	view = b.state.Ring()
	old, known := view.Member(b.self.ID)
	if !known || old.Status == ring.Removed {
		b.logRemoved()
		return nil
	}
	if err := b.identity.checkPlace(); err != nil {
		return err
	}
	for _, addr := range b.addresses.distinct([]string{b.addresses.stopped, old.PeerAddr}) {
		if err := b.settleSoon(ctx, addr); err != nil {
			return err
		}
	}
	moved := []ring.Member{self}
	for _, other := range b.start.Whereabouts {
		if old, known := view.Member(other.ID); known && other.ID != b.self.ID {
			other.Instance = old.Instance
			moved = append(moved, other)
		}
	}
	err := b.state.Change(func(s *ring.State) error {
		if b.disk.Unrepaired() {
			s.Unmark(b.self.ID)
		}
		for _, member := range moved {
			if err := s.Update(member); err != nil && member.ID == b.self.ID {
				return err
			}
		}
		return b.started(s)
	})
	if errors.Is(err, ring.ErrRemovedMember) { // while it asked
		b.logRemoved()
		return nil
	}
	return err
}

// logRemoved says why the node ends soon.
func (b *bootstrap) logRemoved() {
	b.log.Error("this node was removed from its cluster; it hands over what it still holds, and ends. To bring it back, empty its data directory and join again", "node", b.self.Name)
}

// consultTimeout bounds what a node asks of others before it takes its place again: one
// that was stopped needs no other node to come back.
const consultTimeout = 500 * time.Millisecond

// consult pulls the ring states of whoever can be reached at once. It refuses to start if
// the nodes that the operator names belong to another cluster than the data directory.
// It asks them nothing that changes the ring, which this node may have left.
func (b *bootstrap) consult(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, consultTimeout)
	defer cancel()
	named, _ := b.addresses.lookedUp(ctx)
	places := slices.Concat(named, b.addresses.former())
	for _, other := range b.state.Ring().Members() {
		if other.ID != b.self.ID {
			places = append(places, other.PeerAddr)
		}
	}
	var group errgroup.Group
	group.SetLimit(searchAtOnce)
	for _, addr := range b.addresses.distinct(places) {
		group.Go(func() error {
			_, err := b.disseminator.pull(ctx, b.disseminator.addrCall(addr))
			var refused *peer.RefusedError
			switch {
			case errors.As(err, &refused) && refused.Reason == peer.RefusedCluster && slices.Contains(named, addr):
				return fmt.Errorf("%w: the data directory is of %s: %w", ring.ErrOtherCluster, b.state.ClusterID(), err)
			case errors.Is(err, ErrReplaced) || errors.Is(err, ErrOutdated):
				return err
			}
			return nil
		})
	}
	return group.Wait()
}

// settleSoon is settle for a node that is starting.
func (b *bootstrap) settleSoon(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, consultTimeout)
	defer cancel()
	return b.identity.settle(ctx, addr, true)
}
