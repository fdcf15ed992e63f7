package antientropy

import (
	"cmp"
	"slices"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

// Blocker is a member that keeps tombstones from being reaped. If it neither refuses nor
// differs, it cannot be reached, and nothing is reaped until it can.
type Blocker struct {
	Node    ring.NodeID
	Since   time.Time // wall clock: when the Reaper first found that it blocks
	Refusal error     // what it answered instead of an answer
	// Differing is how many tombstones, of those that all were asked about, it lacks or
	// has in another version, or keeps a hint for.
	Differing int
}

// BlockKind says how a member keeps tombstones from being reaped.
type BlockKind string

// The kinds, by the names that the metrics have for them.
const (
	BlockDown    BlockKind = "down"    // it cannot be reached
	BlockRefuses BlockKind = "refuses" // see Blocker.Refusal
	BlockDiffers BlockKind = "differs" // see Blocker.Differing
)

// Kind returns how the member blocks.
func (b Blocker) Kind() BlockKind {
	switch {
	case b.Refusal != nil:
		return BlockRefuses
	case b.Differing > 0:
		return BlockDiffers
	}
	return BlockDown
}

// obstacles collects what the members answered that keeps tombstones, one entry a member.
type obstacles []Blocker

// add notes that a member blocks tombstones.
func (o *obstacles) add(b Blocker) {
	i := slices.IndexFunc(*o, func(known Blocker) bool { return known.Node == b.Node })
	if i < 0 {
		*o = append(*o, b)
		return
	}
	known := &(*o)[i]
	known.Differing += b.Differing
	if b.Refusal != nil {
		known.Refusal = b.Refusal
	}
}

// addAnswer notes how many of the tombstones a member does not agree on.
func (o *obstacles) addAnswer(id ring.NodeID, agreed []bool) {
	b := Blocker{Node: id}
	for _, ok := range agreed {
		if !ok {
			b.Differing++
		}
	}
	if b.Differing > 0 {
		o.add(b)
	}
}

// answered notes that all members have answered, and what did not agree.
func (o *obstacles) answered(differing obstacles) {
	for i := range *o {
		(*o)[i].Refusal = nil
	}
	for _, b := range differing {
		o.add(b)
	}
	*o = slices.DeleteFunc(*o, func(b Blocker) bool { return b.Differing == 0 })
}

// block sets what prevents reaping. Members that are in both lists cannot be reached. Who
// blocked before has done so since then.
func (s *ReapStatus) block(unreachable, differing []Blocker, at time.Time) {
	var blocking []Blocker
	for _, b := range slices.Concat(unreachable, differing) {
		if slices.ContainsFunc(blocking, func(listed Blocker) bool { return listed.Node == b.Node }) {
			continue
		}
		b.Since = at
		if i := slices.IndexFunc(s.Blocking, func(before Blocker) bool { return before.Node == b.Node }); i >= 0 {
			b.Since = s.Blocking[i].Since
		}
		blocking = append(blocking, b)
	}
	slices.SortFunc(blocking, func(a, b Blocker) int { return cmp.Compare(a.Node, b.Node) })
	s.Blocking = blocking
}

// move notes whether data moves, and since when.
func (s *ReapStatus) move(view *ring.Ring, at time.Time) {
	if s.InTransition = view.InTransition(); !s.InTransition {
		s.TransitionSince = time.Time{}
	} else if s.TransitionSince.IsZero() {
		s.TransitionSince = at
	}
}
