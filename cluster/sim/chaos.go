package sim

import (
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/causal"
)

// chaos lets clients and faults do as they like for a while.
func (s *Sim) chaos() {
	for i := range s.opts.Clients {
		c := &client{name: fmt.Sprintf("c%d", i), careful: i == 0 || s.rng.IntN(3) == 0, tokens: make(map[string]string)}
		if c.careful {
			c.key = "own-" + c.name
			c.tokens[c.key] = string(causal.TokensOf([]byte(c.key)).Append(nil, nil))
		}
		s.clients = append(s.clients, c)
		s.think(c)
	}
	end := s.now + s.opts.Chaos
	s.mishapLater(end)
	s.runUntil(end)
}

// mishapLater schedules the next fault that lasts.
func (s *Sim) mishapLater(end time.Duration) {
	wait := 50*time.Millisecond + time.Duration(s.rng.Int64N(int64(900*time.Millisecond)))
	if s.now+wait >= end {
		return
	}
	s.after(wait, func() {
		if !s.healed {
			s.mishap()
			s.mishapLater(end)
		}
	})
}

// lasting is how long a fault lasts: mostly short, now and then longer than any
// timeout.
func (s *Sim) lasting() time.Duration {
	d := 5*time.Millisecond + time.Duration(s.rng.Int64N(int64(600*time.Millisecond)))
	if s.rng.IntN(4) == 0 {
		d += time.Duration(s.rng.Int64N(int64(5 * time.Second)))
	}
	return d
}

// mishap does one thing to one node or link.
func (s *Sim) mishap() {
	a := s.nodes[s.rng.IntN(len(s.nodes))]
	b := s.nodes[(a.index+1+s.rng.IntN(len(s.nodes)-1))%len(s.nodes)]
	kinds := s.opts.Faults.mishaps()
	if len(kinds) == 0 {
		return
	}
	switch kind := kinds[s.rng.IntN(len(kinds))]; {
	case kind == FaultLoss:
		k := s.link(a, b)
		k.lossy = 1 + s.rng.IntN(30)
		s.note("%s>%s loses %d %%", a.name, b.name, k.lossy)
		s.after(s.lasting(), func() { k.lossy = 0 })
	case kind == FaultSlow:
		k := s.link(a, b)
		k.slow = time.Duration(s.rng.Int64N(int64(400 * time.Millisecond)))
		s.note("%s>%s is slow by %v", a.name, b.name, k.slow)
		s.after(s.lasting(), func() { k.slow = 0 })
	case kind == FaultCuts:
		s.setCut(a, b, true)
		s.after(s.lasting(), func() { s.setCut(a, b, false) })
	case kind == FaultDiskFull:
		if a.life != nil {
			s.fillDisk(a)
		}
	case kind == FaultRestarts, kind == FaultRestores && a.backup == nil:
		if a.life != nil && !a.life.frozen {
			s.stop(a)
			s.after(s.lasting(), func() { s.revive(a) })
		}
	case kind == FaultRestores:
		if a.life != nil {
			s.crash(a)
			s.note("%s gets an older disk back", a.name)
			a.disk, a.backup = a.backup, nil
			s.after(s.lasting(), func() { s.revive(a) })
		}
	case kind == FaultJumps:
		s.setClock(a, a.jump.Load()+int64(s.jumping()))
	case kind == FaultQuorums:
		s.changeQuorums()
	case kind == FaultJoins:
		s.join()
	case kind == FaultLeaves:
		s.leave(a)
	case kind == FaultRemovals:
		s.remove(a)
	case kind == FaultSuspicion:
		if a.life != nil && !a.life.frozen {
			s.suspect(a.life, b)
		}
	case kind == FaultFreezes:
		if a.life != nil && !a.life.frozen {
			s.freeze(a)
		}
	case kind == FaultSnapshots:
		s.snapshot(a)
	case kind == FaultClones:
		s.clone(a)
	case kind == FaultMoves:
		s.move(a, b)
	case kind == FaultCrashes:
		if a.life != nil {
			s.crash(a)
			s.after(s.lasting(), func() { s.revive(a) })
		}
	}
}

// setCut makes one direction swallow everything, or not any more.
func (s *Sim) setCut(a, b *node, cut bool) {
	k := s.link(a, b)
	if k.cut == cut {
		return
	}
	s.note("%s>%s cut: %v", a.name, b.name, cut)
	k.cut = cut
	s.detectSoon(a, b, false)
	s.detectSoon(b, a, false)
}

// freeze stops a process for a while.
func (s *Sim) freeze(n *node) {
	l := n.life
	s.note("%s freezes", n.name)
	l.frozen = true
	for _, other := range s.nodes {
		s.detectSoon(other, n, false)
	}
	s.after(s.lasting(), func() { s.thaw(l) })
}

// thaw lets a process go on. What it has in its buffers and its overdue timers come
// in an order of the seed's choice.
func (s *Sim) thaw(l *life) {
	if l.over || !l.frozen {
		return
	}
	lost := s.now - l.bubble.at
	s.note("%s goes on after %v, %d things waiting", l.node.name, lost, len(l.held))
	l.frozen = false
	held := l.held
	l.held = nil
	for _, f := range held {
		// Timers that were due before this instant of the node's clock fire first.
		if left := s.now - l.bubble.at; left > 0 && s.rng.IntN(2) == 0 && !l.over {
			l.bubble.advance(l.bubble.at + time.Duration(s.rng.Int64N(int64(left))))
			s.collect(l)
		}
		f()
	}
	if !l.over {
		l.bubble.advance(s.now)
		s.collect(l)
	}
	for _, other := range s.nodes {
		s.detectSoon(other, l.node, false)
	}
}

// revive starts a node that is down.
func (s *Sim) revive(n *node) {
	if n.life == nil && !n.out {
		s.start(n)
	}
}

// fillDisk leaves a disk no space for a while. One at a time: with more, writes
// wait for a quorum until they are taken for lost.
func (s *Sim) fillDisk(n *node) {
	if s.full != nil {
		return
	}
	s.full = n
	s.note("%s has a full disk", n.name)
	n.disk.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 1 << 20, TotalBytes: 1 << 40})
	s.after(s.lasting()+time.Second, func() { s.emptyDisk(n) })
}

func (s *Sim) emptyDisk(n *node) {
	if s.full != n {
		return
	}
	s.full = nil
	s.note("%s has a disk with space", n.name)
	n.disk.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 1 << 39, TotalBytes: 1 << 40})
}

// heal ends every fault.
func (s *Sim) heal() {
	s.note("all faults end")
	s.healed = true
	for _, a := range s.nodes {
		for _, b := range s.nodes {
			k := s.link(a, b)
			k.cut, k.lossy, k.slow = false, 0, 0
		}
	}
	s.endClone()
	for _, n := range s.nodes {
		s.emptyDisk(n)
		s.setClock(n, 0)
		if n.out && n.life == nil {
			continue
		}
		if s.opts.defect == defectAmnesia && n.life != nil {
			s.crash(n)
		}
		if n.life == nil {
			s.start(n)
		} else {
			s.thaw(n.life)
		}
	}
	for _, a := range s.nodes {
		for _, b := range s.nodes {
			s.detectSoon(a, b, false)
		}
	}
}
