package admin

import (
	"context"
	"fmt"
	"net/http"

	"github.com/quorate/quorate/cluster"
	"github.com/quorate/quorate/cluster/ring"
)

// Reporter says what a node knows of its cluster and of itself.
type Reporter interface {
	Name() string
	Ring() *ring.Ring
	// Status asks every member; of those that are silent it says what is known.
	Status(ctx context.Context) []cluster.MemberStatus
	// MerkleRoots are the roots of this node's hash trees by partition; 0: empty.
	MerkleRoots() []uint64
}

// View is what GET /api/cluster answers: the cluster as one node sees it.
type View struct {
	N            int          `json:"n"` // as configured; a ring of fewer members caps what is in force
	R            int          `json:"r"`
	W            int          `json:"w"`
	Partitions   int          `json:"partitions"`
	RingVersion  uint64       `json:"ring_version"`
	InTransition bool         `json:"in_transition"`     // data is moving to new owners
	Pending      []string     `json:"pending,omitempty"` // nodes that have yet to receive theirs
	Self         string       `json:"self"`              // the node that answers
	Nodes        []MemberView `json:"nodes"`
}

// MemberView is one member of a [View].
type MemberView struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Status     string `json:"status"` // up, down; joining, leaving, removing
	Alive      bool   `json:"alive"`  // it answers the node that was asked
	ClientAddr string `json:"client_addr"`
	PeerAddr   string `json:"peer_addr"`
	AdminAddr  string `json:"admin_addr"`
	Zone       string `json:"zone,omitempty"`
	Tokens     int    `json:"tokens"`
	// The figures of a node that did not answer in time are null.
	Keys  *int64 `json:"keys"`
	Bytes *int64 `json:"bytes"`
	Hints *int64 `json:"hints"`
}

func (s *Server) getCluster(w http.ResponseWriter, r *http.Request) {
	s.withNode(w, r, func(ctx context.Context, node Node) (any, error) {
		return viewOf(node.Ring(), node.Name(), node.Status(ctx)), nil
	})
}

func viewOf(now *ring.Ring, self string, members []cluster.MemberStatus) View {
	q := now.Configured()
	v := View{
		N: q.N, R: q.R, W: q.W, Partitions: now.Partitions(), RingVersion: now.Version(),
		InTransition: now.InTransition(), Self: self, Nodes: make([]MemberView, 0, len(members)),
	}
	for _, id := range now.Pending() {
		v.Pending = append(v.Pending, now.Name(id))
	}
	for _, m := range members {
		v.Nodes = append(v.Nodes, viewOfMember(m))
	}
	return v
}

func viewOfMember(m cluster.MemberStatus) MemberView {
	v := MemberView{
		ID: idText(m.ID), Name: m.Name, Status: string(m.Status), Alive: m.Up, Zone: m.Zone,
		ClientAddr: m.ClientAddr, PeerAddr: m.PeerAddr, AdminAddr: m.AdminAddr, Tokens: m.Tokens,
	}
	if m.Status == ring.Up && !m.Up {
		v.Status = "down"
	}
	if m.Known {
		v.Keys, v.Bytes, v.Hints = &m.Keys, &m.Bytes, &m.Hints
	}
	return v
}

func idText(id ring.NodeID) string { return fmt.Sprintf("%016x", uint64(id)) }

// getMerkle gives the roots of this node's hash trees by partition, as hex; two
// replicas of a partition whose roots are equal hold the same objects. Empty
// partitions are left out.
func (s *Server) getMerkle(w http.ResponseWriter, r *http.Request) {
	s.withNode(w, r, func(_ context.Context, node Node) (any, error) {
		roots := make(map[int]string)
		for partition, root := range node.MerkleRoots() {
			if root != 0 {
				roots[partition] = fmt.Sprintf("%016x", root)
			}
		}
		return map[string]any{"node": node.Name(), "roots": roots}, nil
	})
}
