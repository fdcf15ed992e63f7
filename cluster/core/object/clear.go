package object

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/wire"
)

// A Clear removes everything that nodes have made up to a moment, from all objects at
// once: it says for each node below which epoch everything is cleared. It is one small
// value for the whole cluster, and a join-semilattice: the join of two takes the greater
// bound of each node.
//
// An event is named by (node, epoch, counter), and a clear covers all events of an epoch or
// none. [Clear.Filter] removes the covered events from an object, as if they had never
// been: their siblings, elements and sums, their entries in the clock, and their gaps.
//
// Why the replicas agree. What a merge does with a sibling depends on whether each of the
// two copies has the sibling, and on what their clocks and gaps say of the actor of its dot.
// It depends on no other actor. So to remove some actors from two copies and to merge them
// is the same as to merge them and to remove the actors then:
//
//	Filter(Merge(a, b)) = Merge(Filter(a), Filter(b))
//
// Filter is idempotent, and Filter by C and then by D is Filter by Join(C, D), because an
// actor is covered by the join if one of the two covers it. So replicas that have taken in
// the same events and the same clears have the same object, whatever the order was. This
// holds up to trimming, which depends on the length of the clock, and up to what an object
// remembers of replaced twins ([Replaced]): of those, one order may remember more. That
// never removes a version that is neither covered nor replaced.
//
// Why nothing cleared returns. Whoever has the clear filters all that it stores, whichever
// way it comes. So a covered event is in no object there, and a merge with a copy that still
// has it is filtered again. The clock's entries are not needed as a guard any more, so an
// object of which everything is covered is gone altogether, tombstones included.
//
// Why nothing else is lost. A bound of a node must be above no event that the node makes
// after it was asked for its bound. Then an event that is covered was made before the clear
// began to spread, and so was the write that it belongs to.

// Bound says that all events of a node in the epochs below one are cleared.
type Bound struct {
	Node  causal.NodeID
	Below causal.Epoch
}

// Clear has bounds in the order of their nodes, each node once. The zero Clear clears
// nothing. Clears are values: nothing changes one.
type Clear []Bound

// MaxBounds is the greatest number of nodes in a clear.
const MaxBounds = 1 << 16

const (
	clearVersion = 1
	boundLen     = 8 + 8
)

// Below returns the bound of a node: 0 if nothing of it is cleared.
func (c Clear) Below(n causal.NodeID) causal.Epoch {
	at, found := slices.BinarySearchFunc(c, n, func(b Bound, n causal.NodeID) int { return cmp.Compare(b.Node, n) })
	if !found {
		return 0
	}
	return c[at].Below
}

// Covers reports whether the events of an actor are cleared.
func (c Clear) Covers(a causal.Actor) bool { return a.Epoch < c.Below(a.Node) }

// Includes reports whether c clears everything that d clears.
func (c Clear) Includes(d Clear) bool {
	return !slices.ContainsFunc(d, func(b Bound) bool { return b.Below > c.Below(b.Node) })
}

// Join returns the clear of what c or d clears. It may be c itself.
func (c Clear) Join(d Clear) Clear {
	if c.Includes(d) {
		return c
	}
	joined := slices.Clone(c)
	for _, b := range d {
		joined = joined.With(b)
	}
	return joined
}

// With adds a bound to c, which the caller owns, and returns the result.
func (c Clear) With(b Bound) Clear {
	at, found := slices.BinarySearchFunc(c, b.Node, func(b Bound, n causal.NodeID) int { return cmp.Compare(b.Node, n) })
	if !found {
		return slices.Insert(c, at, b)
	}
	c[at].Below = max(c[at].Below, b.Below)
	return c
}

// Filter returns o without the events that c covers, and whether there were any. The
// result has an empty clock if nothing is left. It shares no slice with o but for the bytes
// of values, unless it is o.
func (c Clear) Filter(o Object) (left Object, changed bool) {
	covered := 0
	for i := range o.Clock {
		if c.Covers(o.Clock[i].Actor) {
			covered++
		}
	}
	switch covered {
	case 0:
		return o, false
	case len(o.Clock):
		return Object{}, true
	}
	left.Clock = make(causal.Vector, 0, len(o.Clock)-covered)
	for _, e := range o.Clock {
		if !c.Covers(e.Actor) {
			left.Clock = append(left.Clock, e)
		}
	}
	for i := range o.Siblings {
		if !c.Covers(o.Siblings[i].Dot.Actor) {
			left.Siblings = append(left.Siblings, o.Siblings[i])
		}
	}
	for i := range o.Elements {
		if !c.Covers(o.Elements[i].Dot.Actor) {
			left.Elements = append(left.Elements, o.Elements[i])
		}
	}
	for _, one := range o.Sums {
		if !c.Covers(one.Dot.Actor) {
			left.Sums = append(left.Sums, one)
		}
	}
	settleBases(&left)
	left.Replaced = slices.Clone(o.Replaced)
	left.Gaps = slices.Clone(o.Gaps).Of(left.Clock)
	left.settle()
	return left, true
}

// Mark returns a hash by which two nodes tell whether they have the same clear. It is 0 for
// the clear of nothing, and for no other.
func (c Clear) Mark() uint64 {
	if len(c) == 0 {
		return 0
	}
	return max(xxhash.Sum64(c.Append(nil)), 1)
}

// Append appends the encoding of c, which is stored and sent: version u8 (1) | number
// uvarint | each: node u64, epoch u64.
func (c Clear) Append(dst []byte) []byte {
	dst = wire.AppendUvarint(append(dst, clearVersion), uint64(len(c)))
	for _, b := range c {
		dst = wire.AppendUint64(wire.AppendUint64(dst, uint64(b.Node)), uint64(b.Below))
	}
	return dst
}

// DecodeClear reads what [Clear.Append] wrote. It refuses all else by an error that wraps
// [wire.ErrCorrupt].
func DecodeClear(b []byte) (c Clear, err error) {
	const what = "clear"
	r := wire.NewReader(b)
	if v := r.Byte(); !r.Failed() && v != clearVersion {
		return nil, fmt.Errorf("%s of format %d, this build reads %d: %w", what, v, clearVersion, wire.ErrCorrupt)
	}
	for range r.UpTo(MaxBounds).Count(boundLen) {
		next := Bound{Node: causal.NodeID(r.Uint64()), Below: causal.Epoch(r.Uint64())}
		if next.Node == 0 || next.Below == 0 || len(c) > 0 && next.Node <= c[len(c)-1].Node {
			r.Fail()
		}
		c = append(c, next)
	}
	if err := r.Done(what); err != nil {
		return nil, err
	}
	return c, nil
}
