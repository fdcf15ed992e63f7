package ring

import "slices"

// Ring is the view of one [State] that requests use: immutable, safe for
// concurrent use, and indexed, so that no lookup searches or allocates. The
// slices that it returns are shared: callers must not change them.
type Ring struct {
	layout      *layout
	transition  *transition // nil: none is under way
	shift       uint
	configured  Quorums
	inForce     Quorums
	members     []Member // sorted by name, not removed
	all         map[NodeID]Member
	gains       map[NodeID][]Partition
	receivers   [][]NodeID // by partition; nil: those that gain
	others      [][]NodeID // by partition; nil: none
	left        []Member   // not members any more, that may still run
	tokens      map[NodeID]int
	held        map[NodeID]int
	pending     []NodeID
	version     uint64
	digest      uint64
	cluster     string
	unconfirmed bool // some may act by an earlier layout
}

// NewRing computes the ring of s, which may change afterwards.
func NewRing(s *State) *Ring {
	r := &Ring{
		layout:     s.layout,
		transition: s.underWay(),
		shift:      slotShift(s.Partitions()),
		configured: s.quorums.Quorums,
		all:        make(map[NodeID]Member, len(s.records)),
		gains:      make(map[NodeID][]Partition),
		receivers:  s.receivers(),
		tokens:     make(map[NodeID]int, len(s.layout.seats)),
		held:       make(map[NodeID]int, len(s.layout.seats)),
		pending:    s.Pending(),
		version:    s.Version(),
		digest:     s.Digest(),
		cluster:    s.ClusterID(),
	}
	r.inForce = r.configured
	r.inForce.N = s.layout.n
	r.inForce = r.inForce.Capped(r.Seated())
	for _, m := range s.Members() {
		r.all[m.ID] = m
		if m.Status != Removed {
			r.members = append(r.members, m)
		}
	}
	for p, owner := range s.layout.owners {
		r.tokens[owner]++
		for _, id := range s.layout.prefs.primaries(p) {
			r.held[id]++
		}
		for _, id := range r.Gaining(Partition(p)) {
			r.gains[id] = append(r.gains[id], Partition(p))
		}
	}
	for _, id := range s.left {
		if m := r.all[id]; m.Status == Removed {
			r.left = append(r.left, m)
		}
	}
	r.others, r.unconfirmed = r.findOthers(s.former), s.former != nil
	return r
}

// Partitions returns Q.
func (r *Ring) Partitions() int { return len(r.layout.owners) }

// PartitionOf returns the partition that key lies in.
func (r *Ring) PartitionOf(key []byte) Partition { return Partition(SlotOf(key) >> r.shift) }

// Primaries returns the N nodes that hold p, in order of preference: the token's
// owner first. They are distinct, and in distinct zones as far as there are any.
func (r *Ring) Primaries(p Partition) []NodeID { return r.layout.prefs.primaries(int(p)) }

// Walk returns all members of the ring in p's order of preference: its primaries,
// then the fallbacks.
func (r *Ring) Walk(p Partition) []NodeID { return r.layout.prefs.walk(int(p)) }

// Gaining returns the nodes that will be primaries of p after the flip and are
// not yet.
func (r *Ring) Gaining(p Partition) []NodeID {
	if r.transition == nil {
		return nil
	}
	return r.transition.of(int(p))
}

// Receiving returns the nodes besides the primaries that writes of p go to: those that
// gain p, and those that would have gained it by earlier targets which this node has seen
// since the last flip, and which another node may still flip to.
func (r *Ring) Receiving(p Partition) []NodeID {
	if r.receivers == nil {
		return r.Gaining(p)
	}
	return r.receivers[p]
}

// IsReceiving reports whether writes of p go to id though it is no primary.
func (r *Ring) IsReceiving(id NodeID, p Partition) bool { return slices.Contains(r.Receiving(p), id) }

// IsPrimary reports whether id is a primary of p now.
func (r *Ring) IsPrimary(id NodeID, p Partition) bool { return slices.Contains(r.Primaries(p), id) }

// Owner returns the owner of p's token.
func (r *Ring) Owner(p Partition) NodeID { return r.layout.owners[p] }

// Tokens returns how many tokens id owns.
func (r *Ring) Tokens(id NodeID) int { return r.tokens[id] }

// Held returns the number of partitions of which id is a primary.
func (r *Ring) Held(id NodeID) int { return r.held[id] }

// Gains returns the partitions that id gains in the transition under way.
func (r *Ring) Gains(id NodeID) []Partition { return r.gains[id] }

// Quorums returns N, R and W in force: a greater N than before counts after the
// flip only, and all are capped by the number of seated members.
func (r *Ring) Quorums() Quorums { return r.inForce }

// Configured returns N, R and W as they were set.
func (r *Ring) Configured() Quorums { return r.configured }

// Seated returns the number of members in the layout in force: those that Walk
// lists.
func (r *Ring) Seated() int { return len(r.layout.seats) }

// Members returns all members that are not removed, sorted by name.
func (r *Ring) Members() []Member { return r.members }

// Member returns what is known of id, which may have been removed.
func (r *Ring) Member(id NodeID) (Member, bool) {
	m, ok := r.all[id]
	return m, ok
}

// MemberByName returns the member called name, which may have been removed.
func (r *Ring) MemberByName(name string) (Member, bool) { return r.Member(IDOf(name)) }

// Name returns the name of id, or its 16 hex digits if id was never a member.
func (r *Ring) Name(id NodeID) string {
	if m, ok := r.all[id]; ok {
		return m.Name
	}
	return formatID(id)
}

// InTransition reports whether the ring is on its way to another layout.
func (r *Ring) InTransition() bool { return r.transition != nil }

// Target names the transition under way, for [State.MarkDone]; zero without one.
func (r *Ring) Target() uint64 {
	if r.transition == nil {
		return 0
	}
	return r.transition.name
}

// TargetPrimaries returns the primaries of p after the flip, or today's primaries if
// no transition is under way.
func (r *Ring) TargetPrimaries(p Partition) []NodeID {
	if r.transition == nil {
		return r.Primaries(p)
	}
	return r.transition.target.prefs.primaries(int(p))
}

// Pending returns the gaining nodes that are not done yet.
func (r *Ring) Pending() []NodeID { return r.pending }

// LayoutNumber returns the number of the layout in force: see [State.LayoutNumber].
func (r *Ring) LayoutNumber() uint64 { return r.layout.number }

// Version returns the version of the state: see [State.Version].
func (r *Ring) Version() uint64 { return r.version }

// ClusterID returns the id of the cluster whose ring this is.
func (r *Ring) ClusterID() string { return r.cluster }

// Digest returns the digest of the state: see [State.Digest].
func (r *Ring) Digest() uint64 { return r.digest }
