package gossip

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"

	"github.com/quorate/quorate/cluster/core/ring"
)

const (
	firstRejoin = 200 * time.Millisecond
	lastRejoin  = 30 * time.Second // the longest that two halves stay apart once they can talk
)

// rejoiner keeps track of the members that gossip does not see, and says when to try
// which of them next.
type rejoiner struct {
	wake chan struct{}
	mu   struct {
		sync.Mutex
		members map[ring.NodeID]*rejoinTarget
	}
}

// rejoinTarget is a member, and when to try it next.
type rejoinTarget struct {
	addr  string
	alive bool
	pause time.Duration
	next  time.Time
}

func (r *rejoiner) init() {
	r.wake = make(chan struct{}, 1)
	r.mu.members = make(map[ring.NodeID]*rejoinTarget)
}

// size returns the number of nodes, this one included.
func (r *rejoiner) size() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.mu.members) + 1
}

// set replaces the members. One that moved is tried at its new address at once.
func (r *rejoiner) set(addresses map[ring.NodeID]string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id := range r.mu.members {
		if _, ok := addresses[id]; !ok {
			delete(r.mu.members, id)
		}
	}
	for id, addr := range addresses {
		if m := r.mu.members[id]; m == nil {
			r.mu.members[id] = &rejoinTarget{addr: addr}
		} else if m.addr != addr {
			m.addr, m.pause, m.next = addr, 0, time.Time{}
		}
	}
	r.trigger()
}

// trigger makes the loop look at the members now.
func (r *rejoiner) trigger() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// seen notes that gossip sees a member.
func (r *rejoiner) seen(id ring.NodeID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := r.mu.members[id]; m != nil {
		m.alive, m.pause = true, 0
	}
}

// lost notes that gossip sees a member no more.
func (r *rejoiner) lost(id ring.NodeID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := r.mu.members[id]; m != nil {
		m.alive, m.pause, m.next = false, 0, time.Time{}
	}
	r.trigger()
}

// expedite makes a member due now, unless gossip sees it.
func (r *rejoiner) expedite(id ring.NodeID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := r.mu.members[id]; m != nil && !m.alive {
		m.pause, m.next = 0, time.Time{}
		r.trigger()
	}
}

// due returns the address of a member to try now, or how long to wait for one. The
// nodes that are alive are an argument: memberlist's lock must not be taken under this
// one, because its events take them in the other order.
func (r *rejoiner) due(now time.Time, alive map[ring.NodeID]bool) (addr string, wait time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	wait = lastRejoin
	for id, m := range r.mu.members {
		if m.alive || alive[id] {
			continue
		}
		if pause := m.next.Sub(now); pause > 0 {
			wait = min(wait, pause)
			continue
		}
		m.pause = min(max(2*m.pause, firstRejoin), lastRejoin)
		m.next = now.Add(m.pause/2 + rand.N(m.pause/2+1)) // jittered, and never longer
		return m.addr, 0
	}
	return "", wait
}

// rejoin asks the members that gossip does not see to take part, until ctx ends.
func (g *Gossip) rejoin(ctx context.Context, list *memberlist.Memberlist) {
	for ctx.Err() == nil {
		addr, wait := g.rejoiner.due(time.Now(), aliveIn(list))
		if addr != "" {
			if _, err := list.Join([]string{addr}); err != nil {
				g.cfg.Logger.Debug("member not rejoined", "addr", addr, "err", err)
			}
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-g.rejoiner.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}
