package peer

// pending is a request that waits for its reply.
type pending struct {
	done       Completion // nil: the slot is free
	sent       int64      // channel time
	prev, next uint32     // in the order of sending; next also chains free slots
	generation uint32     // of the slot: a late reply to an earlier use finds another
	kind       Kind
	pinned     bool // its body is referenced by the outbox: must not complete yet
}

// pendings is a slab of requests, listed in the order of sending. Since all
// requests of a stream have the same time-out, that is the order of their
// deadlines too: the sweeper looks at the head only. Slot 0 is the list's end.
type pendings struct {
	slots []pending
	free  uint32
	count int
}

// add returns the id to send.
func (p *pendings) add(done Completion, kind Kind, now int64) uint64 {
	if len(p.slots) == 0 {
		p.slots = make([]pending, 1, 64)
	}
	at := p.free
	if at != 0 {
		p.free = p.slots[at].next
	} else {
		at = uint32(len(p.slots))
		p.slots = append(p.slots, pending{})
	}
	last := p.slots[0].prev
	s := &p.slots[at]
	s.done, s.kind, s.sent, s.pinned = done, kind, now, false
	s.prev, s.next = last, 0
	p.slots[last].next = at
	p.slots[0].prev = at
	p.count++
	return uint64(s.generation)<<32 | uint64(at)
}

// find returns the slot of an id, or 0 if it waits no more.
func (p *pendings) find(id uint64) uint32 {
	at := uint32(id)
	if at == 0 || int(at) >= len(p.slots) {
		return 0
	}
	if s := &p.slots[at]; s.done == nil || s.generation != uint32(id>>32) {
		return 0
	}
	return at
}

// remove frees a slot and returns what it held.
func (p *pendings) remove(at uint32) pending {
	s := &p.slots[at]
	gone := *s
	p.slots[s.prev].next = s.next
	p.slots[s.next].prev = s.prev
	s.done = nil
	s.generation++
	s.next = p.free
	p.free = at
	p.count--
	return gone
}

// head is the slot that waits longest, or 0.
func (p *pendings) head() uint32 {
	if p.count == 0 {
		return 0
	}
	return p.slots[0].next
}

// pin marks a request whose body the outbox references.
func (p *pendings) pin(id uint64) { p.slots[p.find(id)].pinned = true }

// unpin says that the body is written; the request may have ended since.
func (p *pendings) unpin(id uint64) {
	if at := p.find(id); at != 0 {
		p.slots[at].pinned = false
	}
}

// expire removes what was sent before a time and appends it to dst. What is
// pinned stays until the writer has let go of it.
func (p *pendings) expire(before int64, dst []pending) []pending {
	if p.count == 0 {
		return dst
	}
	for at := p.slots[0].next; at != 0 && p.slots[at].sent < before; {
		next := p.slots[at].next
		if !p.slots[at].pinned {
			dst = append(dst, p.remove(at))
		}
		at = next
	}
	return dst
}
