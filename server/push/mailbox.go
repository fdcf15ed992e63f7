package push

import "sync"

// Mailbox holds messages for one connection until they are delivered.
type Mailbox struct {
	limit int                                  // bytes
	note  func(dst []byte, dropped int) []byte // appends the note about dropped messages
	wake  chan struct{}                        // a signal: there are messages, or it is closed

	mu struct {
		sync.Mutex
		pending []byte
		dropped int // since the last delivery
		closed  bool
	}
}

// NewMailbox returns a mailbox of limit bytes. The note is appended where messages
// were dropped.
func NewMailbox(limit int, note func(dst []byte, dropped int) []byte) *Mailbox {
	return &Mailbox{limit: limit, note: note, wake: make(chan struct{}, 1)}
}

// Put adds a message, which it copies. It never waits: a message that does not fit
// is dropped and counted.
func (m *Mailbox) Put(message []byte) {
	m.mu.Lock()
	switch {
	case m.mu.closed:
	case m.mu.dropped > 0 || len(m.mu.pending)+len(message) > m.limit:
		m.mu.dropped++ // also messages that would fit: the note stands behind all that were kept
	default:
		m.mu.pending = append(m.mu.pending, message...)
	}
	m.mu.Unlock()
	m.signal()
}

// Close drops what is pending and ends Deliver. A delivery under way is finished.
func (m *Mailbox) Close() {
	m.mu.Lock()
	m.mu.closed, m.mu.pending = true, nil
	m.mu.Unlock()
	m.signal()
}

func (m *Mailbox) signal() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// Deliver sends messages as they come, until Close or an error of send. It holds
// sending while it sends: nothing else may write to the connection meanwhile.
func (m *Mailbox) Deliver(sending sync.Locker, send func([]byte) error) {
	for range m.wake {
		sending.Lock()
		pending, closed := m.take()
		var err error
		if len(pending) > 0 {
			err = send(pending)
		}
		sending.Unlock()
		if closed || err != nil {
			return
		}
	}
}

// take removes all messages, with a note if some were dropped.
func (m *Mailbox) take() (pending []byte, closed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	pending = m.mu.pending
	if m.mu.dropped > 0 && !m.mu.closed {
		pending = m.note(pending, m.mu.dropped)
	}
	m.mu.pending, m.mu.dropped = nil, 0
	return pending, m.mu.closed
}
