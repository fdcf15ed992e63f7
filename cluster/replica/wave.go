package replica

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/cluster/core/coordination"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/quorum"
	"github.com/quorate/quorate/cluster/core/ring"
)

// phase is how far an op has come.
type phase uint8

const (
	phaseRead    phase = iota // waiting for R replicas
	phaseApply                // ready to be applied to this node's copy
	phaseWrite                // waiting for W replicas
	phaseForward              // waiting for the coordinator that it was sent to
	phaseDone
)

// op is one request being carried out. Its fields are guarded by the wave's mutex
// once frames are out.
type op struct {
	req      *Request
	f        *wave
	at       int // its index in the wave
	p        ring.Partition
	walk     []ring.NodeID
	n        int  // primaries among walk
	self     int  // this node's place in walk, or coordination.Nobody
	group    int  // the wave's first op on the same key
	followed bool // others of the wave are on the same key
	carrier  int  // phaseWrite: the op of the group whose object replicates
	phase    phase
	since    time.Time // when somebody was last given up, or the phase began

	forward coordination.Forward
	refusal error // of the last node that refused to coordinate
	read    coordination.Read
	remote  []byte // updates: what the read quorum knew beyond this node
	write   coordination.Write
	batch   int    // the engine batch that the update was applied in
	object  []byte // what replicates

	next    object.Object // memory for a new version
	encoded []byte        // and for its encoding
}

// follows reports whether an earlier op of the wave is on the same key.
func (o *op) follows() bool { return o.group != o.at }

func (o *op) isPrimary() bool { return o.self >= 0 && o.self < o.n }

func (o *op) position(id ring.NodeID) int {
	for i, n := range o.walk {
		if n == id {
			return i
		}
	}
	return -1
}

// replicas describes the op's walk to its machines.
func (o *op) replicas() coordination.Replicas {
	return coordination.Replicas{Walk: len(o.walk), Primaries: o.n, Self: o.self}
}

// up returns the other nodes of the walk that can be asked now.
func (o *op) up() quorum.Nodes { return o.upAmong(0, len(o.walk)) }

// upAtStart returns the primaries that can be asked now, and the fallbacks too if a
// primary cannot be.
func (o *op) upAtStart() quorum.Nodes {
	up := o.upAmong(0, o.n)
	others := quorum.FirstNodes(o.n)
	if o.isPrimary() {
		others = others.Without(o.self)
	}
	if up != others {
		up |= o.upAmong(o.n, len(o.walk))
	}
	return up
}

func (o *op) upAmong(first, end int) (up quorum.Nodes) {
	for at := first; at < end; at++ {
		if at != o.self && o.f.c.cfg.Channel.Available(o.walk[at]) {
			up = up.With(at)
		}
	}
	return up
}

// tally returns the count of the phase that the op is in.
func (o *op) tally() quorum.Tally {
	switch o.phase {
	case phaseForward:
		return o.forward.Tally()
	case phaseRead, phaseApply:
		return o.read.Tally()
	default:
		return o.write.Tally()
	}
}

// wave is one wave of requests under way. One goroutine, the caller's, drives it; the
// streams' goroutines report to it through exchanges. Whoever has an event steps the
// op's machine and carries out its actions, under the wave's mutex; frames are sent by
// the driver alone, without the mutex. It is pooled, see pool.go.
type wave struct {
	c       *Coordinator
	ring    *ring.Ring
	from    origin
	started time.Time
	wake    chan struct{}
	traced  bool // some op has a trace
	sound   bool // this node's disk takes writes
	batches int  // applied so far
	users   atomic.Int32
	reused

	mu struct {
		sync.Mutex
		ops       []op
		undecided int
		finished  bool          // the driver has left
		ready     bool          // some op is in phaseApply
		outbox    []*exchange   // frames being filled
		longest   time.Duration // how long the slowest of those asked may take
		actions   []coordination.Action
	}
	repairs []repairItem
}

func newWave(c *Coordinator, reqs []*Request, groups []int, from origin) *wave {
	f := c.pool.Get().(*wave)
	f.c, f.ring, f.from, f.started = c, c.cfg.Ring(), from, time.Now()
	f.sound = c.cfg.Store.Health() == nil
	f.users.Store(1)
	f.mu.ops = slices.Grow(f.mu.ops, len(reqs))[:len(reqs)]
	f.mu.undecided = len(reqs)
	for i, r := range reqs {
		r.Err = nil
		o := &f.mu.ops[i]
		o.req, o.f, o.at, o.group, o.carrier, o.since = r, f, i, i, i, f.started
		if groups != nil {
			o.group = groups[i]
			f.mu.ops[o.group].followed = f.mu.ops[o.group].followed || o.follows()
		}
		o.p = f.ring.PartitionOf(r.Key)
		o.walk = f.ring.Walk(o.p)
		o.n = len(f.ring.Primaries(o.p))
		if len(o.walk) > quorum.MaxNodes {
			o.walk = o.walk[:quorum.MaxNodes]
		}
		o.self = o.position(c.cfg.Self)
		f.beginTrace(o)
	}
	return f
}

// start puts every op into its first phase and sends the first frames.
func (f *wave) start() {
	f.mu.Lock()
	for i := range f.mu.ops {
		o := &f.mu.ops[i]
		switch {
		case o.req.Update == nil:
			f.c.count.Reads.Add(1)
			f.startReadLocked(i)
		case o.follows() && f.mu.ops[o.group].phase != phaseForward:
			f.startUpdateLocked(i)
		default:
			f.startForwardLocked(i)
		}
	}
	if !f.from.forwarded {
		f.countArrivalsLocked()
	}
	frames := f.takeLocked()
	f.mu.Unlock()
	f.send(frames)
}

// countArrivalsLocked counts the requests that arrived at a primary of their key.
func (f *wave) countArrivalsLocked() {
	direct := int64(0)
	for i := range f.mu.ops {
		if f.mu.ops[i].isPrimary() {
			direct++
		}
	}
	f.c.count.AtPrimary.Add(direct)
	f.c.count.Elsewhere.Add(int64(len(f.mu.ops)) - direct)
}

// startUpdateLocked begins an update that this node coordinates.
func (f *wave) startUpdateLocked(i int) {
	o := &f.mu.ops[i]
	f.c.count.Writes.Add(1)
	switch {
	case o.follows() && f.mu.ops[o.group].phase == phaseRead:
		o.phase = phaseRead // its group's head reads for all of the group
	case o.follows() && f.mu.ops[o.group].phase == phaseApply:
		o.phase = phaseApply
	case o.req.Update.NeedsRead():
		f.startReadLocked(i)
	default:
		o.phase = phaseApply
		f.mu.ready = true
	}
}

// run drives the wave until every request is decided.
func (f *wave) run(ctx context.Context) {
	deadline := f.started.Add(f.c.cfg.RequestTimeout)
	defer func() {
		f.timer.Stop()
		f.sendRepairs()
		f.leave()
	}()
	for {
		f.advance()
		f.mu.Lock()
		if f.mu.undecided == 0 && !f.lingersLocked() {
			frames := f.finishLocked()
			f.mu.Unlock()
			f.send(frames)
			return
		}
		idle := !f.mu.ready && len(f.mu.outbox) == 0
		wait := min(max(f.mu.longest, 20*time.Millisecond), time.Until(deadline))
		f.mu.Unlock()
		if !idle {
			continue
		}
		if f.traced {
			wait = min(wait, traceLinger/4)
		}
		if wait <= 0 || ctx.Err() != nil {
			f.expire()
			return
		}
		f.timer.Reset(wait)
		select {
		case <-f.wake:
		case <-f.timer.C:
			f.checkSilent()
		case <-ctx.Done():
		}
	}
}

// advance does whatever the answers so far call for.
func (f *wave) advance() {
	f.mu.Lock()
	ready := f.mu.ready
	f.mu.ready = false
	frames := f.takeLocked()
	f.mu.Unlock()
	f.send(frames)
	if ready {
		f.apply()
	}
}

// checkSilent tells the machines that time has passed, and which nodes have taken too
// long.
func (f *wave) checkSilent() {
	now := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.mu.ops {
		o := &f.mu.ops[i]
		tally := o.tally()
		switch {
		case o.phase == phaseRead && o.group == i:
			f.stepReadLocked(i, o.timePassed(now, f.longestWait(o, tally.Waiting())))
		case o.phase == phaseWrite && o.carrier == i:
			f.stepWriteLocked(i, o.timePassed(now, f.longestWait(o, tally.Waiting())))
		case o.phase == phaseForward:
			f.stepForwardLocked(i, o.timePassed(now, f.forwardWait(o)))
		}
	}
}

// timePassed returns the event for a machine whose nodes may take so long.
func (o *op) timePassed(now time.Time, wait time.Duration) coordination.Event {
	e := coordination.Event{Kind: coordination.Look, Up: o.up()}
	if now.Sub(o.since) >= wait {
		e.Kind, o.since = coordination.Late, now
	}
	return e
}

// longestWait returns the longest wait time of the nodes that have not answered.
func (f *wave) longestWait(o *op, silent quorum.Nodes) (d time.Duration) {
	for i, id := range o.walk {
		if silent.Has(i) {
			d = max(d, f.c.cfg.Channel.WaitTime(id))
		}
	}
	return d
}

// decideLocked ends an op with its result or with err.
func (f *wave) decideLocked(i int, err error) {
	o := &f.mu.ops[i]
	if o.phase == phaseDone {
		return
	}
	o.decided()
	o.phase = phaseDone
	o.req.Err = err
	f.mu.undecided--
	if f.mu.undecided == 0 {
		f.signal()
	}
	for k := i + 1; err != nil && o.followed && k < len(f.mu.ops); k++ {
		// Those that waited for its read have nothing to wait for.
		if follower := &f.mu.ops[k]; follower.group == i && follower.phase == phaseRead {
			f.decideLocked(k, err)
		}
	}
}

// expire ends the ops that are undecided at the deadline.
func (f *wave) expire() {
	f.mu.Lock()
	for i := range f.mu.ops {
		o := &f.mu.ops[i]
		if o.phase == phaseDone {
			continue
		}
		// The first of a key reads for the others, and the last replicates for them.
		decides := o
		switch o.phase {
		case phaseRead:
			decides = &f.mu.ops[o.group]
		case phaseWrite:
			decides = &f.mu.ops[o.carrier]
		}
		tally := decides.tally()
		err := &NoQuorumError{Op: OpRead, Needed: tally.Need(), Got: tally.Got()}
		if o.phase == phaseWrite || o.phase == phaseForward {
			err.Op = OpWrite
		}
		f.c.count.NoQuorum.Add(1)
		f.decideLocked(i, err)
	}
	frames := f.finishLocked()
	f.mu.Unlock()
	f.send(frames)
}

// finishLocked ends the wave for the streams, which may still report to it, and returns
// the last frames to send. Copies that still lack a holder are kept as late hints.
func (f *wave) finishLocked() []*exchange {
	f.mu.finished = true
	f.endTracesLocked()
	for i := range f.mu.ops {
		o := &f.mu.ops[i]
		lacking := o.write.Lacking()
		for at := range o.n {
			if !lacking.Has(at) {
				continue
			}
			o.step(f.c.cfg.Self, o.roleHere(), ActionHint, o.walk[at])
			o.conclude(f.c.cfg.Self, OutcomeOK, nil, nil)
			f.c.keepLate(lateHint{node: o.walk[at], partition: o.p, key: o.req.Key, object: o.object}.clone())
		}
	}
	return f.takeLocked()
}

func (f *wave) signal() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}
