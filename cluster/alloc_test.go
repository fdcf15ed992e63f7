//go:build !race

package cluster_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/cluster/testnodes"
	"github.com/quorate/quorate/engine"
)

// TestNode_HotPaths_AllocateNothing counts what GET and SET allocate in the whole
// process: the coordinator, both other replicas, and the channel between them.
// What is amortized (a memtable that is full, a buffer that grows) comes to less
// than one allocation for each request. Under the race detector pools lose what
// they are given at random.
func TestNode_HotPaths_AllocateNothing(t *testing.T) {
	w := testnodes.New(t)
	for _, name := range []string{"A", "B", "C"} {
		cfg := w.Config(name)
		cfg.Store.Durability = engine.Interval // the disk in memory allocates when it is synced
		w.Start(cfg)
	}
	w.Settle()
	const pipeline = 16
	value := []byte("value")
	for _, size := range []int{1, pipeline} {
		reqs := make([]*replica.Request, size)
		updates := make([]register.Update, size)
		for i := range reqs {
			reqs[i] = new(replica.Request)
		}
		do := func(write bool) {
			for i, r := range reqs {
				key := r.Key
				r.Reset()
				if r.Key = key; key == nil {
					r.Key = fmt.Appendf(nil, "key-%d", i)
				}
				if write {
					updates[i] = register.Update{Kind: register.Set, Data: value}
					r.Update = &updates[i]
				}
			}
			w.Node("A").Do(t.Context(), reqs)
			for _, r := range reqs {
				if r.Err != nil {
					t.Fatal(r.Err)
				}
			}
		}
		for range 5000 / size { // fills the pools, and the history of recent events
			do(true)
			do(false)
		}
		for name, write := range map[string]bool{"SET": true, "GET": false} {
			least := math.Inf(1) // of several rounds: gossip may come between, or a flush
			for range 5 {
				least = min(least, testing.AllocsPerRun(300, func() { do(write) }))
			}
			if least >= float64(size) {
				t.Errorf("%d at once: %v allocations for all of them by %s, want less than one each", size, least, name)
			}
		}
		do(false)
		for _, r := range reqs {
			if v, found, err := register.Resolve(&r.Object, register.LWW, 1); err != nil || !found || string(v.Data) != "value" {
				t.Fatalf("%s: %q %v %v", r.Key, v.Data, found, err)
			}
		}
	}
}
