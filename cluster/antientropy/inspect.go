package antientropy

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// Diff says how this node's copy of a partition and a peer's differ.
type Diff struct {
	NodesCompared int64     // hashes that were compared
	Leaves        []int     // that differ, ascending
	Keys          []KeyDiff // in those leaves, by leaf; at most MaxKeyDiffs
	Truncated     bool      // there are more keys
}

// KeyDiff is one key whose objects differ on the two nodes.
type KeyDiff struct {
	Leaf         int
	Key          []byte
	Here, There  bool // which side holds an object of the key
	Ours, Theirs causal.Vector
}

// MaxKeyDiffs bounds what Inspect lists.
const MaxKeyDiffs = 64

// Inspect compares p on this node and on peer, as Sync would, and changes nothing.
// It returns ErrNotReady if the Merkle tree of either is being rebuilt.
func (x *Exchanger) Inspect(ctx context.Context, peer ring.NodeID, p ring.Partition) (Diff, error) {
	c := comparison{x: x, peer: peer, partition: p, limiter: x.repair}
	var d Diff
	err := c.inspect(ctx, &d)
	if d.NodesCompared = c.stats.NodesCompared; err == nil {
		err = c.throttle(ctx)
	}
	if err != nil {
		return d, fmt.Errorf("inspect partition %d: %w", p, err)
	}
	return d, nil
}

func (c *comparison) inspect(ctx context.Context, d *Diff) error {
	plan, err := c.descend(ctx)
	if err != nil {
		return err
	}
	var leaves leafSet
	for i := range leaves {
		leaves[i] = plan.fetch[i] | plan.push[i] | plan.both[i]
	}
	for leaf := leaves.next(0); leaf < leafCount; leaf = leaves.next(leaf + 1) {
		d.Leaves = append(d.Leaves, leaf)
	}
	if len(d.Leaves) == 0 {
		return nil
	}
	var at cursor
	for more := true; more && !d.Truncated; {
		if more, err = c.inspectPage(ctx, &leaves, &at, d); err != nil {
			return err
		}
	}
	slices.SortFunc(d.Keys, func(a, b KeyDiff) int {
		return cmp.Or(cmp.Compare(a.Leaf, b.Leaf), slices.Compare(a.Key, b.Key))
	})
	return nil
}

// inspectPage compares one page as comparePage does, and changes nothing.
func (c *comparison) inspectPage(ctx context.Context, leaves *leafSet, at *cursor, d *Diff) (more bool, err error) {
	request := rangeRequest{partition: c.partition, leaves: *leaves, at: *at}
	answer, err := c.call(ctx, peer.LeafDigests, request.append(nil))
	if err != nil {
		return false, err
	}
	listing, err := decodeListing(answer, *at)
	if err != nil {
		return false, err
	}
	for complete := false; !complete && !d.Truncated; {
		var found differences
		if complete, err = c.join(leaves, at, &listing, &found); err != nil {
			return false, err
		}
		for _, ours := range found.push {
			d.add(KeyDiff{Key: ours.key, Here: true, Ours: clockOf(ours.object)})
		}
		found.fetch = found.fetch[:min(len(found.fetch), MaxKeyDiffs+1-len(d.Keys))]
		if err := c.inspectKeys(ctx, found.fetch, d); err != nil {
			return false, err
		}
	}
	return listing.more, nil
}

// inspectKeys fetches both objects of keys that differ, or that only the peer
// listed, and adds them to d.
func (c *comparison) inspectKeys(ctx context.Context, keys []listed, d *Diff) error {
	for len(keys) > 0 {
		var names [][]byte
		for _, k := range keys {
			names = append(names, k.key)
		}
		answer, err := c.call(ctx, peer.Fetch, appendFetchRequest(nil, c.partition, names))
		if err != nil {
			return err
		}
		objects, err := decodeFetched(answer, len(names)) // at least one, perhaps not all
		if err != nil {
			return err
		}
		for i, theirs := range objects {
			ours, here, err := c.x.objects.Get(c.partition, names[i], nil)
			if err != nil {
				return err
			}
			d.add(KeyDiff{Key: names[i], Here: here, There: len(theirs) > 0, Ours: clockOf(ours), Theirs: clockOf(theirs)})
		}
		keys = keys[len(objects):]
	}
	return nil
}

func (d *Diff) add(k KeyDiff) {
	if len(d.Keys) == MaxKeyDiffs {
		d.Truncated = true
		return
	}
	k.Key = slices.Clone(k.Key)
	k.Leaf = int(engine.Hash32(k.Key) >> leafShift)
	d.Keys = append(d.Keys, k)
}

// clockOf returns an object's version vector; nil if the object is damaged.
func clockOf(encoded []byte) causal.Vector {
	o, err := object.Decode(encoded)
	if err != nil {
		return nil
	}
	return o.Clock
}
