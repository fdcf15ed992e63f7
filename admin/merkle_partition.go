package admin

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster/core/ring"
)

// getMerklePartition compares the copies of two nodes. Each node's admin port tells its own
// side, so that the copies can be compared while the nodes do not reach each other.
func (h *merkleHandlers) getMerklePartition(ctx context.Context, c *call) (any, error) {
	view, p := c.node.Ring(), c.number("partition")
	if p >= view.Partitions() {
		return nil, fmt.Errorf("%w: partition is %d, want 0 to %d", errBadRequest, p, view.Partitions()-1)
	}
	if c.local() {
		if c.has("leaves") {
			return heldIn(c.node, ring.Partition(p), c.text("leaves"))
		}
		return treeOf(c.node, ring.Partition(p))
	}
	a, b, err := c.pair(view.Primaries(ring.Partition(p)))
	if err != nil {
		return nil, err
	}
	sides := [2]ring.Member{a, b}
	trees, err := ofBoth(ctx, h.backend, c.node, sides, fmt.Sprintf("/api/merkle/%d?local=1", p), func() (api.Tree, error) { return treeOf(c.node, ring.Partition(p)) })
	if err != nil {
		return nil, err
	}
	d := api.Difference{Partition: p, A: a.Name, B: b.Name, NaiveKeys: max(trees[0].Keys, trees[1].Keys), Leaves: []api.LeafDifference{}}
	d.Levels = descend(trees[0].Levels, trees[1].Levels)
	for _, level := range d.Levels {
		d.NodesCompared += int64(level.Compared)
	}
	leaves := differingLeaves(d.Levels)
	if len(leaves) == 0 {
		d.InSync = true
		return d, nil
	}
	d.Truncated = len(leaves) > maxLeaves
	numbers := strings.Join(leaves[:min(len(leaves), maxLeaves)], ",")
	held, err := ofBoth(ctx, h.backend, c.node, sides, fmt.Sprintf("/api/merkle/%d?local=1&leaves=%s", p, numbers),
		func() (api.HeldKeys, error) { return heldIn(c.node, ring.Partition(p), numbers) })
	if err != nil {
		return nil, err
	}
	addKeys(&d, held[0], held[1], newActors(view))
	return d, nil
}

// ofBoth gets one answer of each of two nodes: by own of the node itself, of another from its
// port.
func ofBoth[T any](ctx context.Context, b *backend, node Node, of [2]ring.Member, path string, own func() (T, error)) (answers [2]T, err error) {
	group, ctx := errgroup.WithContext(ctx)
	for i, m := range of {
		group.Go(func() (err error) {
			if m.Name == node.Name() {
				answers[i], err = own()
				return err
			}
			if err = b.ports.To(m).Call(ctx, "GET", path, nil, &answers[i]); err != nil {
				return fmt.Errorf("%s does not show its Merkle tree: %w", m.Name, err)
			}
			return nil
		})
	}
	return answers, group.Wait()
}

// treeOf returns a node's own tree of a partition.
func treeOf(node Node, p ring.Partition) (api.Tree, error) {
	levels, err := node.Tree(p)
	if err != nil {
		return api.Tree{}, err
	}
	out := api.Tree{Node: node.Name(), Levels: make([][]string, len(levels))}
	_, out.Keys = node.Partitions.Keys(p)
	for i, level := range levels {
		out.Levels[i] = make([]string, len(level))
		for k, value := range level {
			if value != 0 {
				out.Levels[i][k] = hash(value)
			}
		}
	}
	return out, nil
}

// heldIn returns a node's own keys in some leaves, whose numbers are separated by commas.
func heldIn(node Node, p ring.Partition, numbers string) (api.HeldKeys, error) {
	var leaves []int
	for number := range strings.SplitSeq(numbers, ",") {
		leaf, err := strconv.Atoi(number)
		if err != nil || len(leaves) == maxLeaves {
			return api.HeldKeys{}, fmt.Errorf("%w: leaves is %.40q, want %d numbers at most, separated by commas", errBadRequest, numbers, maxLeaves)
		}
		leaves = append(leaves, leaf)
	}
	held, more, err := node.HeldIn(p, leaves)
	if err != nil {
		return api.HeldKeys{}, err
	}
	out := api.HeldKeys{Node: node.Name(), Keys: make([]api.HeldKey, 0, len(held)), Truncated: more}
	for _, k := range held {
		out.Keys = append(out.Keys, api.HeldKey{Key: keyOf(k.Key), Leaf: k.Leaf, Digest: hash(uint64(k.Digest)), Clock: k.Clock.Append(nil)})
	}
	return out, nil
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
