package peer

import "time"

// pending is a request that waits for its reply: one element of a slab.
type pending struct {
	done       Completion // nil: the element is free
	sent       int64      // channel time
	allowance  int64      // nanoseconds that it may take beyond the timeout, because it is large
	prev, next uint32     // in the order of sending; next also chains free elements
	generation uint32     // of the element: a late reply to an earlier use does not match
	kind       Kind
	pinned     bool // the outbox references its body: it must not complete yet
	announcing bool // its reply is being announced: it must not complete yet
}

// pendings is a slab of requests, linked in the order of sending. All requests of a
// stream have the same timeout, but for the few large ones, so this is the order of their
// deadlines too, and the watchdog checks the head only. Element 0 is the end of the list.
type pendings struct {
	elements []pending
	free     uint32
	count    int
}

// add stores a request and returns the id to send with it.
func (p *pendings) add(done Completion, kind Kind, now int64) uint64 {
	if len(p.elements) == 0 {
		p.elements = make([]pending, 1, 64)
	}
	at := p.free
	if at != 0 {
		p.free = p.elements[at].next
	} else {
		at = uint32(len(p.elements))
		p.elements = append(p.elements, pending{})
	}
	last := p.elements[0].prev
	s := &p.elements[at]
	s.done, s.kind, s.sent, s.allowance, s.pinned, s.announcing = done, kind, now, 0, false, false
	s.prev, s.next = last, 0
	p.elements[last].next = at
	p.elements[0].prev = at
	p.count++
	return uint64(s.generation)<<32 | uint64(at)
}

// find returns the index of a request by its id, or 0 if it is no longer pending.
func (p *pendings) find(id uint64) uint32 {
	at := uint32(id)
	if at == 0 || int(at) >= len(p.elements) {
		return 0
	}
	if s := &p.elements[at]; s.done == nil || s.generation != uint32(id>>32) {
		return 0
	}
	return at
}

// remove frees an element and returns what it held.
func (p *pendings) remove(at uint32) pending {
	s := &p.elements[at]
	gone := *s
	p.elements[s.prev].next = s.next
	p.elements[s.next].prev = s.prev
	s.done = nil
	s.generation++
	s.next = p.free
	p.free = at
	p.count--
	return gone
}

// head returns the index of the oldest request, or 0.
func (p *pendings) head() uint32 {
	if p.count == 0 {
		return 0
	}
	return p.elements[0].next
}

// pin marks a request whose body the outbox references.
func (p *pendings) pin(id uint64) { p.elements[p.find(id)].pinned = true }

// unpin releases a body that is written. The request may have ended since.
func (p *pendings) unpin(id uint64) {
	if at := p.find(id); at != 0 {
		p.elements[at].pinned = false
	}
}

// allow gives a request more time, because it or its answer is large.
func (p *pendings) allow(at uint32, more time.Duration) { p.elements[at].allowance += int64(more) }

// expire removes the requests that were sent before a time, and have no allowance that
// lasts longer, and appends them to dst. A pinned request stays until the writer has
// released it.
func (p *pendings) expire(before int64, dst []pending) []pending {
	if p.count == 0 {
		return dst
	}
	for at := p.elements[0].next; at != 0 && p.elements[at].sent < before; {
		next := p.elements[at].next
		if e := &p.elements[at]; !e.pinned && !e.announcing && e.sent+e.allowance < before {
			dst = append(dst, p.remove(at))
		}
		at = next
	}
	return dst
}
