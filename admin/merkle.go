package admin

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/admin/fanout"
	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine"
)

// merkleHandlers compares and synchronizes replicas by their Merkle trees.
type merkleHandlers struct{ *backend }

func exchangesOf(s antientropy.Stats) api.Exchanges {
	return api.Exchanges{PartitionsCompared: s.PartitionsCompared, NodesCompared: s.NodesCompared, KeysCompared: s.KeysCompared, KeysExchanged: s.KeysExchanged, NaiveKeys: s.NaiveKeys}
}

// addExchanges adds o to e.
func addExchanges(e *api.Exchanges, o api.Exchanges) {
	e.PartitionsCompared += o.PartitionsCompared
	e.NodesCompared += o.NodesCompared
	e.KeysCompared += o.KeysCompared
	e.KeysExchanged += o.KeysExchanged
	e.NaiveKeys += o.NaiveKeys
}

func (h *merkleHandlers) getMerkle(ctx context.Context, c *call) (any, error) {
	own := rootsOf(c.node)
	if c.local() {
		return own, nil
	}
	here := snapshotOf(c.node)
	all, missing := fanout.All[api.Roots](ctx, h.ports, here.Others(), fanout.Get("/api/merkle?local=1"))
	all[own.Node] = own
	out := api.Merkle{Partitions: here.Ring.Partitions(), Leaves: engine.Leaves, Nodes: []string{}, Missing: missing, Pairs: pairsOf(here.Ring, all)}
	for _, m := range here.Ring.Members() {
		if a, ok := all[m.Name]; ok {
			out.Nodes = append(out.Nodes, m.Name)
			addExchanges(&out.Exchanges, a.Exchanges)
		}
	}
	return out, nil
}

func rootsOf(node Node) api.Roots {
	out := api.Roots{Node: node.Name(), Roots: make(map[string]string), Unready: []int{}, Exchanges: exchangesOf(node.Repair.Status().Exchanges)}
	for p, root := range node.Trees.Roots(nil) {
		if !node.Trees.PartitionReady(ring.Partition(p)) {
			out.Unready = append(out.Unready, p)
		} else if root != 0 {
			out.Roots[strconv.Itoa(p)] = hash(root)
		}
	}
	return out
}

func hash(h uint64) string { return fmt.Sprintf("%016x", h) }

// pairsOf compares the roots of all pairs of nodes that share partitions.
func pairsOf(view *ring.Ring, all map[string]api.Roots) []api.Pair {
	pairs := make(map[[2]string]*api.Pair)
	for p := range view.Partitions() {
		primaries := view.Primaries(ring.Partition(p))
		for i := range primaries {
			for k := range i {
				a, b := view.Name(primaries[i]), view.Name(primaries[k])
				if a > b {
					a, b = b, a
				}
				if pairs[[2]string{a, b}] == nil {
					pairs[[2]string{a, b}] = &api.Pair{A: a, B: b, Diverged: []int{}}
				}
				comparePair(pairs[[2]string{a, b}], p, all)
			}
		}
	}
	list := make([]api.Pair, 0, len(pairs))
	for _, pair := range pairs {
		list = append(list, *pair)
	}
	slices.SortFunc(list, func(x, y api.Pair) int { return cmp.Or(cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B)) })
	return list
}

// comparePair counts a partition that both nodes of the pair hold.
func comparePair(pair *api.Pair, partition int, all map[string]api.Roots) {
	a, haveA := all[pair.A]
	b, haveB := all[pair.B]
	pair.Shared++
	at := strconv.Itoa(partition)
	switch {
	case !haveA || !haveB || slices.Contains(a.Unready, partition) || slices.Contains(b.Unready, partition):
		pair.Unknown++
	case a.Roots[at] == b.Roots[at]:
		pair.InSync++
	default:
		pair.Diverged = append(pair.Diverged, partition)
	}
}

// syncTimeout bounds POST /api/merkle/sync.
const syncTimeout = time.Minute

func (h *merkleHandlers) postSync(ctx context.Context, c *call) (any, error) {
	if err := c.json(new(struct{})); err != nil {
		return nil, err
	}
	here := snapshotOf(c.node)
	var all []ring.Member
	if !c.local() {
		all = here.Others()
	}
	nodes := make([]api.SyncedNode, len(all)+1)
	var wg sync.WaitGroup
	for i, m := range all {
		wg.Go(func() {
			var answer api.SyncAnswer
			nodes[i].Node = m.Name
			err := h.ports.To(m).Call(ctx, http.MethodPost, "/api/merkle/sync?local=1", nil, &answer)
			switch {
			case err != nil:
				nodes[i].Error = err.Error()
			case len(answer.Nodes) == 1:
				nodes[i] = answer.Nodes[0]
			}
		})
	}
	stats, err := c.node.SyncAll(ctx)
	own := &nodes[len(all)]
	own.Node, own.KeysExchanged = here.Self, stats.KeysExchanged
	if err != nil {
		own.Error = err.Error()
	}
	wg.Wait()
	slices.SortFunc(nodes, func(a, b api.SyncedNode) int { return cmp.Compare(a.Node, b.Node) })
	return api.SyncAnswer{Nodes: nodes}, nil
}
