package membership

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

const (
	firstKnock = 200 * time.Millisecond
	lastKnock  = 30 * time.Second // the longest that two halves stay apart once they can talk
)

// knocker keeps track of the members that gossip does not see.
type knocker struct {
	wake chan struct{}
	mu   struct {
		sync.Mutex
		members map[ring.NodeID]*silent
	}
}

// silent is a member, and when to knock on it next.
type silent struct {
	addr  string
	alive bool
	pause time.Duration
	next  time.Time
}

func (k *knocker) init() {
	k.wake = make(chan struct{}, 1)
	k.mu.members = make(map[ring.NodeID]*silent)
}

// size is the number of nodes, this one included.
func (k *knocker) size() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.mu.members) + 1
}

func (k *knocker) set(addresses map[ring.NodeID]string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for id := range k.mu.members {
		if _, ok := addresses[id]; !ok {
			delete(k.mu.members, id)
		}
	}
	for id, addr := range addresses {
		if m := k.mu.members[id]; m == nil {
			k.mu.members[id] = &silent{addr: addr}
		} else if m.addr != addr {
			m.addr, m.pause, m.next = addr, 0, time.Time{}
		}
	}
	k.poke()
}

func (k *knocker) poke() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

func (k *knocker) seen(id ring.NodeID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if m := k.mu.members[id]; m != nil {
		m.alive, m.pause = true, 0
	}
}

func (k *knocker) lost(id ring.NodeID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if m := k.mu.members[id]; m != nil {
		m.alive, m.pause, m.next = false, 0, time.Time{}
	}
	k.poke()
}

// hurry makes a knock due on a member that is not alive.
func (k *knocker) hurry(id ring.NodeID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if m := k.mu.members[id]; m != nil && !m.alive {
		m.pause, m.next = 0, time.Time{}
		k.poke()
	}
}

// due returns a member to knock on now, or how long to wait for one. The alive
// are an argument, for memberlist's lock must not be taken under this one: its
// events come the other way.
func (k *knocker) due(now time.Time, alive map[ring.NodeID]bool) (addr string, wait time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	wait = lastKnock
	for id, m := range k.mu.members {
		if m.alive || alive[id] {
			continue
		}
		if pause := m.next.Sub(now); pause > 0 {
			wait = min(wait, pause)
			continue
		}
		m.pause = min(max(2*m.pause, firstKnock), lastKnock)
		m.next = now.Add(m.pause/2 + rand.N(m.pause/2+1)) // jittered, and never longer
		return m.addr, 0
	}
	return "", wait
}

// knock asks silent members to gossip with us until ctx ends.
func (m *Membership) knock(ctx context.Context) {
	for ctx.Err() == nil {
		addr, wait := m.knocker.due(time.Now(), m.aliveNow())
		if addr != "" {
			if _, err := m.list.Join([]string{addr}); err != nil {
				m.cfg.Logger.Debug("no answer to a knock", "addr", addr, "err", err)
			}
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-m.knocker.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}
