package ring

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math/bits"
	"slices"

	"github.com/quorate/quorate/cluster/core/ring/placement"
)

// MaxMembers bounds the members wanted at one time (Q bounds them as well: each
// needs a token), and MaxNames the names that a cluster ever sees, removed ones
// included.
const (
	MaxMembers = 1024
	MaxNames   = 16384
)

// Errors that a State's methods return, wrapped.
var (
	ErrOtherCluster   = errors.New("state of another cluster")
	ErrNameTaken      = errors.New("name is taken by another node")
	ErrUnknownMember  = errors.New("no such member")
	ErrRemovedMember  = errors.New("member was removed")
	ErrLastMember     = errors.New("last member of the ring")
	ErrTooManyMembers = errors.New("too many members")
	ErrOtherTarget    = errors.New("transition has another target")
)

// State is what the whole cluster agrees on: the members, the layout in force (who
// owns which token), N, R and W, and the progress of a transition. It is a
// join-semilattice: nodes may change it concurrently, and merge in any order and
// any number of times, and all end with the same state.
//
// It is made of registers, each of which is replaced as a whole by a greater
// one: by Lamport version, and by content where versions tie.
//
//   - per member: its addresses and its zone (written by itself), its word, which is
//     the last decision of an operator about its seat, its done-mark and its newest
//     incarnations (by itself);
//   - the quorums, with the version of the last change of N;
//   - the layout: its number, N, seats with their zones, owners. The higher number wins.
//
// A transition goes like this:
//
//  1. A word changes which members are wanted. placement.Claim makes the target
//     from the layout in force and the wanted members; it is computed, never stored.
//  2. The target's name is a hash of the layout, of all words and zones, and of the
//     version of Claim. Versions of words only grow, so a name never returns, even if a later
//     target has the same owners: a mark made under an earlier name proves nothing
//     about the writes that did not reach its node in between.
//  3. From then on writes go to the primaries of the layout and to those of the
//     target, and of earlier targets that may still be flipped to. Each node that
//     gains partitions copies them and marks itself done under the target's name. Any
//     new word makes a new target and voids the marks.
//  4. When all gaining nodes are done, any node may flip: the target becomes the
//     layout, with the next number. All nodes that flip from the same state make
//     the same layout, so flips need no version and no coordinator.
//  5. A node that has flipped, or has heard of it, goes on writing to the former primaries
//     until it knows that all have heard of it ([State.Confirm]): whoever has not reads
//     from them.
//
// A coordinator that does not know the target yet sends its writes to the old
// primaries alone, and a node that copies must allow for that. A node that ceases to
// be a primary gives its data to the new primaries before it drops it.
//
// Statuses are not stored either (see [Status]), so a flip cannot undo a word that
// the flipping node has not received.
type State struct {
	cluster string
	records records
	quorums quorums
	layout  *layout

	transition *transition // the last result of underWay, derived from the rest
	derived    bool        // transition is up to date
	earlier    *earlier    // transitions before it
	former     former      // primaries by earlier layouts; nil: nobody acts by one
	left       []NodeID    // had a seat by an earlier layout, and may still run
}

// quorums is the register that SetQuorums writes.
type quorums struct {
	Quorums
	nVersion uint64 // of the last change of N, which is a word about placement
}

func (q quorums) compare(o quorums) int {
	return cmp.Or(
		cmp.Compare(q.Version, o.Version),
		cmp.Compare(q.N, o.N), cmp.Compare(q.R, o.R), cmp.Compare(q.W, o.W),
		cmp.Compare(q.nVersion, o.nVersion),
	)
}

// ValidPartitions returns an error unless q can be a ring's number of partitions: a
// power of two from 1 to [Slots].
func ValidPartitions(q int) error {
	if q < 1 || q > Slots || bits.OnesCount(uint(q)) != 1 {
		return fmt.Errorf("partitions %d: want a power of two, 1 to %d", q, Slots)
	}
	return nil
}

// NewState returns the state of a new cluster of q partitions, whose founders own
// the tokens evenly at once. It panics on invalid arguments (q, quorums, a founder's
// fields, no founder, or two of one name): the caller has validated them.
func NewState(clusterID string, q int, initial Quorums, founders ...Member) *State {
	if err := errors.Join(ValidPartitions(q), initial.Validate(), validCluster(clusterID)); err != nil {
		panic(fmt.Sprintf("ring: new state: %v", err))
	}
	if len(founders) == 0 || len(founders) > min(q, MaxMembers) {
		panic(fmt.Sprintf("ring: new state: %d founders", len(founders)))
	}
	initial.Version = 1
	s := &State{
		cluster: clusterID,
		records: make(records, len(founders)),
		quorums: quorums{Quorums: initial, nVersion: 1},
	}
	for _, m := range founders {
		m.ID = IDOf(m.Name)
		if err := m.validate(); err != nil {
			panic(fmt.Sprintf("ring: new state: %v", err))
		}
		if _, ok := s.records[m.ID]; ok {
			panic("ring: new state: two founders called " + m.Name)
		}
		s.records[m.ID] = record{
			name:    m.Name,
			address: address{1, m.ClientAddr, m.PeerAddr, m.AdminAddr},
			zone:    zone{1, m.Zone},
			word:    word{version: 1, intent: in, instance: m.Instance},
		}
	}
	seats := s.wanted()
	s.layout = newLayout(1, initial.N, seats, placement.Found(seats, placement.Size{N: initial.N, Partitions: q}))
	return s
}

// Clone returns a copy that can be changed independently. Immutable parts are
// shared.
func (s *State) Clone() *State {
	c := *s
	c.records = maps.Clone(s.records)
	return &c
}

// ClusterID returns the random id of the cluster.
func (s *State) ClusterID() string { return s.cluster }

// Partitions returns Q.
func (s *State) Partitions() int { return len(s.layout.owners) }

// LayoutNumber returns the number of the layout in force; each flip adds one.
func (s *State) LayoutNumber() uint64 { return s.layout.number }

// Configured returns the quorums as they were set. [Ring.Quorums] says which are
// in force.
func (s *State) Configured() Quorums { return s.quorums.Quorums }

// Version grows with every change, also by Merge. It orders the states that one
// node has seen; states of one version from two nodes may differ: see Digest.
func (s *State) Version() uint64 { return s.lamport() + s.layout.number }

func (s *State) lamport() uint64 { return max(s.quorums.Version, s.records.version()) }

// Member returns what is known of id, which may have been removed.
func (s *State) Member(id NodeID) (Member, bool) {
	r, ok := s.records[id]
	if !ok {
		return Member{}, false
	}
	return r.member(id, s.seated(id)), true
}

// Members returns all members, removed ones too, sorted by name.
func (s *State) Members() []Member {
	list := make([]Member, 0, len(s.records))
	for id, r := range s.records {
		list = append(list, r.member(id, s.seated(id)))
	}
	slices.SortFunc(list, func(a, b Member) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return list
}

func (s *State) seated(id NodeID) bool {
	_, ok := s.layout.seat(id)
	return ok
}

// Digest returns a hash of the whole state: equal states, and in practice only
// those, have equal digests. It is what nodes gossip to see who is behind.
func (s *State) Digest() uint64 {
	h := newHash()
	h.text(s.cluster)
	for _, v := range [...]uint64{s.quorums.Version, s.quorums.nVersion, uint64(s.quorums.N), uint64(s.quorums.R), uint64(s.quorums.W), s.layout.hash} {
		h.uint64(v)
	}
	for _, id := range s.records.ids() {
		r := s.records[id]
		h.uint64(uint64(id))
		for _, text := range [...]string{r.name, r.address.client, r.address.peer, r.address.admin, r.zone.name, r.word.instance} {
			h.text(text)
		}
		for _, v := range [...]uint64{r.address.version, r.zone.version, r.word.version, uint64(r.word.intent), vacancy(r.word.vacant), uint64(r.word.lastStart), r.done.version, r.done.target} {
			h.uint64(v)
		}
		for _, start := range r.incarnations {
			h.uint64(uint64(start))
		}
	}
	return h.sum()
}

// vacancy returns 1 for a vacant seat, else 0: the number that goes into the hash.
func vacancy(vacant bool) uint64 {
	if vacant {
		return 1
	}
	return 0
}

// wanted returns the members that operators want on the ring, sorted by id. There
// are never more than the larger of [MaxMembers] and the number of seats: Join
// refuses more, and if several nodes accepted joins concurrently, the joiners with
// the greatest ids wait.
func (s *State) wanted() []seat {
	var seats, waiting []seat
	for _, id := range s.records.ids() {
		switch r := s.records[id]; {
		case r.word.intent != in:
		case s.layout != nil && s.seated(id):
			seats = append(seats, seat{ID: id, Zone: r.zone.name})
		default:
			waiting = append(waiting, seat{ID: id, Zone: r.zone.name})
		}
	}
	if room := max(0, MaxMembers-len(seats)); len(waiting) > room {
		waiting = waiting[:room]
	}
	seats = append(seats, waiting...)
	slices.SortFunc(seats, seat.Compare)
	return seats
}
