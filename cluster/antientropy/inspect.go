package antientropy

import (
	"fmt"
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine"
)

// Held is what this node holds of one key.
type Held struct {
	Leaf   int // of its partition's Merkle tree
	Key    []byte
	Digest object.Digest
	Clock  causal.Vector // nil if the object is damaged
}

// MaxHeld bounds what one call of [Exchanger.HeldIn] lists.
const MaxHeld = 1024

// Tree returns the hashes of this node's Merkle tree of p, level by level from the root
// down; 0 where there is nothing. It returns [ErrNotReady] if the tree is being rebuilt.
func (x *Exchanger) Tree(p ring.Partition) ([][]uint64, error) {
	if !x.trees.PartitionReady(p) {
		return nil, fmt.Errorf("partition %d: %w", p, ErrNotReady)
	}
	levels := make([][]uint64, engine.MerkleLevels)
	for level := range levels {
		levels[level] = x.trees.Nodes(p, level, nil)
	}
	return levels, nil
}

// HeldIn lists the keys of p in some leaves, in the order of the leaves: the first [MaxHeld]
// of them. more says that there are others. A number that is no leaf's is passed over.
func (x *Exchanger) HeldIn(p ring.Partition, leaves []int) (keys []Held, more bool, err error) {
	var set leafSet
	for _, leaf := range leaves {
		if leaf >= 0 && leaf < leafCount {
			set.addSubtree(leafLevel, leaf)
		}
	}
	for e, err := range entriesOf(x.objects, p, &set, cursor{}) {
		if err != nil {
			return nil, false, fmt.Errorf("list partition %d: %w", p, err)
		}
		if len(keys) == MaxHeld {
			return keys, true, nil
		}
		keys = append(keys, Held{
			Leaf: int(e.Hash >> leafShift), Key: slices.Clone(e.Key), Digest: object.SeedOf(e.Key).Digest(e.Object), Clock: clockOf(e.Object),
		})
	}
	return keys, false, nil
}

// clockOf returns an object's version vector; nil if the object is damaged.
func clockOf(encoded []byte) causal.Vector {
	o, err := object.Decode(encoded)
	if err != nil {
		return nil
	}
	return o.Clock
}
