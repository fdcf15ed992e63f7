package admin

import (
	"context"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/admin/fanout"
	"github.com/quorate/quorate/cluster/core/ring"
)

// planHandlers tells what a change of the members would move.
type planHandlers struct{ *backend }

func (h *planHandlers) getPartitions(ctx context.Context, c *call) (any, error) {
	return h.partitions(ctx, c), nil
}

// partitions asks all nodes what they hold of each partition, or this one alone.
func (h *planHandlers) partitions(ctx context.Context, c *call) api.Partitions {
	here := snapshotOf(c.node)
	all, missing := map[string]api.Partitions{}, []string{}
	if !c.local() {
		all, missing = fanout.All[api.Partitions](ctx, h.ports, here.Others(), fanout.Get("/api/partitions?local=1"))
	}
	all[here.Self] = api.Partitions{Nodes: []api.NodePartitions{partitionsOf(c.node)}}
	out := api.Partitions{Nodes: []api.NodePartitions{}, Missing: missing}
	for _, m := range here.Ring.Members() {
		out.Nodes = append(out.Nodes, all[m.Name].Nodes...)
	}
	return out
}

func partitionsOf(node Node) api.NodePartitions {
	q := node.Ring().Partitions()
	out := api.NodePartitions{Node: node.Name(), DiskFree: node.Store.Metrics().DiskFree, Keys: make([]int64, q), Bytes: make([]int64, q)}
	for p := range q {
		_, out.Keys[p] = node.Partitions.Keys(ring.Partition(p))
		out.Bytes[p] = node.Partitions.Bytes(ring.Partition(p))
	}
	return out
}

func (h *planHandlers) getPlan(ctx context.Context, c *call) (any, error) {
	view := c.node.Ring()
	change := ring.Change{Kind: ring.ChangeKind(c.text("change")), Name: c.text("node"), Zone: c.text("zone")}
	if change.Kind != ring.PlanJoin {
		m, err := findMember(view, change.Name)
		if err != nil {
			return nil, err
		}
		change.Name = m.Name
	}
	plan, err := view.Plan(change)
	if err != nil {
		return nil, err
	}
	return planOf(view, change, plan, h.partitions(ctx, c)), nil
}

// planOf adds to a plan what the nodes hold of the partitions that move. Of several copies the
// one with most counts: the others lack something.
func planOf(view *ring.Ring, change ring.Change, plan ring.Plan, held api.Partitions) api.Plan {
	out := api.Plan{
		Change: string(change.Kind), Node: change.Name, InTransition: view.InTransition(),
		Copies: plan.Copies, N: view.Configured().N, Nodes: []api.PlanNode{}, Missing: held.Missing,
	}
	keys, bytes := make([]int64, view.Partitions()), make([]int64, view.Partitions())
	free := make(map[string]int64)
	for _, n := range held.Nodes {
		free[n.Node] = n.DiskFree
		for p := range min(len(keys), len(n.Keys), len(n.Bytes)) {
			keys[p], bytes[p] = max(keys[p], n.Keys[p]), max(bytes[p], n.Bytes[p])
		}
	}
	for _, m := range plan.Members {
		node := api.PlanNode{
			Node: m.Name, TokensBefore: m.TokensBefore, TokensAfter: m.TokensAfter,
			PartitionsBefore: m.HeldBefore, PartitionsAfter: m.HeldAfter, Gains: len(m.Gains), Drops: m.Drops,
		}
		for _, p := range m.Gains {
			node.GainsKeys += keys[p]
			node.GainsBytes += bytes[p]
		}
		if bytes := free[m.Name]; bytes > 0 {
			node.DiskFree = &bytes
		}
		out.Partitions += node.Gains
		out.Keys += node.GainsKeys
		out.Bytes += node.GainsBytes
		out.Nodes = append(out.Nodes, node)
	}
	return out
}
