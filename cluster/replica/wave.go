package replica

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/cluster/core/coordination"
	"github.com/quorate/quorate/cluster/core/ring"
)

// wave is a group of requests under way. One goroutine, the caller's, drives it, and the
// goroutines of the streams report to it through exchanges. Whoever has an event steps
// the op's machine and carries out its actions, under the wave's mutex. Only the driver
// sends frames, and without the mutex. Waves are pooled: see pool.go.
type wave struct {
	c       *Coordinator
	ring    *ring.Ring
	from    origin
	started time.Time
	wake    chan struct{}
	slot    uint64 // of time, in which it began: see op.firstAsked
	lingers bool   // some op has a trace that waits for answers
	healthy bool   // this node's disk takes writes
	batches int    // applied so far
	users   atomic.Int32
	counted bool   // some op has an update
	counter uint32 // of the barrier; if counted
	reused

	allowance atomic.Int64 // nanoseconds that large values may take beyond the request timeout

	mu struct {
		sync.Mutex
		ops       []op
		undecided int
		finished  bool // the driver has left
		ready     bool // some op is in phaseApply
		outbox    outbox
		forwards  forwardings
		actions   []coordination.Action
	}
	repairs []repairItem
}

// newWave returns a wave for requests; groups has, for each, the first on the same key.
func newWave(c *Coordinator, reqs []*Request, groups []int, from origin) *wave {
	f := c.pool.Get().(*wave)
	f.c, f.ring, f.from, f.started = c, c.cfg.Ring(), from, time.Now()
	f.slot = c.slotAt(f.started)
	f.healthy = c.cfg.Store.Health() == nil
	f.users.Store(1)
	f.mu.ops = slices.Grow(f.mu.ops, len(reqs))[:len(reqs)]
	f.mu.undecided = len(reqs)
	for i, r := range reqs {
		r.Err = nil
		if !from.forwarded {
			r.issue = issue{}
		}
		o := &f.mu.ops[i]
		f.counted = f.counted || r.Update != nil
		o.req, o.f, o.at, o.group, o.carrier, o.since = r, f, i, i, i, f.started
		if groups != nil {
			o.group = groups[i]
			f.mu.ops[o.group].followed = f.mu.ops[o.group].followed || o.follows()
		}
		o.p = f.ring.PartitionOf(r.Key)
		o.walk = f.ring.Walk(o.p)
		o.n = len(f.ring.Primaries(o.p))
		if len(o.walk) > mostWalk {
			o.walk = o.walk[:mostWalk]
		}
		o.self = o.placeOf(c.cfg.Self)
		if u := r.Update; u != nil {
			o.moves(len(u.Data))
		}
		o.beginTrace()
	}
	if f.counted {
		f.counter = c.updates.enter()
	}
	return f
}

// start puts every op into its first phase and sends the first frames.
func (f *wave) start() {
	f.mu.Lock()
	if !f.counted && len(f.mu.ops) > 1 { // all are reads
		f.c.cfg.Store.Prefetch(len(f.mu.ops), func(i int) []byte { return f.mu.ops[i].req.Key })
	}
	for i := range f.mu.ops {
		o := &f.mu.ops[i]
		switch {
		case o.req.Update == nil:
			f.c.count.Reads.Add(1)
			f.startReadLocked(i)
		case f.from.forwarded && f.refusedSerialLocked(i):
		case o.follows() && f.mu.ops[o.group].phase != phaseForward:
			f.startUpdateLocked(i)
		default:
			f.startForwardLocked(i)
		}
	}
	if !f.from.forwarded {
		f.countArrivalsLocked()
	}
	frames := f.mu.outbox.take()
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
		idle := !f.mu.ready && f.mu.outbox.empty()
		wait := min(max(f.mu.outbox.longest, 20*time.Millisecond), time.Until(f.deadline()))
		f.mu.Unlock()
		if !idle {
			continue
		}
		if f.lingers {
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

// deadline returns when the wave's requests are answered at the latest.
func (f *wave) deadline() time.Time {
	return f.started.Add(f.c.cfg.RequestTimeout + time.Duration(f.allowance.Load()))
}

// advance sends the frames that events have put into the outbox since the last call, and
// applies the updates that are ready.
func (f *wave) advance() {
	f.mu.Lock()
	ready := f.mu.ready
	f.mu.ready = false
	frames := f.mu.outbox.take()
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
		if !o.follows() && (o.phase != phaseDone || o.followed) {
			o.up = o.upNow() // for all of its group
		}
		tally := o.tally()
		switch {
		case o.phase == phaseRead && o.reads:
			f.stepReadLocked(i, o.timePassed(now, o.longestWait(tally.Waiting())))
		case o.phase == phaseWrite && o.carrier == i:
			f.stepWriteLocked(i, o.timePassed(now, writeWait(o)))
		case o.phase == phaseForward && o.forwarding.held:
			f.startForwardLocked(i)
		case o.phase == phaseForward:
			f.stepForwardLocked(i, o.timePassed(now, o.forwardWait()))
		}
	}
}

// decideLocked ends an op with its result or with err.
func (f *wave) decideLocked(i int, err error) {
	o := &f.mu.ops[i]
	if o.phase == phaseDone {
		return
	}
	o.traceDecided()
	o.phase = phaseDone
	o.req.Err = err
	if o.forwarding != nil && o.forwarding.issues {
		f.c.issuer.finish(o.req.issue.origin)
	}
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
			if !o.reads {
				decides = &f.mu.ops[o.group]
			}
		case phaseWrite:
			decides = &f.mu.ops[o.carrier]
		}
		tally := decides.tally()
		if o.phase == phaseWrite && tally.Won() {
			f.decideWriteLocked(o.carrier) // others than the quorum are late
			continue
		}
		if o.phase == phaseForward && o.forwarding.answered {
			f.decideForwardLocked(i)
			continue
		}
		if o.phase == phaseForward && o.req.Update.Serial() && tally.Waiting() != 0 {
			f.decideLocked(i, ErrUnknownOutcome)
			continue
		}
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
// the last frames to send. It keeps a late hint for each primary, and each node that becomes
// one, that missed its write.
func (f *wave) finishLocked() []*exchange {
	f.mu.finished = true
	f.endTracesLocked()
	for i := range f.mu.ops {
		o := &f.mu.ops[i]
		missed := o.write.Missed()
		if missed == 0 {
			continue
		}
		for at := range len(o.walk) + len(o.others) {
			id := nodeAt(o, at)
			if !missed.Has(at) || at >= o.n && !wantsHint(f.c.cfg.Ring(), o.p, id) {
				continue
			}
			o.traceStep(f.c.cfg.Self, o.roleHere(), ActionHint, id)
			o.traceOutcome(f.c.cfg.Self, OutcomeOK, nil, nil)
			f.c.keepLate(lateOf(o, lateHint{node: id}))
		}
	}
	return f.mu.outbox.take()
}

// signal wakes the driver.
func (f *wave) signal() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}
