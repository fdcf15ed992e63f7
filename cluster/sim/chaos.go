package sim

import (
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// injector makes faults happen, until it ends them all.
type injector struct {
	*cluster
	operator *operator
	full     *node // its disk is
}

// run lets faults happen for as long as the options say, beside what clients do.
func (in *injector) run() {
	end := in.now + in.opts.Chaos
	in.mishapLater(end)
	in.runUntil(end)
}

// mishapLater schedules the next fault that lasts.
func (in *injector) mishapLater(end time.Duration) {
	wait := 50*time.Millisecond + time.Duration(in.rng.Int64N(int64(900*time.Millisecond)))
	if in.now+wait >= end {
		return
	}
	in.after(wait, func() {
		if !in.healed {
			in.mishap()
			in.mishapLater(end)
		}
	})
}

// lasting is how long a fault lasts: mostly short, now and then longer than any
// timeout.
func (s *schedule) lasting() time.Duration {
	d := 5*time.Millisecond + time.Duration(s.rng.Int64N(int64(600*time.Millisecond)))
	if s.rng.IntN(4) == 0 {
		d += time.Duration(s.rng.Int64N(int64(5 * time.Second)))
	}
	return d
}

// mishap does one thing to one node or link.
func (in *injector) mishap() {
	a := in.nodes[in.rng.IntN(len(in.nodes))]
	b := in.nodes[(a.index+1+in.rng.IntN(len(in.nodes)-1))%len(in.nodes)]
	kinds := in.opts.Faults.mishaps()
	if len(kinds) == 0 {
		return
	}
	switch kind := kinds[in.rng.IntN(len(kinds))]; {
	case kind == FaultLoss:
		k := in.link(a, b)
		k.lossy = 1 + in.rng.IntN(30)
		in.note("%s>%s loses %d %%", a.name, b.name, k.lossy)
		in.after(in.lasting(), func() { k.lossy = 0 })
	case kind == FaultSlow:
		k := in.link(a, b)
		k.slow = time.Duration(in.rng.Int64N(int64(400 * time.Millisecond)))
		in.note("%s>%s is slow by %v", a.name, b.name, k.slow)
		in.after(in.lasting(), func() { k.slow = 0 })
	case kind == FaultCuts:
		in.setCut(a, b, true)
		in.after(in.lasting(), func() { in.setCut(a, b, false) })
	case kind == FaultDiskFull:
		if a.life != nil {
			in.fillDisk(a)
		}
	case kind == FaultRestarts, kind == FaultRestores && a.backup == nil:
		if a.life != nil && !a.life.frozen {
			in.stop(a)
			in.after(in.lasting(), func() { in.revive(a) })
		}
	case kind == FaultRestores:
		in.restore(a)
	case kind == FaultJumps:
		in.setClock(a, a.jump.Load()+int64(in.jumping()))
	case kind == FaultQuorums:
		in.operator.changeQuorums()
	case kind == FaultJoins:
		in.operator.join()
	case kind == FaultLeaves:
		in.operator.leave(a)
		if in.chance(FaultHaste, 1, 2) {
			in.operator.leave(b)
		}
	case kind == FaultRemovals:
		in.operator.remove(a)
	case kind == FaultSuspicion:
		if a.life != nil && !a.life.frozen {
			in.suspect(a.life, b)
		}
	case kind == FaultFreezes:
		if a.life != nil && !a.life.frozen {
			in.freeze(a)
		}
	case kind == FaultSnapshots:
		in.snapshot(a)
	case kind == FaultClones:
		in.clone(a)
	case kind == FaultMoves:
		in.move(a, b)
	case kind == FaultCrashes:
		if a.life != nil {
			in.crash(a)
			in.after(in.lasting(), func() { in.revive(a) })
		}
	}
}

// setCut makes one direction swallow everything, or not any more.
func (c *cluster) setCut(a, b *node, cut bool) {
	k := c.link(a, b)
	if k.cut == cut {
		return
	}
	c.note("%s>%s cut: %v", a.name, b.name, cut)
	k.cut = cut
	c.detectSoon(a, b, false)
	c.detectSoon(b, a, false)
}

// freeze stops a process for a while.
func (c *cluster) freeze(n *node) {
	l := n.life
	c.note("%s freezes", n.name)
	l.frozen = true
	for _, other := range c.nodes {
		c.detectSoon(other, n, false)
	}
	c.after(c.lasting(), func() { c.thaw(l) })
}

// thaw lets a process go on. What it has in its buffers and its overdue timers come
// in an order of the seed's choice.
func (c *cluster) thaw(l *life) {
	if l.over || !l.frozen {
		return
	}
	lost := c.now - l.bubble.at
	c.note("%s goes on after %v, %d things waiting", l.node.name, lost, len(l.held))
	l.frozen = false
	held := l.held
	l.held = nil
	for _, f := range held {
		// Timers that were due before this instant of the node's clock fire first.
		if left := c.now - l.bubble.at; left > 0 && c.rng.IntN(2) == 0 && !l.over {
			l.bubble.advance(l.bubble.at + time.Duration(c.rng.Int64N(int64(left))))
			c.collect(l)
		}
		f()
	}
	if !l.over {
		l.bubble.advance(c.now)
		c.collect(l)
	}
	for _, other := range c.nodes {
		c.detectSoon(other, l.node, false)
	}
}

// revive starts a node that is down.
func (c *cluster) revive(n *node) {
	if n.life == nil && !n.out {
		c.start(n)
	}
}

// fillDisk leaves a disk no space for a while. One at a time: with more, writes
// wait for a quorum until they are taken for lost.
func (in *injector) fillDisk(n *node) {
	if in.full != nil {
		return
	}
	in.full = n
	in.note("%s has a full disk", n.name)
	n.disk.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 1 << 20, TotalBytes: 1 << 40})
	in.after(in.lasting()+time.Second, func() { in.emptyDisk(n) })
}

func (in *injector) emptyDisk(n *node) {
	if in.full != n {
		return
	}
	in.full = nil
	in.note("%s has a disk with space", n.name)
	n.disk.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 1 << 39, TotalBytes: 1 << 40})
}

// heal ends every fault.
func (in *injector) heal() {
	in.note("all faults end")
	in.healed = true
	for _, a := range in.nodes {
		for _, b := range in.nodes {
			k := in.link(a, b)
			k.cut, k.lossy, k.slow = false, 0, 0
		}
	}
	for _, n := range in.nodes {
		in.emptyDisk(n)
		in.setClock(n, 0)
		if n.out && n.life == nil {
			continue
		}
		if in.opts.defect == defectAmnesia && n.life != nil {
			in.crash(n)
		}
		if n.life == nil {
			in.start(n)
		} else {
			in.thaw(n.life)
		}
	}
	for _, a := range in.nodes {
		for _, b := range in.nodes {
			in.detectSoon(a, b, false)
		}
	}
}
