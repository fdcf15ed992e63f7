package replica

import (
	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
)

// A change of a large collection goes to the other primaries as a delta ([object.Delta]), which
// has the changed elements alone. Deltas may come in any order. A primary that lacks what the delta
// replaces refuses it, and is sent the whole object. All others are sent the whole at once:
// fallbacks, whose hints must not build on anything, nodes that gain the partition, and nodes of
// older versions.

// A delta is not worth its price with more names than one in so many elements.
const deltaShare = 2

// mostDeltaWork bounds what the delta of a group costs: each of its changes reads the names of those
// before it anew.
const mostDeltaWork = 1 << 18

// edits are the changes that a group of ops makes of one collection in one batch. The last object
// of the group replicates, so that its delta has the changes of all.
type edits struct {
	last   int          // the op that has made the last of them
	events []causal.Dot // that the delta has
	delta  []byte
}

// follow adds a change of elements to the delta of the op's group, if the delta has all that the
// group has done before.
func (e *edit) follow(before, after *object.Object, change *object.Edit) {
	o := (*op)(e)
	head := &o.f.mu.ops[o.group]
	if head.edits == nil {
		if countOf(before) < o.f.c.cfg.DeltaElements {
			return
		}
		head.edits = new(edits)
	}
	done := head.edits
	if len(done.events) != head.made {
		return
	}
	var d object.Delta
	if len(done.events) > 0 {
		var err error
		if d, err = object.DecodeDelta(done.delta); err != nil {
			return
		}
	}
	d, ok := d.Follow(object.Step{Before: before, After: after, Dot: change.Dot, Names: change.Names, Ranges: change.Ranges, Earlier: done.events})
	if most := max(1, countOf(after)/deltaShare); !ok || len(d.Names) > most || len(done.events)*len(d.Names) > mostDeltaWork {
		return
	}
	done.delta = d.Append(nil) // before and after are the engine's
	done.events, done.last = append(done.events, change.Dot), o.at
}

// countOf returns how many elements an object has, about.
func countOf(o *object.Object) int { return len(o.Elements) + o.Rest.Names }

// deltaOf returns the delta of all that a group has done, or nil. The op is the last of the group.
func deltaOf(o *op) []byte {
	head := &o.f.mu.ops[o.group]
	done := head.edits
	if done == nil || len(done.events) != head.made || done.last != o.at {
		return nil
	}
	return done.delta
}

// sendsDelta reports whether a primary is sent the op's delta first.
func (o *op) sendsDelta(to ring.NodeID) bool {
	return o.delta != nil && o.f.c.cfg.Channel.Knows(to, peer.Deltas)
}
