package admin

import (
	"context"
	"fmt"
	"net/http"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster/core/quorum"
	"github.com/quorate/quorate/cluster/core/ring"
)

// nodeHandlers answers for the cluster, its members and its settings.
type nodeHandlers struct{ *backend }

// postConfig changes settings of the whole cluster. Of two changes at once, one
// wins everywhere.
func (h *nodeHandlers) postConfig(ctx context.Context, c *call) (any, error) {
	var wanted api.QuorumChange
	if err := c.json(&wanted); err != nil {
		return nil, err
	}
	q := c.node.Ring().Configured().NRW()
	for _, change := range []struct{ setting, to *int }{{&q.N, wanted.N}, {&q.R, wanted.R}, {&q.W, wanted.W}} {
		if change.to != nil {
			*change.setting = *change.to
		}
	}
	if err := c.node.Changes.SetQuorums(ctx, q); err != nil {
		return nil, err
	}
	return answerOf(q, c.node.Ring()), nil
}

// answerOf tells new quorums, and what holds of them for the members that stay.
func answerOf(q quorum.NRW, view *ring.Ring) api.QuorumAnswer {
	stay := 0
	for _, m := range view.Members() {
		if m.Status == ring.Up || m.Status == ring.Joining {
			stay++
		}
	}
	ahead := q.Capped(stay)
	answer := api.QuorumAnswer{Quorums: api.Quorums{N: q.N, R: q.R, W: q.W}, Effective: api.Quorums{N: ahead.N, R: ahead.R, W: ahead.W}}
	if ahead.N < q.N {
		answer.Note = fmt.Sprintf("the ring has %d members: until there are %d, n=%d r=%d w=%d hold", stay, q.N, ahead.N, ahead.R, ahead.W)
	}
	return answer
}

// postNodes adds a node.
func (h *nodeHandlers) postNodes(ctx context.Context, c *call) (any, error) {
	var newcomer api.AddNodeRequest
	if err := c.json(&newcomer); err != nil {
		return nil, err
	}
	if newcomer.AdminAddr == "" {
		name, err := h.cfg.Process.AddNode(ctx)
		if err != nil {
			return nil, err
		}
		return api.MemberChange{Name: name, Status: string(ring.Joining)}, nil
	}
	var through api.JoinRequest
	for _, m := range c.node.Ring().Members() {
		if c.node.Alive(m.ID) {
			through.Through = append(through.Through, m.PeerAddr)
		}
	}
	var answer api.MemberChange
	if err := h.ports.At(newcomer.AdminAddr).Call(ctx, http.MethodPost, "/api/node/join", through, &answer); err != nil {
		return nil, err
	}
	return answer, nil
}

// postJoin makes the node on standby behind this port join a cluster.
func (h *nodeHandlers) postJoin(_ context.Context, c *call) (any, error) {
	var to api.JoinRequest
	if err := c.json(&to); err != nil {
		return nil, err
	}
	if len(to.Through) == 0 {
		return nil, fmt.Errorf("%w: through: want peer addresses of the cluster", errBadRequest)
	}
	if err := h.cfg.Process.Join(to.Through); err != nil {
		return nil, err
	}
	return api.MemberChange{Name: h.cfg.Name, Status: string(ring.Joining)}, nil
}

// deleteNode takes a node off the ring. A live node moves its data first and leaves. A
// dead node is removed, and the others copy its data anew. With ?how=leave or
// ?how=remove the request fails if the other way would be taken.
func (h *nodeHandlers) deleteNode(ctx context.Context, c *call) (any, error) {
	member, err := findMember(c.node.Ring(), c.text("node"))
	if err != nil {
		return nil, err
	}
	became, how := string(ring.Leaving), c.text("how")
	switch alive := c.node.Alive(member.ID); {
	case alive && how == "remove":
		err = errNodeIsUp
	case alive:
		err = c.node.Changes.Leave(ctx, member.ID)
	case how == "leave":
		err = errNodeIsDown
	default:
		became = string(ring.Removing)
		err = c.node.Changes.Remove(ctx, member.ID)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", member.Name, err)
	}
	return api.MemberChange{Name: member.Name, Status: became}, nil
}

// postReplace lets a fresh node take the place of a dead one under its name.
func (h *nodeHandlers) postReplace(ctx context.Context, c *call) (any, error) {
	member, err := findMember(c.node.Ring(), c.text("node"))
	if err != nil {
		return nil, err
	}
	if c.node.Alive(member.ID) {
		return nil, fmt.Errorf("%s: %w", member.Name, errNotDead)
	}
	if err := c.node.Changes.Vacate(ctx, member.ID); err != nil {
		return nil, err
	}
	return api.MemberChange{Name: member.Name, Status: statusVacant}, nil
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
