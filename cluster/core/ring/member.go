package ring

import (
	"cmp"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Status is the phase of a member's life on the ring.
type Status string

// A member's status is never stored: it follows from the operator's word (in,
// out, gone) and from whether the layout in force seats the member.
const (
	Joining  Status = "joining"  // wanted, holds nothing yet
	Up       Status = "up"       // wanted, and seated
	Leaving  Status = "leaving"  // on its way out; serves and gives data until the flip
	Removing Status = "removing" // removed as dead; still seated until the others hold its data
	Removed  Status = "removed"  // gone; kept so that its name still resolves
)

// Member is one node as the ring knows it.
type Member struct {
	ID         NodeID
	Name       string
	ClientAddr string
	PeerAddr   string
	AdminAddr  string
	// Zone is the failure domain: primaries are spread over distinct zones
	// first. Empty where zones are not used.
	Zone string
	// Instance is the random id of the data directory. It distinguishes a node from
	// another of the same name: an impostor, or a successor on an empty disk.
	Instance string
	// Status and Vacant are derived; what a caller sets is ignored. Vacant says that a
	// node of this name on another data directory may take the seat: see [State.Vacate].
	Status Status
	Vacant bool
}

// ErrBadMember is returned for a member with an invalid field: one that is too
// long or not UTF-8, or an id that is not the hash of its name.
var ErrBadMember = errors.New("bad member")

// maxText bounds each text of a member but its name.
const maxText = 255

func (m *Member) validate() error {
	if err := ValidName(m.Name); err != nil {
		return err
	}
	if m.ID != IDOf(m.Name) {
		return fmt.Errorf("%w: %s has id %016x, its name gives %016x", ErrBadMember, m.Name, uint64(m.ID), uint64(IDOf(m.Name)))
	}
	for _, text := range [...]string{m.ClientAddr, m.PeerAddr, m.AdminAddr, m.Zone, m.Instance} {
		if len(text) > maxText {
			return fmt.Errorf("%w: %s has a text of %d bytes, want at most %d", ErrBadMember, m.Name, len(text), maxText)
		}
		// JSON would replace the bad bytes silently, and the copies would differ.
		if !utf8.ValidString(text) {
			return fmt.Errorf("%w: %s has a text that is not UTF-8: %q", ErrBadMember, m.Name, text)
		}
	}
	return nil
}

// intent is the decision in a word. If versions tie, the later stage wins: of two
// concurrent decisions, the one that is harder to take back.
type intent uint8

const (
	in   intent = iota // it shall own its share of the tokens
	out                // it shall transfer its data and leave
	gone               // it is dead: the others replace its copies
)

// record holds what is known of one member. Its registers are merged separately, so
// that a node that changes its address or its zone cannot undo an operator's decision
// that it has not received, nor the reverse.
type record struct {
	name         string
	address      address
	zone         zone
	word         word
	done         mark
	incarnations incarnations
}

// address is the register that the member itself writes.
type address struct {
	version             uint64
	client, peer, admin string
}

// zone is the register of the failure domain, which the member itself writes.
type zone struct {
	version uint64
	name    string
}

// word is the register that operators write: whether the member shall have a seat, and
// which data directory has it.
type word struct {
	version  uint64
	intent   intent
	instance string
	// vacant says that another data directory may take the seat, unless the member has
	// started again since lastStart, the newest of its starts that were known then. See
	// [State.Vacate].
	vacant    bool
	lastStart Incarnation
}

// mark says that the member holds all that it gains under a target.
type mark struct {
	version uint64
	target  uint64
}

func (a address) compare(b address) int {
	return cmp.Or(
		cmp.Compare(a.version, b.version),
		cmp.Compare(a.client, b.client),
		cmp.Compare(a.peer, b.peer),
		cmp.Compare(a.admin, b.admin),
	)
}

func (a word) compare(b word) int {
	return cmp.Or(
		cmp.Compare(a.version, b.version),
		cmp.Compare(a.intent, b.intent),
		cmp.Compare(a.instance, b.instance),
		compareBools(a.vacant, b.vacant),
		cmp.Compare(a.lastStart, b.lastStart),
	)
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func (a zone) compare(b zone) int {
	return cmp.Or(cmp.Compare(a.version, b.version), cmp.Compare(a.name, b.name))
}

func (a mark) compare(b mark) int {
	return cmp.Or(cmp.Compare(a.version, b.version), cmp.Compare(a.target, b.target))
}

// join merges other into r. The name is not a register: an id is the hash of a
// name, and of two names with one hash, which Join refuses, the greater one wins.
func (r *record) join(other record) (changed bool) {
	if other.name > r.name {
		r.name, changed = other.name, true
	}
	if other.address.compare(r.address) > 0 {
		r.address, changed = other.address, true
	}
	if other.zone.compare(r.zone) > 0 {
		r.zone, changed = other.zone, true
	}
	if other.word.compare(r.word) > 0 {
		r.word, changed = other.word, true
	}
	if other.done.compare(r.done) > 0 {
		r.done, changed = other.done, true
	}
	return r.incarnations.join(other.incarnations) || changed
}

func (r *record) version() uint64 {
	return max(r.address.version, r.zone.version, r.word.version, r.done.version)
}

// vacant reports whether another data directory may take the member's seat now. The
// member has no part in that word: a start of its own ends the vacancy, and cannot undo
// what an operator decides meanwhile.
func (r *record) vacant() bool {
	return r.word.vacant && r.word.intent == in && r.incarnations.newest() <= r.word.lastStart
}

func (r *record) member(id NodeID, seated bool) Member {
	return Member{
		ID: id, Name: r.name,
		ClientAddr: r.address.client, PeerAddr: r.address.peer, AdminAddr: r.address.admin,
		Zone: r.zone.name, Instance: r.word.instance,
		Status: statusOf(r.word.intent, seated), Vacant: r.vacant(),
	}
}

func statusOf(i intent, seated bool) Status {
	switch {
	case i == in && seated:
		return Up
	case i == in:
		return Joining
	case !seated:
		return Removed
	case i == gone:
		return Removing
	}
	return Leaving
}
