//go:build !race

package antientropy

import (
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/engine"
)

// Under the race detector Pebble copies what it reads, to find readers that keep it: the memory
// that a read takes is measured without it.

// A large value is read from the disk into the memory that it is sent from: no other copy of
// it is made.
func TestCollect_LargeValue_IsCopiedOnce(t *testing.T) {
	const size = 24 << 20
	w := newWorld(t, 1, 1, "A")
	a := w.node("A")
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(rand.Uint32()) // or compression makes it small
	}
	key := []byte("large")
	dot := causal.Dot{Actor: causal.Actor{Node: 99, Epoch: 1}, Counter: 1}
	o := object.Put(object.Object{}, causal.Context{}, dot, 1, object.Value{Data: data})
	a.Apply(&engine.Record{Partition: w.Ring().PartitionOf(key), Key: key, Merge: o.Append(nil)})
	leaves := everyLeaf()
	allocated := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.TotalAlloc
	}
	// The store makes memory at the same time, for a while, to flush the value: one reading
	// beside which it made none is enough.
	least := uint64(1 << 60)
	for deadline := time.Now().Add(time.Minute); least > size*3/2 && time.Now().Before(deadline); {
		before := allocated()
		batch, _, err := collect(a.Store, 0, &leaves, cursor{})
		least = min(least, allocated()-before)
		if err != nil || len(batch) != 1 || len(batch[0].object) < size {
			t.Fatalf("%d objects, %v", len(batch), err)
		}
	}
	if least > size*3/2 {
		t.Errorf("reading %d bytes made %d bytes of memory", size, least)
	}
}
