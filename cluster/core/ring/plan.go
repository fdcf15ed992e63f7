package ring

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/quorate/quorate/cluster/core/ring/placement"
)

// ChangeKind says how a change of the members is meant.
type ChangeKind string

// The changes that operators make.
const (
	PlanJoin    ChangeKind = "join"    // a new member gets its share
	PlanLeave   ChangeKind = "leave"   // a live member hands its data over and goes
	PlanRemove  ChangeKind = "remove"  // the others make new copies of what a dead member held
	PlanReplace ChangeKind = "replace" // a fresh node takes a member's place, and is filled
)

// Change is a change of the members that an operator considers.
type Change struct {
	Kind ChangeKind
	Name string // of the member
	Zone string // of one that joins
}

// Plan is what a change would move.
type Plan struct {
	Members []PlannedMember // in the order of their names
	Copies  int             // of each key afterwards: N, or the number of members if that is less
}

// PlannedMember is one member's part in a [Plan].
type PlannedMember struct {
	ID                        NodeID
	Name                      string
	TokensBefore, TokensAfter int
	HeldBefore, HeldAfter     int         // partitions of which it is a primary
	Gains                     []Partition // copies that it gets from others, in order
	Drops                     int         // copies that it no longer holds afterwards
}

// Plan computes what a change of the members would move, without making it. It is the same
// computation that the change itself makes; a change that is under way is part of the result,
// because the two end together. Errors: [ErrUnknownMember], [ErrNameTaken], [ErrLastMember],
// [ErrRemovedMember] where the member is on its way out, and [ErrBadName].
func (r *Ring) Plan(c Change) (Plan, error) {
	wanted, err := r.wantedAfter(c)
	if err != nil {
		return Plan{}, fmt.Errorf("plan %s of %.80q: %w", c.Kind, c.Name, err)
	}
	target := r.layout
	if !slices.Equal(wanted, r.layout.seats) || r.configured.N != r.layout.n {
		owners := placement.Claim(r.layout.owned(), wanted, r.configured.N)
		target = newLayout(r.layout.number+1, r.configured.N, wanted, owners)
	}
	plan := Plan{Copies: min(r.configured.N, len(wanted))}
	members := r.plannedMembers(c, target)
	for i := range r.layout.owners {
		members[r.layout.owners[i]].TokensBefore++
		members[target.owners[i]].TokensAfter++
		before, after := r.layout.prefs.primaries(i), target.prefs.primaries(i)
		for _, id := range before {
			members[id].HeldBefore++
			if !slices.Contains(after, id) {
				members[id].Drops++
			}
		}
		for _, id := range after {
			members[id].HeldAfter++
			fresh := c.Kind == PlanReplace && id == IDOf(c.Name)
			if fresh || !slices.Contains(before, id) {
				members[id].Gains = append(members[id].Gains, Partition(i))
			}
		}
	}
	for _, m := range members {
		plan.Members = append(plan.Members, *m)
	}
	slices.SortFunc(plan.Members, func(a, b PlannedMember) int { return cmp.Compare(a.Name, b.Name) })
	return plan, nil
}

// plannedMembers returns the members that have a part in a change, now or afterwards.
func (r *Ring) plannedMembers(c Change, target *layout) map[NodeID]*PlannedMember {
	members := make(map[NodeID]*PlannedMember)
	for _, s := range slices.Concat(r.layout.seats, target.seats) {
		m := &PlannedMember{ID: s.ID, Name: r.Name(s.ID)}
		if s.ID == IDOf(c.Name) {
			m.Name = c.Name
		}
		members[s.ID] = m
	}
	return members
}

// wantedAfter returns the members that are wanted on the ring after a change, sorted by id.
func (r *Ring) wantedAfter(c Change) ([]seat, error) {
	id := IDOf(c.Name)
	m, known := r.MemberByName(c.Name)
	known = known && m.Status != Removed
	staying := known && (m.Status == Up || m.Status == Joining)
	switch {
	case c.Kind == PlanJoin && known:
		return nil, fmt.Errorf("%w: it is %s", ErrNameTaken, m.Status)
	case c.Kind != PlanJoin && !known:
		return nil, ErrUnknownMember
	case c.Kind == PlanReplace && !staying:
		return nil, fmt.Errorf("%w: it is %s", ErrRemovedMember, m.Status)
	case c.Kind == PlanJoin:
		if err := ValidName(c.Name); err != nil {
			return nil, err
		}
	}
	var wanted []seat
	if c.Kind == PlanJoin {
		wanted = append(wanted, seat{ID: id, Zone: c.Zone})
	}
	for _, m := range r.members {
		goes := m.ID == id && (c.Kind == PlanLeave || c.Kind == PlanRemove)
		if !goes && (m.Status == Up || m.Status == Joining) {
			wanted = append(wanted, seat{ID: m.ID, Zone: m.Zone})
		}
	}
	if len(wanted) == 0 {
		return nil, ErrLastMember
	}
	if limit := min(r.Partitions(), MaxMembers); len(wanted) > limit {
		return nil, fmt.Errorf("%w: at most %d on this ring", ErrTooManyMembers, limit)
	}
	slices.SortFunc(wanted, seat.Compare)
	return wanted, nil
}
