package ring

import "slices"

// former has who was a primary of what by earlier layouts than the one in force, by
// partition. When the ring flips, some nodes hear of it later than others. Until they do,
// they read from the primaries of the earlier layout. So writes go to those as well, until
// all members that can be reached are known to have the layout in force: see
// [State.Confirm].
//
// It is this node's memory and no part of the state, like [earlier]. A former is immutable.
type former [][]NodeID

// with returns f with the primaries of a layout that is replaced.
func (f former) with(replaced *layout) former {
	next := make(former, len(replaced.owners))
	for p := range next {
		next[p] = replaced.prefs.primaries(p)
		if f != nil {
			next[p] = union(f[p], next[p])
		}
	}
	return next
}

// replaceLayout puts a layout in force.
func (s *State) replaceLayout(by *layout) {
	s.former = s.former.with(s.layout)
	left := slices.Clone(s.left)
	for _, seat := range s.layout.seats {
		if _, stays := by.seat(seat.ID); !stays && !slices.Contains(left, seat.ID) {
			left = append(left, seat.ID)
		}
	}
	s.left, s.layout = left, by
	s.invalidate()
}

// Ended tells that a node which has left the ring does not run any more, or cannot be
// reached. It reports whether that changes anything.
func (s *State) Ended(id NodeID) bool {
	at := slices.Index(s.left, id)
	if at < 0 {
		return false
	}
	s.left = slices.Delete(slices.Clone(s.left), at, at+1)
	return true
}

// Confirm tells that no member which can be reached acts by an earlier layout than that of
// a number any more. It reports whether that changes anything: it does not if another layout
// is in force meanwhile.
func (s *State) Confirm(number uint64) bool {
	if s.former == nil || s.layout.number != number {
		return false
	}
	s.former = nil
	return true
}

// findOthers lists by partition the nodes that writes go to besides the primaries: those that
// receive the partition, then its former primaries. It is nil if there are none.
func (r *Ring) findOthers(f former) [][]NodeID {
	if r.transition == nil && f == nil {
		return nil
	}
	all := make([][]NodeID, r.Partitions())
	for i := range all {
		p := Partition(i)
		all[i] = slices.Clone(r.Receiving(p))
		if f == nil {
			continue
		}
		for _, id := range f[i] {
			if !r.IsPrimary(id, p) && !slices.Contains(all[i], id) {
				all[i] = append(all[i], id)
			}
		}
	}
	return all
}

// Others returns the nodes besides the primaries that writes of p go to: those of
// [Ring.Receiving], and those that were its primaries by an earlier layout, as long as
// another node may act by it.
func (r *Ring) Others(p Partition) []NodeID {
	if r.others == nil {
		return nil
	}
	return r.others[p]
}

// Keeps reports whether id has to keep what it has of p: as a primary, or because writes of p
// go to it besides.
func (r *Ring) Keeps(id NodeID, p Partition) bool {
	return r.IsPrimary(id, p) || slices.Contains(r.Others(p), id)
}

// Unconfirmed reports whether a member may act by an earlier layout: see [State.Confirm].
func (r *Ring) Unconfirmed() bool { return r.unconfirmed }

// Audience returns the nodes that have to hear of this ring: its members, and those of [Ring.Left].
func (r *Ring) Audience() []Member { return slices.Concat(r.members, r.left) }

// Left returns the nodes that have left the ring, and may still run: they hand over what they
// have, and serve clients until then. This node forgets them with [State.Ended].
func (r *Ring) Left() []Member { return r.left }
