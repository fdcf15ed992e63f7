package replica

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/coordination"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/quorum"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// A node that does not coordinate an update forwards it to one that does. If that one
// fails or stays silent, a blind update goes to the next reachable node of the walk. So two
// coordinators may carry it out. It is one update all the same:
//
//   - It has an origin, which the versions that it makes keep. A coordinator that finds a
//     version of this origin answers with that.
//   - It may begin for a limited time only. The frame says for how long, as a duration, and
//     the coordinator looks again when it has the key's lock. Time counts from when the
//     frame was begun, by monotonic clocks (see transits).
//   - The client is answered when no other coordinator may begin it any more. So what the
//     client writes then is never replaced by it.
//
// An update that computes from the old value is sent to another node only when the first
// one has not carried it out. Otherwise its outcome is unknown, and the client is told so.

// mostGrace is the part of a wait that is left for the answer, at most.
const mostGrace = 100 * time.Millisecond

// errExpired refuses a forwarded update that comes too late to begin.
var errExpired = errors.New("forwarded update came after its time")

// oldTolerance is by how much the clocks of this node and of one that speaks the old
// form may differ. The old form says by the wall clock until when an update may begin.
const oldTolerance = 5 * time.Second

// forwardWait returns how long the coordinator that an op was sent to may take.
func (o *op) forwardWait() (d time.Duration) {
	if o.req.Update.Serial() {
		return max(0, time.Until(o.f.deadline()))
	}
	if o.req.Trace.lingers() {
		d = traceLinger
	}
	tally := o.forwarding.machine.Tally()
	d += max(o.longestWait(tally.Asked()), 20*time.Millisecond)
	if o.req.Update.NeedsRead() {
		d += o.longestWait(quorum.FirstNodes(o.n)) // one of its replicas may be silent
	}
	return d
}

// budget returns for how long from now on the coordinator that an op is sent to may begin
// it. What is left of its time is for the answer.
func (o *op) budget(now time.Time) time.Duration {
	wait := min(o.forwardWait(), o.f.deadline().Sub(now))
	d := wait - min(mostGrace, wait/2)
	if by := o.req.issue.startBy; !by.IsZero() {
		d = min(d, by.Sub(now))
	}
	return max(d, 0)
}

// startForwardLocked finds the coordinator of an update.
func (f *wave) startForwardLocked(i int) {
	o := &f.mu.ops[i]
	serial, now := o.req.Update.Serial(), f.c.stage()
	var m coordination.Forward
	m.Begin(o.replicas(), coordination.Update{
		Serial: serial, Forwarded: f.from.forwarded, Final: o.req.issue.relayed, ReadOnly: !f.healthy, Abstains: now == abstains,
	})
	held := serial && !f.from.forwarded && (now == connects || now == takesOver)
	if !held && m.Here() {
		f.startUpdateLocked(i)
		return
	}
	if o.forwarding == nil {
		o.forwarding = f.mu.forwards.next()
	}
	o.forwarding.machine, o.forwarding.held = m, held
	if o.phase = phaseForward; held {
		return
	}
	f.stepForwardLocked(i, coordination.Event{Kind: coordination.Start, Up: o.upAtStart()})
}

// refusedSerialLocked ends an op that another node has sent, if it computes from the old
// value and this node does not serve such updates.
func (f *wave) refusedSerialLocked(i int) bool {
	if !f.mu.ops[i].req.Update.Serial() {
		return false
	}
	err := f.c.refusesSerial()
	if err != nil {
		f.decideLocked(i, err)
	}
	return err != nil
}

// stepForwardLocked steps an op's forward and carries out its action.
func (f *wave) stepForwardLocked(i int, e coordination.Event) {
	o := &f.mu.ops[i]
	f.mu.actions = o.forwarding.machine.Step(e, f.mu.actions[:0])
	for _, a := range f.mu.actions { // at most one
		switch a.Kind {
		case coordination.Send:
			f.sendForwardLocked(i, a.Place)
		case coordination.Coordinate:
			o.since = time.Now()
			f.startUpdateLocked(i)
		case coordination.Finish:
			f.decideForwardLocked(i)
		case coordination.GiveUp:
			f.decideLocked(i, o.forwarding.refusal)
		case coordination.Unknown:
			f.decideLocked(i, ErrUnknownOutcome)
		}
	}
}

// decideForwardLocked ends an op with what its coordinator answered.
func (f *wave) decideForwardLocked(i int) {
	o := &f.mu.ops[i]
	o.req.Result = o.forwarding.result
	if o.req.Result.Failure == register.BadData {
		if err := f.c.cfg.Sums(); err != nil { // its version does not have the command
			o.forwarding.refusal = fmt.Errorf("%w: %w", ErrNotAllRead, err)
		}
	}
	f.decideLocked(i, o.forwarding.refusal)
	o.adoptTrace(o.forwarding.steps)
}

// sendForwardLocked sends an update to the node that is to coordinate it.
func (f *wave) sendForwardLocked(i, at int) {
	o := &f.mu.ops[i]
	o.since = time.Now()
	f.c.count.Forwards.Add(1)
	is := &o.req.issue
	if is.origin == (causal.Origin{}) {
		is.origin = f.c.issuer.issue()
		is.stamp, o.forwarding.issues = is.origin.Stamp, true
	}
	x := f.mu.outbox.to(o, o.walk[at], peer.Forward)
	if len(x.items) == 0 {
		x.begun = o.since
	}
	x.items = append(x.items, exchangeItem{op: i, place: at})
	o.traceStep(o.walk[at], RoleCoordinator, ActionForward, 0)
	x.scratch = o.req.Update.Append(x.scratch[:0])
	m := message.Forward{
		Traced: o.req.Trace != nil, Prompt: o.req.Trace != nil && o.req.Trace.Prompt, Relayed: f.from.forwarded, R: o.req.R, W: o.req.W,
		Origin: is.origin, Budget: o.budget(o.since), Key: o.req.Key, Update: x.scratch,
	}
	if len(x.scratch) < sharedTail {
		x.body = m.Append(x.body)
	} else {
		x.body, x.tail, x.scratch = m.AppendHead(x.body), x.scratch, nil
	}
}

// forwardHeader returns the header of a forward.
func (x *exchange) forwardHeader() message.ForwardHeader {
	s := x.f.c.issuer
	return message.ForwardHeader{Life: s.life, Sent: s.age(x.begun), Low: s.low()}
}

// completeForward takes the coordinator's results.
func (x *exchange) completeForward(body []byte, err error) {
	f := x.f
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mu.finished {
		return
	}
	notRun := err != nil && nothingRun(err)
	d := wire.NewReader(body)
	for _, it := range x.items {
		var result register.Result
		var refusal error
		var trace []byte
		o := &f.mu.ops[it.op]
		if err == nil {
			result, refusal = readForwardAnswer(&d)
			if o.req.Trace != nil {
				trace = d.Bytes()
			}
		}
		if o.phase != phaseForward {
			continue
		}
		o.traceForwarded(x.to, cmp.Or(err, refusal))
		e := coordination.Event{Kind: coordination.Answer, Place: it.place}
		switch {
		case notRun, errors.Is(refusal, errExpired), errors.Is(refusal, ErrClosing), errors.Is(refusal, errTakesOver):
			e.Kind, e.Up = coordination.NotRun, o.upNow()
		case errors.Is(refusal, errAbstains):
			e.Kind, e.Up = coordination.Abstain, o.upNow()
		case err != nil || d.Failed():
			e.Kind, e.Up = coordination.Fail, o.upNow()
		case cannotWrite(refusal):
			e.Kind, e.Up = coordination.Refuse, o.upNow()
			o.forwarding.refusal = refusal
		case o.forwarding.answered: // by another coordinator, with the same right
		default:
			w := o.forwarding
			w.answered, w.result, w.refusal, w.steps = true, result, refusal, bytes.Clone(trace)
		}
		f.stepForwardLocked(it.op, e)
	}
	if rest := d.Rest(); err == nil && !d.Failed() && len(rest) == stampLen {
		f.c.Observe(causal.Timestamp(d.Uint64())) // an old node sends none
	}
	f.wakeLocked()
}

// nothingRun reports whether a failed frame has had no effect: it was not sent, or the
// peer has refused it as a whole.
func nothingRun(err error) bool {
	var refused *peer.RemoteError
	return errors.Is(err, peer.ErrNotSent) || errors.Is(err, peer.ErrTooBig) || errors.As(err, &refused)
}

// cannotWrite reports whether a coordinator did nothing because of its disk. Another one
// may do it.
func cannotWrite(err error) bool {
	return errors.Is(err, engine.ErrReadOnly) || errors.Is(err, engine.ErrCorrupt) || errors.Is(err, engine.ErrHintsFull)
}

// readForwardAnswer returns the result of a forwarded update, or why it was refused.
func readForwardAnswer(d *wire.Reader) (r register.Result, refusal error) {
	a := message.ReadForwardAnswer(d)
	if a.Refused {
		if refusal = errorOf(a.Refusal); refusal == nil {
			d.Fail()
		}
		return r, refusal
	}
	r, err := register.DecodeResult(bytes.Clone(a.Result))
	if err != nil {
		d.Fail()
	}
	return r, nil
}

// serveForward carries out what a peer forwarded, on a worker of its own.
func (c *Coordinator) serveForward(r *peer.Request) {
	body, from, arrived := r.Body, r.From, time.Now()
	if !r.Owned {
		body = bytes.Clone(body)
	}
	select {
	case <-c.closing:
		r.ReplyError(ErrClosing)
		return
	case c.forwarded <- struct{}{}:
	default:
		r.ReplyError(fmt.Errorf("more than %d forwarded requests under way", maxForwarded))
		return
	}
	c.tasks.Go(func() {
		defer func() { <-c.forwarded }()
		answer, err := c.carryOut(from, arrived, body)
		if err != nil {
			r.ReplyError(err)
			return
		}
		r.Reply(answer)
	})
}

// stampLen is the length of the coordinator's clock behind the answers to a forward.
const stampLen = 8

// carryOut carries out a forward that arrived from a node, and returns the body of the
// answer. The versions get the time of this node, if it has measured that the updates
// begin in time: then their clients have no answer yet, so that they come after all that
// was acknowledged when they were issued, even if the clock of their node is behind. An
// update that may have been on its way for long keeps the time of its origin, as long as
// that is not too far ahead.
func (c *Coordinator) carryOut(from ring.NodeID, arrived time.Time, body []byte) ([]byte, error) {
	head, all, err := readForward(body)
	if err != nil {
		return nil, err
	}
	begun, measured, measurable := arrived, false, true
	if head.Life != 0 {
		begun, measured, measurable = c.begun(from, head, arrived, all)
	}
	reqs := make([]*Request, 0, len(all))
	for _, r := range all {
		is := &r.issue
		if head.Life == 0 {
			is.stamp = head.Stamp
			is.startBy = arrived.Add(time.UnixMilli(head.StartBy).Add(oldTolerance).Sub(c.cfg.Now()))
		} else {
			is.startBy = begun.Add(is.budget)
		}
		if is.origin.Life == head.Life {
			is.low = head.Low
		}
		if !c.Observe(is.stamp) || measured {
			is.stamp = c.cfg.Clock.Now()
		}
		if is.late() || !measurable {
			r.Err = errExpired
			continue
		}
		reqs = append(reqs, r)
	}
	if len(reqs) > 0 {
		ctx, cancel := context.WithTimeout(context.Background(), c.cfg.RequestTimeout+hops*peer.TransferTime(len(body)))
		c.do(ctx, reqs, origin{forwarded: true})
		cancel()
	}
	var out, scratch []byte
	for _, r := range all {
		a := message.ForwardAnswer{Refused: r.Err != nil}
		if a.Refused {
			if head.Life == 0 && (errors.Is(r.Err, errAbstains) || errors.Is(r.Err, errTakesOver)) {
				r.Err = ErrClosing // an old node asks again, too
			}
			a.Refusal = refusalOf(r.Err)
		} else {
			scratch = r.Result.Append(scratch[:0])
			a.Result = scratch
		}
		out = a.Append(out)
		if r.Trace != nil {
			out = appendTrace(out, r.Trace)
		}
	}
	return wire.AppendUint64(out, uint64(c.cfg.Clock.Now())), nil
}

// readForward decodes the body of a forward. The requests alias it.
func readForward(body []byte) (head message.ForwardHeader, reqs []*Request, err error) {
	d := wire.NewReader(body)
	head = message.ReadForwardHeader(&d)
	for range message.ReadCount(&d) {
		it := message.ReadForward(&d)
		u, err := register.Decode(it.Update)
		if err != nil {
			return head, nil, fmt.Errorf("forwarded update: %w", err)
		}
		r := &Request{R: it.R, W: it.W, Key: it.Key, Update: &u}
		r.issue = issue{origin: it.Origin, stamp: it.Origin.Stamp, budget: it.Budget, relayed: it.Relayed}
		if it.Traced {
			r.Trace = &Trace{Prompt: it.Prompt}
		}
		reqs = append(reqs, r)
	}
	return head, reqs, d.Done("forward")
}
