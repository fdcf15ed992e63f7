package replica

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/quorate/quorate/cluster/core/coordination"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// A node that does not coordinate an update forwards it to one that does. If that one
// fails or stays silent, the next reachable node of the walk gets the update. So it may
// be carried out twice, when the first node was only slow. Three things limit the harm:
//
//   - The frame says until when it may begin. A node that comes to it later, because its
//     process was frozen, refuses it.
//   - The version is stamped with the time at which the client's node received the
//     update, so a late twin does not look newer than what the client wrote since.
//   - An update that computes from the old value has more time before another node is
//     tried, because its twin would be seen: as an increment by two, for example.

const (
	serialWait  = 500 * time.Millisecond // before an update that computes is sent to another node
	serialGrace = 100 * time.Millisecond // the part of a wait that is left for the answer
)

// errExpired refuses a forwarded update that comes too late to begin.
var errExpired = errors.New("forwarded update came after its time")

// forwardWait returns how long the coordinator that an op was sent to may take.
func (o *op) forwardWait() (d time.Duration) {
	if o.req.Trace != nil {
		d = traceLinger
	}
	if o.req.Update.Serial() {
		return d + serialWait
	}
	tally := o.forward.Tally()
	return d + max(o.longestWait(tally.Asked()), 20*time.Millisecond)
}

// startForwardLocked finds the coordinator of an update.
func (f *wave) startForwardLocked(i int) {
	o := &f.mu.ops[i]
	o.forward.Begin(o.replicas(), coordination.Update{
		Serial: o.req.Update.Serial(), Forwarded: f.from.forwarded, ReadOnly: !f.healthy,
	})
	if o.forward.Here() {
		f.startUpdateLocked(i)
		return
	}
	o.phase = phaseForward
	f.stepForwardLocked(i, coordination.Event{Kind: coordination.Start, Up: o.upAtStart()})
}

// stepForwardLocked steps an op's forward and carries out its action.
func (f *wave) stepForwardLocked(i int, e coordination.Event) {
	o := &f.mu.ops[i]
	f.mu.actions = o.forward.Step(e, f.mu.actions[:0])
	for _, a := range f.mu.actions { // at most one
		switch a.Kind {
		case coordination.Send:
			f.sendForwardLocked(i, a.Place)
		case coordination.Coordinate:
			f.startUpdateLocked(i)
		case coordination.GiveUp:
			f.decideLocked(i, o.refusal)
		}
	}
}

// sendForwardLocked sends an update to the node that is to coordinate it.
func (f *wave) sendForwardLocked(i, at int) {
	o := &f.mu.ops[i]
	o.since = time.Now()
	f.c.count.Forwards.Add(1)
	x := f.toLocked(o.walk[at], peer.Forward)
	x.items = append(x.items, exchangeItem{op: i, position: at})
	o.traceStep(o.walk[at], RoleCoordinator, ActionForward, 0)
	x.scratch = o.req.Update.Append(x.scratch[:0])
	x.body = message.Forward{
		Traced: o.req.Trace != nil, R: o.req.R, W: o.req.W, Key: o.req.Key, Update: x.scratch,
	}.Append(x.body)
	x.wait = max(x.wait, o.forwardWait())
}

// forwardHeader returns the header of a forward that is sent now.
func (x *exchange) forwardHeader() message.ForwardHeader {
	startBy := x.f.c.cfg.Now().Add(x.wait - min(serialGrace, x.wait/2))
	return message.ForwardHeader{StartBy: startBy.UnixMilli(), Stamp: x.f.from.stamp}
}

// completeForward takes the coordinator's results.
func (x *exchange) completeForward(body []byte, err error) {
	f := x.f
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mu.finished {
		return
	}
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
		e := coordination.Event{Kind: coordination.Answer, Place: it.position}
		switch {
		case err != nil || d.Failed() || errors.Is(refusal, errExpired) || errors.Is(refusal, ErrClosing):
			e.Kind, e.Up = coordination.Fail, o.up()
		case cannotWrite(refusal):
			e.Kind, e.Up = coordination.Refuse, o.up()
			o.refusal = refusal
		}
		f.stepForwardLocked(it.op, e)
		if e.Kind == coordination.Answer {
			o.req.Result = result
			f.decideLocked(it.op, refusal)
			o.adoptTrace(trace)
		}
	}
	f.wakeLocked()
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
	body := bytes.Clone(r.Body)
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
		answer, err := c.carryOut(body)
		if err != nil {
			r.ReplyError(err)
			return
		}
		r.Reply(answer)
	})
}

// carryOut carries out a forward and returns the body of the answer.
func (c *Coordinator) carryOut(body []byte) ([]byte, error) {
	head, reqs, err := readForward(body)
	if err != nil {
		return nil, err
	}
	if err := c.cfg.Clock.Observe(head.Stamp); err != nil {
		return nil, err
	}
	if c.cfg.Now().UnixMilli() > head.StartBy {
		for _, r := range reqs {
			r.Err = errExpired
		}
	} else {
		ctx, cancel := context.WithTimeout(context.Background(), c.cfg.RequestTimeout)
		c.do(ctx, reqs, origin{forwarded: true, stamp: head.Stamp})
		cancel()
	}
	var out, scratch []byte
	for _, r := range reqs {
		a := message.ForwardAnswer{Refused: r.Err != nil}
		if a.Refused {
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
	return out, nil
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
		if it.Traced {
			r.Trace = new(Trace)
		}
		reqs = append(reqs, r)
	}
	return head, reqs, d.Done("forward")
}

// refusals are the errors that keep their meaning across the wire.
var refusals = []error{errExpired, ErrClosing, ErrTooManySiblings, register.ErrConflict, engine.ErrReadOnly, engine.ErrCorrupt, engine.ErrHintsFull}

// refusalOf returns the wire form of an error.
func refusalOf(err error) message.Refusal {
	var quorum *NoQuorumError
	if errors.As(err, &quorum) {
		f := message.Refusal{Code: message.CodeNoQuorum, Needed: byte(quorum.Needed), Got: byte(quorum.Got)}
		if quorum.Op == OpWrite {
			f.Side = 1
		}
		return f
	}
	for code, known := range refusals {
		if errors.Is(err, known) {
			return message.Refusal{Code: byte(code)}
		}
	}
	return message.Refusal{Code: message.CodeText, Text: err.Error()}
}

// errorOf returns the error that a refusal stands for, or nil if it stands for none.
func errorOf(f message.Refusal) error {
	switch {
	case f.Code == message.CodeNoQuorum:
		side := OpRead
		if f.Side == 1 {
			side = OpWrite
		}
		return &NoQuorumError{Op: side, Needed: int(f.Needed), Got: int(f.Got)}
	case f.Code == message.CodeText:
		return errors.New(f.Text)
	case int(f.Code) < len(refusals):
		return refusals[f.Code]
	}
	return nil
}
