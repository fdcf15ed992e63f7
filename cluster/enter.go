package cluster

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	mrand "math/rand/v2"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/settings"
	"github.com/quorate/quorate/cluster/peer"
)

// A node enters its ring in one of four ways:
//
//  1. its disk remembers one: it takes its place again, at whatever address it
//     has now;
//  2. it was given the founders of a new cluster: all of them compute the same
//     ring;
//  3. it was given addresses to join: it asks them until one takes it in;
//  4. none of these: it founds a cluster of one.
//
// Only an operator's word changes who belongs to the ring (section 4.8 of the
// paper); an asked node takes a newcomer in because the newcomer's operator said
// so, with the cluster's secret where one is set.

// member is this node as the ring should know it.
func (n *Node) member() ring.Member {
	return ring.Member{
		ID: n.id, Name: n.cfg.Name, Zone: n.cfg.Zone, Instance: n.instance,
		ClientAddr: n.cfg.ClientAddr, PeerAddr: n.cfg.AdvertisePeerAddr, AdminAddr: n.cfg.AdminAddr,
	}
}

func (n *Node) enter(ctx context.Context) error {
	if now := n.keeper.ring(); now != nil {
		if err := n.sameCluster(ctx); err != nil {
			return err
		}
		return n.resume(now)
	}
	quorums := ring.Quorums{N: n.cfg.N, R: n.cfg.R, W: n.cfg.W}
	switch {
	case len(n.cfg.Founders) > 0:
		n.log.Info("founding a cluster", "members", len(n.cfg.Founders))
		return n.found(ring.NewState(n.cfg.ClusterID, n.cfg.Partitions, quorums, n.cfg.Founders...))
	case len(n.cfg.Join) > 0:
		return n.join(ctx)
	default:
		n.log.Info("founding a cluster of one")
		return n.found(ring.NewState(newClusterID(), n.cfg.Partitions, quorums, n.member()))
	}
}

// found makes a new cluster's ring this node's own, and the settings that its flags say
// the cluster's.
func (n *Node) found(state *ring.State) error {
	if err := n.keeper.adopt(state); err != nil {
		return err
	}
	return n.settings.Merge(settings.Founded(n.cfg.Policy))
}

// sameCluster refuses to start where the nodes that the operator names belong to
// another cluster than the data directory. Those that do not answer at once do
// not hold the start up: a node that was stopped needs no one to come back. It
// asks them nothing that changes the ring, for this node may have left it.
func (n *Node) sameCluster(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	for _, addr := range n.cfg.Join {
		_, err := n.channel.CallAddr(ctx, addr, peer.RingPull, n.pullRequest())
		var refused *peer.RefusedError
		if errors.As(err, &refused) && refused.Reason == peer.RefusedCluster {
			return fmt.Errorf("%w: the data directory is of %s: %w", ring.ErrOtherCluster, n.keeper.clusterID(), err)
		}
		if err == nil {
			return nil
		}
	}
	return nil
}

// resume takes the node's old place, telling the ring what has changed about it.
func (n *Node) resume(now *ring.Ring) error {
	self := n.member()
	old, known := now.Member(n.id)
	if !known || old.Status == ring.Removed {
		n.log.Error("this node was removed from its cluster; it hands over what it still holds, and ends. To bring it back, empty its data directory and join again", "node", n.cfg.Name)
		return nil
	}
	moved := []ring.Member{self}
	for _, m := range n.cfg.Whereabouts {
		if old, known := now.Member(m.ID); known && m.ID != n.id {
			m.Instance = old.Instance
			moved = append(moved, m)
		}
	}
	return n.keeper.change(func(s *ring.State) error {
		if n.store.Lacking() {
			s.Unmark(n.id)
		}
		for _, m := range moved {
			if err := s.Update(m); err != nil && m.ID == n.id {
				return err
			}
		}
		return nil
	})
}

// join asks the given addresses, again and again, to be taken in.
func (n *Node) join(ctx context.Context) error {
	body, err := encodeJoin(n.member(), n.cfg.Partitions)
	if err != nil {
		return err
	}
	const first, most = 100 * time.Millisecond, 5 * time.Second
	for pause := first; ; pause = min(2*pause, most) {
		err := n.askToJoin(ctx, body)
		if err == nil {
			return nil
		}
		var remote *peer.RemoteError
		if errors.As(err, &remote) || errors.Is(err, peer.ErrRefused) || errors.Is(err, ring.ErrNameTaken) {
			return fmt.Errorf("the cluster refused this node: %w", err)
		}
		n.log.Warn("no node of the cluster answered yet, asking again", "join", n.cfg.Join, "err", err)
		select {
		case <-time.After(pause/2 + mrand.N(pause)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (n *Node) askToJoin(ctx context.Context, body []byte) error {
	var errs []error
	for _, addr := range n.cfg.Join {
		asking, cancel := context.WithTimeout(ctx, 5*time.Second)
		reply, err := n.channel.CallAddr(asking, addr, peer.Join, body)
		cancel()
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", addr, err))
			continue
		}
		state, err := decodeAdmission(reply)
		if err != nil {
			return fmt.Errorf("answer of %s: %w", addr, err)
		}
		n.log.Info("joined a cluster", "through", addr, "members", len(ring.NewRing(state).Members()))
		return n.keeper.adopt(state)
	}
	return errors.Join(errs...)
}

// admit takes a newcomer in, on a peer's request.
func (n *Node) admit(body []byte) ([]byte, error) {
	m, partitions, err := decodeJoin(body)
	if err != nil {
		return nil, err
	}
	if ours := n.keeper.ring().Partitions(); partitions != ours {
		return nil, fmt.Errorf("the cluster has %d partitions, the node was made for %d: start it with --partitions %d and an empty data directory", ours, partitions, ours)
	}
	err = n.keeper.change(func(s *ring.State) error { return s.Join(m) })
	if errors.Is(err, ring.ErrNameTaken) {
		return []byte{admissionNameTaken}, nil
	}
	if err != nil {
		return nil, err
	}
	n.log.Info("node joins the ring", "node", m.Name, "peer_addr", m.PeerAddr)
	return append([]byte{admitted}, n.keeper.encoded()...), nil
}

// newClusterID is 128 random bits.
func newClusterID() string {
	id, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 128)) // never fails, see crypto/rand
	return fmt.Sprintf("%032x", id)
}
