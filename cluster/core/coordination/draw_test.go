package coordination

import (
	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/quorum"
)

func drawReplicas(t *rapid.T) Replicas {
	n := rapid.IntRange(1, 4).Draw(t, "n")
	walk := rapid.IntRange(n, 7).Draw(t, "walk")
	return Replicas{Walk: walk, Primaries: n, Self: rapid.IntRange(Nobody, walk-1).Draw(t, "self"), First: rapid.IntRange(0, n-1).Draw(t, "first")}
}

func (r Replicas) drawUp(t *rapid.T) quorum.Nodes { return r.drawUpWith(t, 0) }

// drawUpWith draws who can be asked when some nodes besides the walk take part.
func (r Replicas) drawUpWith(t *rapid.T, others int) quorum.Nodes {
	up := quorum.Nodes(rapid.Uint64().Draw(t, "up")) & quorum.FirstNodes(r.Walk+others)
	if r.Self >= 0 {
		up = up.Without(r.Self)
	}
	return up
}

// drawPlace chooses one of nodes.
func drawPlace(t *rapid.T, nodes quorum.Nodes) int {
	var places []int
	for at := range quorum.MaxNodes {
		if nodes.Has(at) {
			places = append(places, at)
		}
	}
	return rapid.SampledFrom(places).Draw(t, "place")
}
