package ring

import "slices"

// earlier has who gains what by earlier targets from the layout in force. A node that a
// new word has not reached may still end the transition to one of them: with the last mark
// that it waits for, or by its own. Whoever owns a partition then must have the writes of
// those who know of the new word. So writes go to them as well until the next flip.
//
// It is this node's memory and no part of the state: a node remembers the targets that it
// has seen, and a node that gains has shown its target to all that it can reach before it
// copies anything. An earlier is immutable.
type earlier struct {
	layout  uint64     // hash
	gaining [][]NodeID // by partition
}

// with returns e with what nodes gain by t, as far as that is from the layout in force.
func (e *earlier) with(t *transition, inForce *layout) *earlier {
	if e != nil && e.layout != inForce.hash {
		e = nil
	}
	if t == nil || t.from != inForce.hash {
		return e
	}
	next := &earlier{layout: inForce.hash, gaining: make([][]NodeID, len(inForce.owners))}
	for i := range next.gaining {
		next.gaining[i] = t.of(i)
		if e != nil {
			next.gaining[i] = union(e.gaining[i], t.of(i))
		}
	}
	return next
}

// union returns what is in a or b, without changing either.
func union(a, b []NodeID) []NodeID {
	all := slices.Clip(a)
	for _, id := range b {
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return all
}

// receivers lists by partition who gains it by the transition under way or by an earlier
// one, without those that were removed; nil if there was no earlier one.
func (s *State) receivers() [][]NodeID {
	if s.underWay() == nil || s.earlier == nil || s.earlier.layout != s.layout.hash {
		return nil
	}
	all := make([][]NodeID, s.Partitions())
	for i := range all {
		there := slices.DeleteFunc(slices.Clone(s.earlier.gaining[i]), func(id NodeID) bool { return s.records[id].word.intent == gone })
		all[i] = union(s.transition.of(i), there)
	}
	return all
}
