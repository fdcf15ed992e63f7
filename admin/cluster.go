package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/admin/fanout"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/membership/gossip"
)

func (h *nodeHandlers) getCluster(ctx context.Context, c *call) (any, error) {
	if c.local() {
		node, err := h.node()
		if err != nil {
			return nil, err
		}
		return h.viewFrom(ctx, node, map[string]api.Node{h.cfg.Name: h.report()}), nil
	}
	v, err := h.view(ctx, h.allReports(ctx, fanout.Same("/api/node")))
	if errors.Is(err, ErrKilled) && !fanout.Proxied(c.Request) {
		return h.borrowedView(ctx)
	}
	return v, err
}

// view returns the cluster as this port's node sees it.
func (b *backend) view(ctx context.Context, reports map[string]api.Node) (*api.Cluster, error) {
	node, err := b.node()
	if err != nil {
		return nil, err
	}
	return b.viewFrom(ctx, node, reports), nil
}

// borrowedView returns the view of another node, with this port's name and settings.
func (b *backend) borrowedView(ctx context.Context) (*api.Cluster, error) {
	m, err := b.anyRunning(ctx)
	if err != nil {
		return nil, err
	}
	v, err := b.ports.To(m).Cluster(ctx)
	if err != nil {
		return nil, err
	}
	v.Self, v.Chaos, v.Demo = b.cfg.Name, b.cfg.Process.Chaos(), b.cfg.Process.Demo()
	return &v, nil
}

// allReports asks every port, this one included, what it knows of its own node. path
// returns the path of GET /api/node, with its query, for a member.
func (b *backend) allReports(ctx context.Context, path func(ring.Member) string) map[string]api.Node {
	here, err := b.snapshot()
	if err != nil {
		return map[string]api.Node{b.cfg.Name: b.report()}
	}
	reports, _ := fanout.All[api.Node](ctx, b.ports, here.Others(), fanout.Question{Method: http.MethodGet, Path: path})
	reports[b.cfg.Name] = b.report()
	return reports
}

// viewFrom returns the cluster as node sees it. reports has the answers of the ports by
// name of the member.
func (b *backend) viewFrom(ctx context.Context, node Node, reports map[string]api.Node) *api.Cluster {
	view := node.Ring()
	q, effective := view.Configured(), view.Quorums()
	v := &api.Cluster{
		N: q.N, R: q.R, W: q.W, Effective: api.Quorums{N: effective.N, R: effective.R, W: effective.W},
		Partitions: view.Partitions(), RingVersion: view.Version(), InTransition: view.InTransition(),
		Pending: []string{}, Missing: []string{}, Self: node.Name(),
		Chaos: b.cfg.Process.Chaos(), Demo: b.cfg.Process.Demo(),
		Nodes: make([]api.Member, 0, len(view.Members())), Links: linksOf(view, reports),
	}
	for _, id := range view.Pending() {
		v.Pending = append(v.Pending, view.Name(id))
	}
	wrong := wrongClocks(reports)
	for _, m := range view.Members() {
		report, answered := reports[m.Name]
		member := viewOfMember(node, m, report)
		member.ClockOff = wrong[m.Name]
		v.Nodes = append(v.Nodes, member)
		if !answered {
			v.Missing = append(v.Missing, m.Name)
		}
	}
	b.fillIn(ctx, node, v)
	return v
}

func viewOfMember(node Node, m ring.Member, report api.Node) api.Member {
	v := api.Member{
		ID: idText(m.ID), Name: m.Name, Zone: m.Zone, Alive: node.Alive(m.ID), Status: statusOfMember(node, m, report),
		ClientAddr: m.ClientAddr, PeerAddr: m.PeerAddr, AdminAddr: m.AdminAddr, Tokens: node.Ring().Tokens(m.ID),
		HintsFor: map[string]int64{}, Vacant: m.Vacant,
	}
	if h := report.Here; h != nil {
		var hints int64
		for _, n := range h.HintsFor {
			hints += n
		}
		v.Keys, v.Bytes, v.Hints, v.HintsFor = &h.Keys, &h.Bytes, &hints, h.HintsFor
		v.Refilling, v.ReadOnly, v.RepairPausedMillis, v.DrainingMillis = h.Refilling, h.ReadOnly, h.RepairPausedMillis, h.DrainingMillis
		v.HintsHeldMillis, v.DiskFilled = h.HintsHeldMillis, h.DiskFilled
		v.Reads, v.Writes, v.UptimeS = &h.Totals.Reads, &h.Totals.Writes, &h.UptimeS
	}
	return v
}

// statusOfMember returns the status of a member as node sees it. It is killed if its
// own port says so; else joining, leaving or removing if it is about to enter or leave
// the ring; else up if it answers, suspect if it does not but gossip sees it alive, and
// otherwise down.
func statusOfMember(node Node, m ring.Member, report api.Node) string {
	observed := node.Gossip.Observe(m.ID).State
	switch alive := node.Alive(m.ID); {
	case report.Status == statusKilled:
		return statusKilled
	case m.Status != ring.Up:
		return string(m.Status)
	case alive:
		return statusUp
	case observed == gossip.Alive:
		return "suspect"
	}
	return "down"
}

// fillIn asks members for their figures over the peer channel, if the node answers and
// its admin port does not.
func (b *backend) fillIn(ctx context.Context, node Node, v *api.Cluster) {
	if !slices.ContainsFunc(v.Nodes, func(m api.Member) bool { return m.Alive && slices.Contains(v.Missing, m.Name) }) {
		return
	}
	for _, m := range node.Status(ctx) {
		at := slices.IndexFunc(v.Nodes, func(v api.Member) bool { return v.Name == m.Name })
		if at >= 0 && m.Known && v.Nodes[at].Keys == nil {
			v.Nodes[at].Keys, v.Nodes[at].Bytes, v.Nodes[at].Hints = &m.Keys, &m.Bytes, &m.Hints
		}
	}
}

// linksOf merges the faults that the ports report, by the names of the nodes.
func linksOf(view *ring.Ring, reports map[string]api.Node) []api.Link {
	names := make(map[string]string)
	for _, m := range view.Members() {
		names[m.PeerAddr] = m.Name
	}
	seen := make(map[[2]string]api.Link)
	for _, f := range reports {
		for _, fault := range f.Faults {
			from, to := names[fault.From], names[fault.To]
			if from == "" || to == "" {
				continue
			}
			l := seen[[2]string{from, to}]
			seen[[2]string{from, to}] = api.Link{
				From: from, To: to, Cut: l.Cut || fault.Cut,
				DelayMillis: max(l.DelayMillis, fault.DelayMillis), Loss: max(l.Loss, fault.Loss),
			}
		}
	}
	links := make([]api.Link, 0, len(seen))
	for _, l := range seen {
		links = append(links, l)
	}
	slices.SortFunc(links, func(a, b api.Link) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	return links
}

func idText(id ring.NodeID) string { return fmt.Sprintf("%016x", uint64(id)) }
