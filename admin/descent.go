package admin

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/engine"
)

// Bounds of one answer about two copies of a partition.
const (
	maxLeaves   = 16 // leaves whose keys are compared
	maxKeyDiffs = 64 // keys that differ
)

// descend compares two Merkle trees, each as its levels from the root down: first the roots,
// then the children of each node that differs. A tree that lacks levels counts as empty there.
func descend(a, b [][]string) []api.LevelDifference {
	levels := []api.LevelDifference{}
	candidates := []int{0}
	for level := 0; level < engine.MerkleLevels && len(candidates) > 0; level++ {
		d := api.LevelDifference{Compared: len(candidates), Differing: []api.NodeDifference{}}
		var below []int
		for _, i := range candidates {
			ours, theirs := hashAt(a, level, i), hashAt(b, level, i)
			if ours == theirs {
				continue
			}
			d.Differing = append(d.Differing, api.NodeDifference{Index: i, A: ours, B: theirs})
			for child := range engine.MerkleFanout {
				below = append(below, i*engine.MerkleFanout+child)
			}
		}
		levels, candidates = append(levels, d), below
	}
	return levels
}

func hashAt(levels [][]string, level, i int) string {
	if level >= len(levels) || i >= len(levels[level]) {
		return ""
	}
	return levels[level][i]
}

// differingLeaves returns the numbers of the leaves that differ, in order.
func differingLeaves(levels []api.LevelDifference) []string {
	if len(levels) < engine.MerkleLevels {
		return nil
	}
	var leaves []string
	for _, leaf := range levels[engine.MerkleLevels-1].Differing {
		leaves = append(leaves, strconv.Itoa(leaf.Index))
	}
	return leaves
}

// addKeys adds the keys that differ to d, by leaf. a and b are what the two nodes hold in the
// leaves that differ. Where a listing was cut short, its last leaf and those behind it are not
// judged.
func addKeys(d *api.Difference, a, b api.HeldKeys, names *actors) {
	end := engine.Leaves
	for _, side := range []api.HeldKeys{a, b} {
		if side.Truncated && len(side.Keys) > 0 {
			end = min(end, side.Keys[len(side.Keys)-1].Leaf)
			d.Truncated = true
		}
	}
	type both struct{ a, b *api.HeldKey }
	found := make(map[api.Key]both)
	for i := range a.Keys {
		found[a.Keys[i].Key] = both{a: &a.Keys[i]}
	}
	for i := range b.Keys {
		found[b.Keys[i].Key] = both{found[b.Keys[i].Key].a, &b.Keys[i]}
	}
	type difference struct {
		key    api.Key
		leaf   int
		clocks [2]causal.Vector
	}
	var all []difference
	for key, held := range found {
		one := held.a
		if one == nil {
			one = held.b
		}
		if one.Leaf >= end || held.a != nil && held.b != nil && held.a.Digest == held.b.Digest {
			continue
		}
		differs := difference{key: key, leaf: one.Leaf}
		for i, side := range []*api.HeldKey{held.a, held.b} {
			if side != nil {
				r := wire.NewReader(side.Clock)
				differs.clocks[i] = causal.ReadVector(&r, nil)
			}
		}
		names.see(differs.clocks[:]...)
		all = append(all, differs)
	}
	slices.SortFunc(all, func(x, y difference) int {
		return cmp.Or(cmp.Compare(x.leaf, y.leaf), cmp.Compare(x.key.Key, y.key.Key))
	})
	if len(all) > maxKeyDiffs {
		all, d.Truncated = all[:maxKeyDiffs], true
	}
	for _, differs := range all {
		if n := len(d.Leaves); n == 0 || d.Leaves[n-1].Leaf != differs.leaf {
			d.Leaves = append(d.Leaves, api.LeafDifference{Leaf: differs.leaf})
		}
		leaf := &d.Leaves[len(d.Leaves)-1]
		held := found[differs.key]
		key := api.KeyDifference{Key: differs.key}
		if held.a != nil {
			key.A = clockText(names, differs.clocks[0])
		}
		if held.b != nil {
			key.B = clockText(names, differs.clocks[1])
		}
		leaf.Keys = append(leaf.Keys, key)
	}
}

func clockText(names *actors, v causal.Vector) *string {
	text := names.clock(v).String()
	return &text
}
