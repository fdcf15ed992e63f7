package ring

import "fmt"

// Join makes m a wanted member. A member that was removed may come back as another
// instance. For a node that is a member already (the same instance), Join only
// renews its addresses; it does not cancel a leave. A seat that is vacant is taken. Errors:
// [ErrBadMember], [ErrBadName], [ErrNameTaken] where another instance holds the
// name (remove it first, and wait until it is gone), [ErrRemovedMember] where it
// is the one that was removed, [ErrTooManyMembers].
func (s *State) Join(m Member) error {
	if m.ID == 0 {
		m.ID = IDOf(m.Name)
	}
	if err := m.validate(); err != nil {
		return fmt.Errorf("join: %w", err)
	}
	r, known := s.records[m.ID]
	if known && r.vacant() && r.word.instance != m.Instance && s.status(m.ID) != Removed {
		return s.Replace(m)
	}
	if known && (r.name != m.Name || s.status(m.ID) != Removed) {
		return s.renew(r, m)
	}
	if known && m.Instance != "" && r.word.instance == m.Instance {
		return fmt.Errorf("join %s: %w: its data directory is of that time, and must be emptied", m.Name, ErrRemovedMember)
	}
	if !known && len(s.records) >= MaxNames {
		return fmt.Errorf("join %s: %w: %d names, removed ones included", m.Name, ErrTooManyMembers, len(s.records))
	}
	if limit := min(s.Partitions(), MaxMembers); len(s.wanted()) >= limit {
		return fmt.Errorf("join %s: %w: at most %d on this ring", m.Name, ErrTooManyMembers, limit)
	}
	v := s.next()
	r.name = m.Name
	r.address = address{v, m.ClientAddr, m.PeerAddr, m.AdminAddr}
	r.zone = zone{v, m.Zone}
	r.word = word{version: v, intent: in, instance: m.Instance}
	s.set(m.ID, r)
	return nil
}

// Vacate lets another data directory take the seat of a member that is dead: the next
// node that joins under its name gets the member's tokens, and is filled from the others.
// The seat is not vacant any more if the member itself starts again. Errors:
// [ErrUnknownMember]; [ErrRemovedMember] if it was removed, or is on its way out.
func (s *State) Vacate(id NodeID) error {
	r, ok := s.records[id]
	if !ok {
		return fmt.Errorf("vacate %016x: %w", uint64(id), ErrUnknownMember)
	}
	if r.word.intent != in {
		return fmt.Errorf("vacate %s: %w: it is %s", r.name, ErrRemovedMember, s.status(id))
	}
	if !r.vacant() {
		r.word.vacant, r.word.lastStart, r.word.version = true, r.incarnations.newest(), s.next()
		s.set(id, r)
	}
	return nil
}

// Replace gives the seat of a member, with all its tokens, to another instance of the
// same name. The caller knows that the member is dead, or its seat is vacant. The
// newcomer holds nothing yet: what it was done with is not done any more. For a node
// that is no member it is a [State.Join]. Errors: those of Join.
func (s *State) Replace(m Member) error {
	if m.ID == 0 {
		m.ID = IDOf(m.Name)
	}
	r, known := s.records[m.ID]
	if !known || s.status(m.ID) == Removed {
		return s.Join(m)
	}
	if err := m.validate(); err != nil {
		return fmt.Errorf("replace: %w", err)
	}
	switch {
	case r.name != m.Name:
		return fmt.Errorf("%w: %s and %s have the same id", ErrNameTaken, m.Name, r.name)
	case r.word.intent != in:
		return fmt.Errorf("replace %s: %w: it is %s, wait until it is gone", m.Name, ErrNameTaken, s.status(m.ID))
	case r.word.instance == m.Instance:
		return s.renew(r, m)
	}
	v := s.next()
	r.address = address{v, m.ClientAddr, m.PeerAddr, m.AdminAddr}
	r.word = word{version: v, intent: in, instance: m.Instance}
	if r.zone.name != m.Zone {
		r.zone = zone{v, m.Zone}
	}
	if r.done.target != 0 {
		r.done = mark{v, 0}
	}
	s.set(m.ID, r)
	return nil
}

// Update renews the addresses and the zone of a member; a node calls it for itself
// when it starts. If nothing is new, the version stays as it is. Errors: [ErrBadMember],
// [ErrBadName], [ErrUnknownMember], [ErrRemovedMember], [ErrNameTaken] where another
// instance holds the name.
func (s *State) Update(m Member) error {
	if m.ID == 0 {
		m.ID = IDOf(m.Name)
	}
	if err := m.validate(); err != nil {
		return fmt.Errorf("update: %w", err)
	}
	r, known := s.records[m.ID]
	switch {
	case !known:
		return fmt.Errorf("update %s: %w", m.Name, ErrUnknownMember)
	case s.status(m.ID) == Removed:
		return fmt.Errorf("update %s: %w", m.Name, ErrRemovedMember)
	case r.word.instance == "":
		m.Instance = "" // a founder, whose instance the others do not know
	}
	return s.renew(r, m)
}

func (s *State) renew(r record, m Member) error {
	if r.name != m.Name {
		return fmt.Errorf("%w: %s and %s have the same id", ErrNameTaken, m.Name, r.name)
	}
	if r.word.instance != m.Instance {
		return fmt.Errorf("%w: %s is %s", ErrNameTaken, m.Name, s.status(m.ID))
	}
	v := s.next()
	renewed := r
	renewed.address = address{r.address.version, m.ClientAddr, m.PeerAddr, m.AdminAddr}
	if renewed.address != r.address {
		renewed.address.version = v
	}
	if r.zone.name != m.Zone {
		renewed.zone = zone{v, m.Zone}
	}
	if renewed != r {
		s.set(m.ID, renewed)
	}
	return nil
}

// Leave makes id a member that transfers its data and leaves. It changes nothing if
// id is leaving or gone already. Errors: [ErrUnknownMember]; [ErrLastMember] if no
// other member is wanted.
func (s *State) Leave(id NodeID) error {
	r, ok := s.records[id]
	if !ok {
		return fmt.Errorf("leave %016x: %w", uint64(id), ErrUnknownMember)
	}
	if r.word.intent != in {
		return nil
	}
	if !s.records.anyOther(id, func(_ NodeID, r record) bool { return r.word.intent == in }) {
		return fmt.Errorf("leave %s: %w", r.name, ErrLastMember)
	}
	r.word.intent, r.word.version = out, s.next()
	s.set(id, r)
	return nil
}

// Remove declares id dead: the others copy its data from the replicas that they
// have. It changes nothing if id is gone already. Errors: [ErrUnknownMember];
// [ErrLastMember] if no other member is wanted, or none of the others has data to
// copy from.
func (s *State) Remove(id NodeID) error {
	r, ok := s.records[id]
	if !ok {
		return fmt.Errorf("remove %016x: %w", uint64(id), ErrUnknownMember)
	}
	if r.word.intent == gone || s.status(id) == Removed {
		return nil
	}
	wanted := s.records.anyOther(id, func(_ NodeID, r record) bool { return r.word.intent == in })
	source := s.records.anyOther(id, func(id NodeID, r record) bool { return r.word.intent != gone && s.seated(id) })
	if !wanted || !source {
		return fmt.Errorf("remove %s: %w", r.name, ErrLastMember)
	}
	r.word.intent, r.word.version = gone, s.next()
	s.set(id, r)
	return nil
}

// SetQuorums sets N, R and W for the whole cluster. R and W count at once, a
// greater N when the nodes that gain copies have them. A read with the new R may miss what
// was acknowledged with the old W, unless both together are more than N, until the copies
// are equal. Error: [ErrBadQuorums].
func (s *State) SetQuorums(q Quorums) error {
	if err := q.Validate(); err != nil {
		return err
	}
	q.Version = s.quorums.Version
	if q == s.quorums.Quorums {
		return nil
	}
	q.Version = s.next()
	if q.N != s.quorums.N {
		s.quorums.nVersion = q.Version
	}
	s.quorums.Quorums = q
	s.invalidate()
	return nil
}

// MarkDone says that id, which gains partitions under target, holds all of them.
// Only id itself may say so. Errors: [ErrUnknownMember]; [ErrOtherTarget] where
// target is not (or no longer) that of the transition under way, or id gains
// nothing under it.
func (s *State) MarkDone(id NodeID, target uint64) error {
	r, ok := s.records[id]
	if !ok {
		return fmt.Errorf("mark %016x done: %w", uint64(id), ErrUnknownMember)
	}
	if t := s.underWay(); t == nil || t.name != target || !t.gains(id) {
		return fmt.Errorf("mark %s done: %w", r.name, ErrOtherTarget)
	}
	if r.done.target == target {
		return nil
	}
	// A mark decides nothing about placement: the target stands.
	r.done = mark{s.next(), target}
	s.records[id] = r
	return nil
}

// Unmark withdraws id's done-mark because id has lost its data. Only id itself may
// call it.
func (s *State) Unmark(id NodeID) {
	if r, ok := s.records[id]; ok && r.done.target != 0 {
		r.done = mark{s.next(), 0}
		s.records[id] = r
	}
}

// next returns the version of a new word: greater than every version in s. It stops
// at maxVersion, which no real cluster reaches, so that an encoded s can always be
// decoded.
func (s *State) next() uint64 { return min(s.lamport()+1, maxVersion) }

func (s *State) set(id NodeID, r record) {
	s.records[id] = r
	s.invalidate()
}

func (s *State) status(id NodeID) Status {
	return statusOf(s.records[id].word.intent, s.seated(id))
}
