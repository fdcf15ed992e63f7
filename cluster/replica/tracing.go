package replica

import (
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// beginTrace starts an op's trace, if one was asked for.
func (o *op) beginTrace() {
	f, t := o.f, o.req.Trace
	if t == nil {
		return
	}
	f.lingers = f.lingers || t.lingers()
	*t = Trace{Prompt: t.Prompt, Began: f.started, Node: f.c.cfg.Self, Coordinator: f.c.cfg.Self, Partition: o.p, Walk: slices.Clone(o.walk), N: o.n}
	for _, id := range o.walk {
		t.Alive = append(t.Alive, id == f.c.cfg.Self || f.c.cfg.Channel.Available(id))
	}
}

// elapsed returns how long ago the wave began.
func (f *wave) elapsed() time.Duration { return time.Since(f.started) }

// roleAt returns the role of the node at a place, of the walk or of the others behind it.
func (o *op) roleAt(at int) Role {
	switch {
	case at < o.n:
		return RolePrimary
	case at < len(o.walk):
		return RoleFallback
	case wantsHint(o.f.c.cfg.Ring(), o.p, nodeAt(o, at)):
		return RoleGaining
	default:
		return RoleFormer
	}
}

// traceStep notes that something begins. Like all methods of this file, it does nothing
// for an op that is not traced.
func (o *op) traceStep(node ring.NodeID, role Role, action Action, hint ring.NodeID) {
	if t := o.req.Trace; t != nil {
		t.Steps = append(t.Steps, Step{At: o.f.elapsed(), Took: -1, Node: node, Role: role, Action: action, For: hint})
	}
}

// traceSkip notes a node that is not asked because it is down.
func (o *op) traceSkip(at int) {
	if t := o.req.Trace; t != nil {
		o.traceStep(nodeAt(o, at), o.roleAt(at), ActionSkip, 0)
		s := &t.Steps[len(t.Steps)-1]
		s.Took, s.Outcome = 0, OutcomeDown
	}
}

// traceOutcome notes how the newest unfinished step of a node ended.
func (o *op) traceOutcome(node ring.NodeID, outcome Outcome, clock causal.Vector, err error) {
	t := o.req.Trace
	if t == nil {
		return
	}
	for i := len(t.Steps) - 1; i >= 0; i-- {
		s := &t.Steps[i]
		if s.Node != node || s.Took >= 0 {
			continue
		}
		s.Took = o.f.elapsed() - s.At
		s.Outcome, s.Clock = outcome, clock.Clone()
		if err != nil {
			s.Error = err.Error()
		}
		break
	}
	if o.phase == phaseDone && !t.pending() {
		o.f.signal() // nothing is left to linger for
	}
}

// traceFound notes what a replica found.
func (o *op) traceFound(node ring.NodeID, exists bool, encoded []byte, outcome Outcome) {
	if o.req.Trace == nil {
		return
	}
	if !exists {
		o.traceOutcome(node, OutcomeAbsent, nil, nil)
		return
	}
	found, err := object.Decode(encoded)
	if len(encoded) == 0 {
		err = nil // a digest
	}
	o.traceOutcome(node, outcome, found.Clock, err)
}

// traceDecided notes that the op has its answer.
func (o *op) traceDecided() {
	if t := o.req.Trace; t != nil {
		tally := o.tally()
		t.Need, t.Got, t.Took = tally.Need(), tally.Got(), o.f.elapsed()
	}
}

// lingersLocked reports whether a wave that is decided waits for answers that its
// traces want to show.
func (f *wave) lingersLocked() bool {
	if !f.lingers {
		return false
	}
	for i := range f.mu.ops {
		if t := f.mu.ops[i].req.Trace; t.lingers() && t.pending() && f.elapsed() < t.Took+traceLinger {
			return true
		}
	}
	return false
}

// endTracesLocked marks what was not answered, in traces that waited for it.
func (f *wave) endTracesLocked() {
	if !f.lingers {
		return
	}
	for i := range f.mu.ops {
		t := f.mu.ops[i].req.Trace
		if !t.lingers() {
			continue
		}
		for k := range t.Steps {
			if s := &t.Steps[k]; s.Took < 0 && s.Outcome == OutcomePending {
				s.Outcome = OutcomeSilent
			}
		}
	}
}

// adoptTrace takes in the trace that the coordinator of a forwarded op made. That node
// has another clock, so the way there and the way back are taken to be equally long.
func (o *op) adoptTrace(encoded []byte) {
	t := o.req.Trace
	var theirs Trace
	if t == nil || json.Unmarshal(encoded, &theirs) != nil {
		return
	}
	var at time.Duration
	for _, s := range t.Steps {
		if s.Action == ActionForward && s.Node == theirs.Node {
			at = s.At + max(0, s.Took-theirs.Took)/2
		}
	}
	for _, s := range theirs.Steps {
		s.At += at
		t.Steps = append(t.Steps, s)
	}
	t.Coordinator, t.Need, t.Got = theirs.Coordinator, theirs.Need, theirs.Got
	t.Repaired, t.Siblings = theirs.Repaired, theirs.Siblings
}

// roleHere returns this node's role for the key of an op that it coordinates.
func (o *op) roleHere() Role {
	if o.self < 0 {
		return RoleFallback
	}
	return o.roleAt(o.self)
}

// traceSkipOnce notes a node that is not asked because it is down, unless that was
// noted before.
func (o *op) traceSkipOnce(at int) {
	if t := o.req.Trace; t != nil && !slices.ContainsFunc(t.Steps, func(s Step) bool { return s.Node == o.walk[at] && s.Action == ActionSkip }) {
		o.traceSkip(at)
	}
}

// traceAnswer notes a replica's answer to a read.
func (o *op) traceAnswer(node ring.NodeID, a message.Answer, err error) {
	if o.req.Trace == nil {
		return
	}
	switch {
	case err != nil:
		o.traceOutcome(node, OutcomeFailed, nil, err)
	case a.Found == message.Absent:
		o.traceOutcome(node, OutcomeAbsent, nil, nil)
	case a.Found == message.Same:
		own, _ := o.read.Own()
		o.traceFound(node, true, own, OutcomeSame)
	case a.Found == message.DigestOnly:
		o.traceOutcome(node, OutcomeDigest, nil, nil)
	case a.Found == message.Whole, a.Found == message.Part:
		o.traceFound(node, true, a.Object, OutcomeValue)
	default:
		o.traceOutcome(node, OutcomeFailed, nil, errors.New(a.Failure))
	}
}

// traceSend notes a copy on its way to a node.
func (o *op) traceSend(at int, hint ring.NodeID) {
	action := ActionWrite
	if hint != 0 {
		action = ActionHint
	}
	o.traceStep(nodeAt(o, at), o.roleAt(at), action, hint)
}

// traceStored notes that a node holds the op's object.
func (o *op) traceStored(node ring.NodeID) {
	if o.req.Trace == nil {
		return
	}
	if o.partly {
		o.traceOutcome(node, OutcomeOK, nil, nil)
		return
	}
	version, err := object.Decode(o.object)
	if err == nil {
		o.traceSiblings(&version)
	}
	o.traceOutcome(node, OutcomeOK, version.Clock, err)
}

// traceSiblings notes how many values a version has.
func (o *op) traceSiblings(version *object.Object) {
	if t := o.req.Trace; t != nil {
		t.Siblings = 0
		for _, s := range version.Siblings {
			if !s.Tombstone {
				t.Siblings++
			}
		}
	}
}

// traceRepair notes that a read found a replica stale.
func (o *op) traceRepair(node ring.NodeID) {
	if t := o.req.Trace; t != nil {
		t.Repaired = append(t.Repaired, node)
	}
}

// traceForwarded notes that the coordinator of a forwarded op answered.
func (o *op) traceForwarded(node ring.NodeID, err error) {
	outcome := OutcomeOK
	if err != nil {
		outcome = OutcomeFailed
	}
	o.traceOutcome(node, outcome, nil, err)
}
