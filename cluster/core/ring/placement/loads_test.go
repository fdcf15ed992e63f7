package placement

import (
	"slices"
	"testing"

	"github.com/quorate/quorate/cluster/core/causal"
	"pgregory.net/rapid"
)

// The search updates the loads move by move; they must equal a fresh count.
func TestLoads_FollowEveryMove(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5).Draw(t, "n")
		zones := rapid.SliceOfN(rapid.SampledFrom([]string{"", "x", "y", "z"}), 1, 9).Draw(t, "zones")
		nodes := make([]Seat, len(zones))
		for i, z := range zones {
			nodes[i] = Seat{causal.NodeID(i + 1), z}
		}
		a := newArrangement(nodes, n, 16)
		for i := range nodes {
			a.add(i)
		}
		node := rapid.IntRange(0, len(nodes)-1)
		for p := range 16 {
			a.assign(p, node.Draw(t, "owner"))
		}
		l := newLoads(a, nil, noNode)
		for range 20 {
			l.move(rapid.IntRange(0, 15).Draw(t, "token"), node.Draw(t, "to"))
		}
		fresh := newLoads(a, nil, noNode)
		if !slices.Equal(l.held, fresh.held) || l.squares != fresh.squares || !slices.Equal(l.lists, fresh.lists) {
			t.Fatalf("held %v, counted afresh %v", l.held, fresh.held)
		}
	})
}
