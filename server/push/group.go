package push

import (
	"slices"
	"sync"
)

// Group is a set of mailboxes that get the same messages. The zero Group is empty.
type Group struct {
	mu struct {
		sync.Mutex
		mailboxes []*Mailbox
	}
}

// Add adds a mailbox, which gets all messages from now on.
func (g *Group) Add(m *Mailbox) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.mu.mailboxes = append(g.mu.mailboxes, m)
}

// Remove removes a mailbox.
func (g *Group) Remove(m *Mailbox) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.mu.mailboxes = slices.DeleteFunc(g.mu.mailboxes, func(other *Mailbox) bool { return other == m })
}

// Empty reports whether no mailbox gets the messages.
func (g *Group) Empty() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.mu.mailboxes) == 0
}

// Publish puts a message into all mailboxes.
func (g *Group) Publish(message []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, m := range g.mu.mailboxes {
		m.Put(message)
	}
}
