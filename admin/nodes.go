package admin

import (
	"context"
	"fmt"
	"net/http"

	"github.com/quorate/quorate/cluster/core/ring"
)

// Operator carries out what an operator wants of the cluster.
type Operator interface {
	// SetQuorums changes N, R and W for the whole cluster, or nothing.
	SetQuorums(ctx context.Context, n, r, w int) error
	// Leave begins the graceful departure of a live member.
	Leave(ctx context.Context, id ring.NodeID) error
	// Remove strikes off a member that is dead.
	Remove(ctx context.Context, id ring.NodeID) error
}

// Settings is the body of POST /api/cluster/config: what is left out stays.
type Settings struct {
	N *int `json:"n,omitempty"`
	R *int `json:"r,omitempty"`
	W *int `json:"w,omitempty"`
}

// postConfig changes settings of the whole cluster. Of two changes at once, one
// wins everywhere.
func (s *Server) postConfig(ctx context.Context, c *call) (any, error) {
	var wanted Settings
	if err := c.json(&wanted); err != nil {
		return nil, err
	}
	q := c.node.Ring().Configured()
	for _, change := range []struct{ setting, to *int }{{&q.N, wanted.N}, {&q.R, wanted.R}, {&q.W, wanted.W}} {
		if change.to != nil {
			*change.setting = *change.to
		}
	}
	if err := c.node.SetQuorums(ctx, q.N, q.R, q.W); err != nil {
		return nil, err
	}
	return Quorums{q.N, q.R, q.W}, nil
}

// Membership is what a change of the members answers, when it has begun; GET
// /api/cluster shows how it goes on.
type Membership struct {
	Name   string `json:"name"`
	Status string `json:"status"` // joining, leaving, removing
}

// Newcomer is the body of POST /api/nodes.
type Newcomer struct {
	AdminAddr string `json:"admin_addr,omitempty"` // of a 'quorate server --standby'; empty: start one here
}

// postNodes adds a node.
func (s *Server) postNodes(ctx context.Context, c *call) (any, error) {
	var newcomer Newcomer
	if err := c.json(&newcomer); err != nil {
		return nil, err
	}
	if newcomer.AdminAddr == "" {
		name, err := s.cfg.Process.AddNode(ctx)
		if err != nil {
			return nil, err
		}
		return Membership{name, string(ring.Joining)}, nil
	}
	var through Invitation
	for _, m := range c.node.Ring().Members() {
		if c.node.Alive(m.ID) {
			through.Through = append(through.Through, m.PeerAddr)
		}
	}
	var answer Membership
	if err := s.ports.ask(ctx, http.MethodPost, newcomer.AdminAddr, "/api/node/join", through, &answer); err != nil {
		return nil, err
	}
	return answer, nil
}

// Invitation is the body of POST /api/node/join.
type Invitation struct {
	Through []string `json:"through"` // peer addresses of the cluster
}

// postJoin takes the node that stands by here into a cluster.
func (s *Server) postJoin(_ context.Context, c *call) (any, error) {
	var to Invitation
	if err := c.json(&to); err != nil {
		return nil, err
	}
	if len(to.Through) == 0 {
		return nil, fmt.Errorf("%w: through: want peer addresses of the cluster", errBadRequest)
	}
	if err := s.cfg.Process.Join(to.Through); err != nil {
		return nil, err
	}
	return Membership{s.cfg.Name, string(ring.Joining)}, nil
}

// deleteNode takes a node off the ring: a live one leaves, its data moved first;
// of a dead one the others make new copies. ?how=leave or ?how=remove insists on
// one of them.
func (s *Server) deleteNode(ctx context.Context, c *call) (any, error) {
	member, err := findMember(c.node.Ring(), c.text("node"))
	if err != nil {
		return nil, err
	}
	became, how := string(ring.Leaving), c.text("how")
	switch alive := c.node.Alive(member.ID); {
	case alive && how == "remove":
		err = errNodeIsUp
	case alive:
		err = c.node.Leave(ctx, member.ID)
	case how == "leave":
		err = errNodeIsDown
	default:
		became = string(ring.Removing)
		err = c.node.Remove(ctx, member.ID)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", member.Name, err)
	}
	return Membership{member.Name, became}, nil
}

// findMember finds a member of the ring by its name or its id.
func findMember(r *ring.Ring, node string) (ring.Member, error) {
	for _, m := range r.Members() {
		if isNamed(m, node) {
			return m, nil
		}
	}
	return ring.Member{}, fmt.Errorf("%w: %.80q", ring.ErrUnknownMember, node)
}
