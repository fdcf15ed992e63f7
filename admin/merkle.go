package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/admin/fanout"
	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
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

// getMerklePartition makes one of the two nodes compare its copy with the other's.
func (h *merkleHandlers) getMerklePartition(ctx context.Context, c *call) (any, error) {
	view, p := c.node.Ring(), c.number("partition")
	if p >= view.Partitions() {
		return nil, fmt.Errorf("%w: partition is %d, want 0 to %d", errBadRequest, p, view.Partitions()-1)
	}
	a, b, err := c.pair(view.Primaries(ring.Partition(p)))
	if err != nil {
		return nil, err
	}
	switch self := c.node.Name(); {
	case self == a.Name:
		return c.inspect(ctx, a, b, ring.Partition(p))
	case self == b.Name:
		d, err := c.inspect(ctx, b, a, ring.Partition(p))
		swapSides(&d)
		return d, err
	}
	path := fmt.Sprintf("/api/merkle/%d?%s", p, url.Values{"a": {a.Name}, "b": {b.Name}}.Encode())
	asked := a
	if !c.node.Alive(a.ID) {
		asked = b
	}
	var d api.Difference
	err = h.ports.To(asked).Call(ctx, http.MethodGet, path, nil, &d)
	return d, err
}

// pair reads ?a= and ?b=; by default the first two primaries.
func (c *call) pair(primaries []ring.NodeID) (a, b ring.Member, err error) {
	view := c.node.Ring()
	var nodes [2]ring.Member
	for i, name := range []string{"a", "b"} {
		which := c.text(name)
		if which == "" {
			if i >= len(primaries) {
				return a, b, fmt.Errorf("%w: the partition has one replica only", errBadRequest)
			}
			which = view.Name(primaries[i])
		}
		if nodes[i], err = findMember(view, which); err != nil {
			return a, b, err
		}
	}
	if nodes[0].ID == nodes[1].ID {
		return a, b, fmt.Errorf("%w: a and b are the same node", errBadRequest)
	}
	return nodes[0], nodes[1], nil
}

// inspectTimeout is shorter than askTimeout, so that the port that asked for the
// comparison still receives the reason of a failure.
const inspectTimeout = askTimeout / 2

// inspect compares this node's copy, a's, with b's.
func (c *call) inspect(ctx context.Context, a, b ring.Member, p ring.Partition) (api.Difference, error) {
	ctx, cancel := context.WithTimeout(ctx, inspectTimeout)
	defer cancel()
	diff, err := c.node.Inspect(ctx, b.ID, p)
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, peer.ErrTimeout), errors.Is(err, peer.ErrUnavailable):
		return api.Difference{}, fmt.Errorf("%w: %s asked %s, over the link between their peer ports, and got no answer; check whether it is down, or that link cut or slow: %w", errPeer, a.Name, b.Name, err)
	case err != nil:
		return api.Difference{}, err
	}
	_, keys := c.node.Partitions.Keys(p)
	out := api.Difference{
		Partition: int(p), A: a.Name, B: b.Name, InSync: len(diff.Leaves) == 0, NodesCompared: diff.NodesCompared,
		NaiveKeys: keys, Leaves: make([]api.LeafDifference, 0, len(diff.Leaves)), Truncated: diff.Truncated,
	}
	names := newActors(c.node.Ring())
	for _, k := range diff.Keys {
		names.see(k.Ours, k.Theirs)
	}
	for _, leaf := range diff.Leaves {
		found := api.LeafDifference{Leaf: leaf, Keys: []api.KeyDifference{}}
		for _, k := range diff.Keys {
			if k.Leaf != leaf {
				continue
			}
			difference := api.KeyDifference{Key: keyOf(k.Key)}
			if k.Here {
				difference.A = clockText(names, k.Ours)
			}
			if k.There {
				difference.B = clockText(names, k.Theirs)
			}
			found.Keys = append(found.Keys, difference)
		}
		out.Leaves = append(out.Leaves, found)
	}
	return out, nil
}

func clockText(names *actors, v causal.Vector) *string {
	text := names.clock(v).String()
	return &text
}

// swapSides exchanges the sides a and b of a difference.
func swapSides(d *api.Difference) {
	d.A, d.B = d.B, d.A
	for _, leaf := range d.Leaves {
		for i := range leaf.Keys {
			k := &leaf.Keys[i]
			k.A, k.B = k.B, k.A
		}
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
