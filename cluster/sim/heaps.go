package sim

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
)

// heapPrefix begins the keys to which clients add siblings.
const heapPrefix = "heap"

// fewSiblings is how many siblings a coordinator allows where clients add them.
const fewSiblings = 6

// siblingsRefuse is how many siblings a coordinator allows; 0: as many as it does by
// default.
func (o Options) siblingsRefuse() int {
	switch {
	case o.Faults&FaultHeaps == 0:
		return 0
	case o.defect == defectLimit:
		return mostSiblings
	}
	return fewSiblings
}

// checkHeap: of the siblings of a key, one unbroken memory of a coordinator made no more
// than a coordinator allows. Copies that several coordinators made meet without limit.
func (ch *checker) checkHeap(key string, o *object.Object) {
	most := cmp.Or(ch.opts.siblingsAllowed(), mostSiblings)
	made := make(map[causal.Actor]int)
	for i := range o.Siblings {
		made[o.Siblings[i].Dot.Actor]++
	}
	for _, actor := range slices.SortedFunc(maps.Keys(made), compareActors) {
		if made[actor] > most {
			ch.fail("unbounded: %x in epoch %d made %d siblings of %s: %s", uint64(actor.Node), actor.Epoch, made[actor], key, describe(o))
		}
	}
}

// siblingsAllowed is how many siblings a coordinator is to allow; 0: the default.
func (o Options) siblingsAllowed() int {
	if o.Faults&FaultHeaps == 0 {
		return 0
	}
	return fewSiblings
}

func compareActors(a, b causal.Actor) int {
	return cmp.Or(cmp.Compare(a.Node, b.Node), cmp.Compare(a.Epoch, b.Epoch))
}

// heapUp makes an op one that adds a sibling, or looks at what is there.
func (w *workload) heapUp(o *op) {
	o.key = fmt.Sprint(heapPrefix, w.rng.IntN(2))
	if w.rng.IntN(4) > 0 {
		o.action, o.value, o.plain = actionSet, o.client.newValue(), false
	}
}
