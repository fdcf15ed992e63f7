package antientropy

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/testcluster"
)

// world is a cluster each of whose nodes has an Exchanger.
type world struct {
	*testcluster.Cluster
	nodes map[ring.NodeID]*node
}

type node struct {
	*testcluster.Node
	x *Exchanger
}

// newWorld starts nodes. Only as many of them are members as the ring has partitions.
func newWorld(tb testing.TB, partitions, n int, names ...string) *world {
	tb.Helper()
	w := &world{
		Cluster: testcluster.New(tb, partitions, ring.Quorums{N: n, R: 1, W: 1}, names[:min(len(names), partitions)]...),
		nodes:   make(map[ring.NodeID]*node),
	}
	for _, name := range names {
		nd := &node{Node: w.Start(name)}
		nd.x = NewExchanger(Config{Self: nd.ID, Store: nd.Store, Channel: nd, Ring: w.Ring, RepairRate: 1 << 40, TransferRate: 1 << 40, LookPause: time.Millisecond})
		nd.Serve(nd.x)
		nd.Run(nd.x.Run)
		w.nodes[nd.ID] = nd
	}
	return w
}

func (w *world) node(name string) *node { return w.nodes[ring.IDOf(name)] }

func requireSame(tb testing.TB, a, b *node) {
	tb.Helper()
	ours, theirs := a.Contents(), b.Contents()
	for key, encoded := range ours {
		if theirs[key] != encoded {
			tb.Fatalf("%q differs between %s and %s", key, a.Name, b.Name)
		}
	}
	if len(ours) != len(theirs) {
		tb.Fatalf("%s has %d keys, %s has %d", a.Name, len(ours), b.Name, len(theirs))
	}
}

func seeded(tb testing.TB) *rand.Rand {
	seed := rand.Uint64()
	tb.Cleanup(func() {
		if tb.Failed() {
			tb.Logf("seed %d", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}
