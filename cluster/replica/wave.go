package replica

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/quorum"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
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
	self     int  // this node's position in walk, or -1
	group    int  // the wave's first op on the same key
	followed bool // others of the wave are on the same key
	carrier  int  // phaseWrite: the op of the group whose object replicates
	phase    phase
	tally    quorum.Tally // of this phase, by places in walk
	refusal  error        // phaseForward: of the last node that refused
	batch    int          // phaseWrite: the engine batch that it was applied in
	since    time.Time

	local    []byte        // reads: this node's encoded copy
	hasLocal bool          // local holds an object
	digest   object.Digest // of local
	found    []finding     // reads: what the others answered
	object   []byte        // writes: what replicates
	remote   []byte        // updates: what the read quorum knew beyond this node
	stands   []standIn     // writes: who keeps a hint for whom

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

// wave is one wave of requests under way. One goroutine, the caller's, drives
// it; the streams' goroutines report to it through exchanges. It is pooled, see
// pool.go.
type wave struct {
	c       *Coordinator
	ring    *ring.Ring
	from    origin
	started time.Time
	longest time.Duration // how long the slowest of those asked may take
	wake    chan struct{}
	outbox  []*exchange // frames being filled; touched by the driver alone
	traced  bool        // some op has a trace
	sound   bool        // this node's disk takes writes
	batches int         // applied so far
	users   atomic.Int32
	reused

	mu struct {
		sync.Mutex
		ops       []op
		undecided int
		finished  bool      // the driver has left
		ready     bool      // some op is in phaseApply
		lacking   []lacking // replicas that need a stand-in
		refetch   []refetch // digests that differ: whole objects wanted
		reask     []int     // reads that need one more replica
		reroute   []int     // forwarded ops whose coordinator failed
	}
	repairs []repairItem
}

// lacking is a copy that a node should have and could not be given.
type lacking struct {
	op   int
	node ring.NodeID
}

type refetch struct{ op, position int }

func newWave(c *Coordinator, reqs []*Request, groups []int, from origin) *wave {
	f := c.pool.Get().(*wave)
	f.c, f.ring, f.from, f.started = c, c.cfg.Ring(), from, c.cfg.Now()
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
		case o.follows() && f.mu.ops[o.group].phase == phaseForward || !o.follows() && !f.coordinates(o):
			f.forwardLocked(i)
		default:
			f.c.count.Writes.Add(1)
			f.startUpdateLocked(i)
		}
	}
	if !f.from.forwarded {
		f.countArrivalsLocked()
	}
	f.mu.Unlock()
	f.flush()
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
		idle := !f.mu.ready && len(f.mu.refetch)+len(f.mu.reask)+len(f.mu.reroute) == 0
		if f.mu.undecided == 0 && !f.lingersLocked() {
			f.finishLocked()
			f.mu.Unlock()
			return
		}
		f.mu.Unlock()
		if !idle {
			continue
		}
		wait := min(f.waitTime(), time.Until(deadline))
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

// waitTime returns how long to sleep before the next check for silent nodes.
func (f *wave) waitTime() time.Duration {
	return max(f.longest, 20*time.Millisecond)
}

// advance does whatever the answers so far call for.
func (f *wave) advance() {
	f.mu.Lock()
	f.refetchLocked()
	f.reaskLocked()
	f.rerouteLocked()
	ready := f.mu.ready
	f.mu.ready = false
	f.standInLocked()
	f.mu.Unlock()
	if ready {
		f.apply()
	}
	f.flush()
}

// checkSilent marks nodes that have taken too long, so that others are asked.
func (f *wave) checkSilent() {
	now := f.c.cfg.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.mu.ops {
		o := &f.mu.ops[i]
		o.tally.Retry()
		silent := o.tally.Waiting()
		switch o.phase {
		case phaseRead:
			if o.group == i && now.Sub(o.since) >= f.longestWait(o, silent) {
				o.tally.Silence()
				o.since = now
				if f.askAnotherLocked(i) {
					f.settleReadLocked(i)
				}
			}
		case phaseWrite:
			if o.carrier == i && silent != 0 && now.Sub(o.since) >= f.longestWait(o, silent) {
				f.silentWriteLocked(i, silent)
				o.since = now
			}
		case phaseForward:
			if now.Sub(o.since) >= f.forwardWait(o) {
				o.tally.Silence()
				f.mu.reroute = append(f.mu.reroute, i)
			}
		}
	}
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
	defer f.mu.Unlock()
	for i := range f.mu.ops {
		o := &f.mu.ops[i]
		if o.phase == phaseDone {
			continue
		}
		err := &NoQuorumError{Op: OpRead, Needed: o.tally.Need(), Got: o.tally.Got()}
		if o.phase == phaseWrite || o.phase == phaseForward {
			err.Op = OpWrite
			if carrier := &f.mu.ops[o.carrier]; o.phase == phaseWrite {
				err.Needed, err.Got = carrier.tally.Need(), carrier.tally.Got()
			} else {
				err.Needed, err.Got = max(1, o.tally.Need()), 0
			}
		}
		if head := &f.mu.ops[o.group]; o.phase == phaseRead {
			err.Needed, err.Got = head.tally.Need(), head.tally.Got()
		}
		f.c.count.NoQuorum.Add(1)
		f.decideLocked(i, err)
	}
	f.finishLocked()
}

// finishLocked ends the wave for the streams, which may still report to it;
// copies that still lack a stand-in are kept as late hints.
func (f *wave) finishLocked() {
	f.mu.finished = true
	f.endTracesLocked()
	for _, l := range f.mu.lacking {
		o := &f.mu.ops[l.op]
		o.step(f.c.cfg.Self, o.roleHere(), ActionHint, l.node)
		o.conclude(f.c.cfg.Self, OutcomeOK, nil, nil)
		f.c.keepLate(lateHint{node: l.node, partition: o.p, key: o.req.Key, object: o.object}.clone())
	}
	f.mu.lacking = nil
}

func (f *wave) signal() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// exchange is one frame to one peer, and the record of what it asked.
type exchange struct {
	f     *wave
	to    ring.NodeID
	kind  peer.Kind
	items []exchangeItem
	body  []byte // room for header and count, then the items

	wait    time.Duration // forward: how long the answer may take
	scratch []byte
}

type exchangeItem struct {
	op       int
	position int         // of the asked node in the op's walk, or -1: does not count
	hint     ring.NodeID // writes: whom it stands in for, or 0
}

// to returns the frame of a kind being filled for a peer.
func (f *wave) to(id ring.NodeID, kind peer.Kind) *exchange {
	for _, x := range f.outbox {
		if x.to == id && x.kind == kind {
			return x
		}
	}
	x := f.exchange()
	x.to, x.kind = id, kind
	x.body = slices.Grow(x.body[:0], 256)[:headerLen(kind)]
	f.users.Add(1)
	f.outbox = append(f.outbox, x)
	f.longest = max(f.longest, f.c.cfg.Channel.WaitTime(id))
	return x
}

// flush sends the filled frames.
func (f *wave) flush() {
	for _, x := range f.outbox {
		x.seal()
		f.c.cfg.Channel.Send(x.to, peer.Foreground, x.kind, x.body, x)
	}
	f.outbox = f.outbox[:0]
}

// seal sets what is known only when all items are in.
func (x *exchange) seal() {
	head := x.body[:0]
	if x.kind == peer.Forward {
		head = x.appendForwardHeader(head)
	}
	message.AppendCount(head, len(x.items))
}

// headerLen is the room kept before the first item.
func headerLen(kind peer.Kind) int {
	if kind == peer.Forward {
		return forwardHeaderLen + message.CountLen
	}
	return message.CountLen
}

// Complete takes a peer's reply, or the failure to get one.
func (x *exchange) Complete(_ ring.NodeID, body []byte, err error) {
	switch x.kind {
	case peer.Read:
		x.completeRead(body, err)
	case peer.Write:
		x.completeWrite(body, err)
	default:
		x.completeForward(body, err)
	}
	x.f.leave()
}
