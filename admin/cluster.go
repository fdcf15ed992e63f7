package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/quorate/quorate/cluster"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/membership"
)

// Reporter says what a node knows of its cluster and of itself.
type Reporter interface {
	Name() string
	Ring() *ring.Ring
	// Alive reports whether a member answers.
	Alive(id ring.NodeID) bool
	// Status asks every member; of those that are silent it says what is known.
	Status(ctx context.Context) []cluster.MemberStatus
	Figures() cluster.Figures
	Born() time.Time
}

// View is what GET /api/cluster answers: the cluster as one node sees it.
type View struct {
	N            int          `json:"n"` // as configured
	R            int          `json:"r"`
	W            int          `json:"w"`
	Effective    Quorums      `json:"effective"` // in force: a ring of fewer members caps them
	Partitions   int          `json:"partitions"`
	RingVersion  uint64       `json:"ring_version"`
	InTransition bool         `json:"in_transition"` // data is moving to new owners
	Pending      []string     `json:"pending"`       // nodes that have yet to receive theirs
	Self         string       `json:"self"`          // the node that was asked
	Chaos        bool         `json:"chaos"`         // nodes may be killed and links cut
	Demo         bool         `json:"demo"`          // a node can be added without an address
	Nodes        []MemberView `json:"nodes"`
	Links        []Link       `json:"links"`
	Missing      []string     `json:"missing"` // whose port did not answer in time
}

// Quorums are N, R and W.
type Quorums struct {
	N int `json:"n"`
	R int `json:"r"`
	W int `json:"w"`
}

// MemberView is one member of a [View]. Figures that are not known are null.
type MemberView struct {
	ID         string           `json:"id"`
	Name       string           `json:"name"`
	Status     string           `json:"status"` // up, suspect, down, killed; joining, leaving, removing
	Alive      bool             `json:"alive"`  // it answers the node that was asked
	ClientAddr string           `json:"client_addr"`
	PeerAddr   string           `json:"peer_addr"`
	AdminAddr  string           `json:"admin_addr"`
	Zone       string           `json:"zone"`
	Tokens     int              `json:"tokens"`
	Keys       *int64           `json:"keys"`
	Bytes      *int64           `json:"bytes"`
	Hints      *int64           `json:"hints"` // kept for others
	HintsFor   map[string]int64 `json:"hints_for"`
	Reads      *int64           `json:"reads"` // coordinated since it started
	Writes     *int64           `json:"writes"`
	UptimeS    *float64         `json:"uptime_s"`
}

// Link is a fault on the link from one node to another.
type Link struct {
	From        string  `json:"from"`
	To          string  `json:"to"`
	Cut         bool    `json:"cut"`
	DelayMillis int64   `json:"delay_ms"`
	Loss        float64 `json:"loss"`
}

func (s *Server) getCluster(ctx context.Context, c *call) (any, error) {
	if c.local() {
		node, err := s.node()
		if err != nil {
			return nil, err
		}
		return s.viewFrom(ctx, node, map[string]Facts{s.cfg.Name: s.facts()}), nil
	}
	v, err := s.view(ctx, s.allFacts(ctx, same("/api/node")))
	if errors.Is(err, ErrKilled) && !c.passedOn() {
		return s.borrowedView(ctx)
	}
	return v, err
}

// view is the cluster as this port's node sees it.
func (s *Server) view(ctx context.Context, facts map[string]Facts) (*View, error) {
	node, err := s.node()
	if err != nil {
		return nil, err
	}
	return s.viewFrom(ctx, node, facts), nil
}

// borrowedView is another node's view, seen from here.
func (s *Server) borrowedView(ctx context.Context) (*View, error) {
	addr, err := s.anyone(ctx)
	if err != nil {
		return nil, err
	}
	var v View
	if err := s.ports.ask(ctx, http.MethodGet, addr, "/api/cluster", nil, &v); err != nil {
		return nil, err
	}
	v.Self, v.Chaos, v.Demo = s.cfg.Name, s.cfg.Process.Chaos(), s.cfg.Process.Demo()
	return &v, nil
}

// allFacts asks every port for what it knows, this one included; path is that of
// GET /api/node.
func (s *Server) allFacts(ctx context.Context, path func(ring.Member) string) map[string]Facts {
	here, err := s.stands()
	if err != nil {
		return map[string]Facts{s.cfg.Name: s.facts()}
	}
	ctx, cancel := context.WithTimeout(ctx, fanoutTimeout)
	defer cancel()
	facts, _ := askAll[Facts](ctx, s.ports, here.others(), http.MethodGet, path, nil)
	facts[s.cfg.Name] = s.facts()
	return facts
}

func (s *Server) viewFrom(ctx context.Context, node Node, facts map[string]Facts) *View {
	now := node.Ring()
	q, effective := now.Configured(), now.Quorums()
	v := &View{
		N: q.N, R: q.R, W: q.W, Effective: Quorums{effective.N, effective.R, effective.W},
		Partitions: now.Partitions(), RingVersion: now.Version(), InTransition: now.InTransition(),
		Pending: []string{}, Missing: []string{}, Self: node.Name(),
		Chaos: s.cfg.Process.Chaos(), Demo: s.cfg.Process.Demo(),
		Nodes: make([]MemberView, 0, len(now.Members())), Links: linksOf(now, facts),
	}
	for _, id := range now.Pending() {
		v.Pending = append(v.Pending, now.Name(id))
	}
	for _, m := range now.Members() {
		f, answered := facts[m.Name]
		v.Nodes = append(v.Nodes, viewOfMember(node, m, f))
		if !answered {
			v.Missing = append(v.Missing, m.Name)
		}
	}
	s.fillIn(ctx, node, v)
	return v
}

func viewOfMember(node Node, m ring.Member, f Facts) MemberView {
	v := MemberView{
		ID: idText(m.ID), Name: m.Name, Zone: m.Zone, Alive: node.Alive(m.ID), Status: statusOfMember(node, m, f),
		ClientAddr: m.ClientAddr, PeerAddr: m.PeerAddr, AdminAddr: m.AdminAddr, Tokens: node.Ring().Tokens(m.ID),
		HintsFor: map[string]int64{},
	}
	if h := f.Here; h != nil {
		var hints int64
		for _, n := range h.HintsFor {
			hints += n
		}
		v.Keys, v.Bytes, v.Hints, v.HintsFor = &h.Keys, &h.Bytes, &hints, h.HintsFor
		v.Reads, v.Writes, v.UptimeS = &h.Totals.Reads, &h.Totals.Writes, &h.UptimeS
	}
	return v
}

// statusOfMember is where a member stands: what its own port says of it counts
// most, then its way on or off the ring, then whether it answers and what gossip
// makes of its silence.
func statusOfMember(node Node, m ring.Member, f Facts) string {
	sight := node.Sight(m.ID).State
	switch alive := node.Alive(m.ID); {
	case f.Status == statusKilled:
		return statusKilled
	case m.Status != ring.Up:
		return string(m.Status)
	case alive && sight != membership.Suspect:
		return statusUp
	case alive || sight == membership.Alive || sight == membership.Suspect:
		return "suspect"
	}
	return "down"
}

// fillIn has the peer channel tell the figures of those whose admin port does not
// answer though the node does.
func (s *Server) fillIn(ctx context.Context, node Node, v *View) {
	if !slices.ContainsFunc(v.Nodes, func(m MemberView) bool { return m.Alive && slices.Contains(v.Missing, m.Name) }) {
		return
	}
	for _, m := range node.Status(ctx) {
		at := slices.IndexFunc(v.Nodes, func(v MemberView) bool { return v.Name == m.Name })
		if at >= 0 && m.Known && v.Nodes[at].Keys == nil {
			v.Nodes[at].Keys, v.Nodes[at].Bytes, v.Nodes[at].Hints = &m.Keys, &m.Bytes, &m.Hints
		}
	}
}

// linksOf joins the faults that the ports tell of, by the names of the nodes.
func linksOf(now *ring.Ring, facts map[string]Facts) []Link {
	names := make(map[string]string)
	for _, m := range now.Members() {
		names[m.PeerAddr] = m.Name
	}
	seen := make(map[[2]string]Link)
	for _, f := range facts {
		for _, fault := range f.Faults {
			from, to := names[fault.From], names[fault.To]
			if from == "" || to == "" {
				continue
			}
			l := seen[[2]string{from, to}]
			seen[[2]string{from, to}] = Link{
				From: from, To: to, Cut: l.Cut || fault.Cut,
				DelayMillis: max(l.DelayMillis, fault.DelayMillis), Loss: max(l.Loss, fault.Loss),
			}
		}
	}
	links := make([]Link, 0, len(seen))
	for _, l := range seen {
		links = append(links, l)
	}
	slices.SortFunc(links, func(a, b Link) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	return links
}

func idText(id ring.NodeID) string { return fmt.Sprintf("%016x", uint64(id)) }
