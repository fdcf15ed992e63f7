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
	"github.com/quorate/quorate/cluster/core/wire"
)

// Trace is the way of one request through the cluster, for people: who was
// asked, what came back, and when. A request is traced when its caller sets
// [Request.Trace]; it should then travel alone, for of several requests on one
// key in one pipeline the first asks for all of them. A traced request is
// answered a little later than another: Do waits for the replicas that it does
// not need, so that their answers show, but not longer than traceLinger.
type Trace struct {
	Node        ring.NodeID // took the request from the client
	Coordinator ring.NodeID // carried it out
	Partition   ring.Partition
	Walk        []ring.NodeID // the preference list, and behind it the fallbacks
	Alive       []bool        // of Walk, when the request began, as Node saw it
	N           int           // how many of Walk are primaries
	Need, Got   int           // of the quorum that decided
	Took        time.Duration // until it was decided
	Steps       []Step        // in the order of their beginning
	Repaired    []ring.NodeID // replicas that a read found stale
	Siblings    int           // values that the key has now, as far as was seen
}

// Step is one thing that was done for a traced request.
type Step struct {
	At      time.Duration // after the request began
	Took    time.Duration // negative: no answer was seen
	Node    ring.NodeID   // who did it
	Role    Role
	Action  Action
	For     ring.NodeID // hints: whose copy it is
	Outcome Outcome
	Clock   causal.Vector // of the object that was found or stored; nil: not known
	Error   string
}

// Role is what a node is to a key.
type Role string

// The roles.
const (
	RoleCoordinator Role = "coordinator" // of a forwarded request
	RolePrimary     Role = "primary"
	RoleFallback    Role = "fallback"
	RoleGaining     Role = "gaining" // becomes a primary in the change of the ring under way
)

// Action is what a node was asked to do, or why it was not asked.
type Action string

// The actions.
const (
	ActionRead    Action = "read"    // its copy, whole
	ActionDigest  Action = "digest"  // the digest of its copy
	ActionApply   Action = "apply"   // make the new version
	ActionWrite   Action = "write"   // store it
	ActionHint    Action = "hint"    // keep it for another
	ActionForward Action = "forward" // coordinate
	ActionSkip    Action = "skip"    // nothing: it is down
)

// Outcome is what became of a step.
type Outcome string

// The outcomes.
const (
	OutcomePending Outcome = ""       // nothing yet
	OutcomeOK      Outcome = "ok"     // stored
	OutcomeValue   Outcome = "value"  // an object
	OutcomeDigest  Outcome = "digest" // a digest
	OutcomeSame    Outcome = "same"   // the same as the coordinator's
	OutcomeAbsent  Outcome = "absent" // nothing
	OutcomeFailed  Outcome = "failed"
	OutcomeSilent  Outcome = "silent" // no answer within its wait time
	OutcomeDown    Outcome = "down"   // known to be, and not asked
)

// traceLinger is how much longer a traced request may take than it needs.
const traceLinger = 200 * time.Millisecond

// beginTrace starts an op's trace, if one was asked for.
func (f *wave) beginTrace(o *op) {
	t := o.req.Trace
	if t == nil {
		return
	}
	f.traced = true
	*t = Trace{Node: f.c.cfg.Self, Coordinator: f.c.cfg.Self, Partition: o.p, Walk: slices.Clone(o.walk), N: o.n}
	for _, id := range o.walk {
		t.Alive = append(t.Alive, id == f.c.cfg.Self || f.c.cfg.Channel.Available(id))
	}
}

func (f *wave) elapsed() time.Duration { return time.Since(f.started) }

// roleAt is the role of the node at a place of the walk; -1: a gaining one.
func (o *op) roleAt(at int) Role {
	switch {
	case at < 0:
		return RoleGaining
	case at < o.n:
		return RolePrimary
	default:
		return RoleFallback
	}
}

// step notes that something begins. All the methods below do nothing for an op
// that is not traced.
func (o *op) step(node ring.NodeID, role Role, action Action, hint ring.NodeID) {
	if t := o.req.Trace; t != nil {
		t.Steps = append(t.Steps, Step{At: o.f.elapsed(), Took: -1, Node: node, Role: role, Action: action, For: hint})
	}
}

// skip notes a node that is not asked because it is down.
func (o *op) skip(at int) {
	if t := o.req.Trace; t != nil {
		o.step(o.walk[at], o.roleAt(at), ActionSkip, 0)
		s := &t.Steps[len(t.Steps)-1]
		s.Took, s.Outcome = 0, OutcomeDown
	}
}

// conclude notes how the newest unfinished step of a node ended.
func (o *op) conclude(node ring.NodeID, outcome Outcome, clock causal.Vector, err error) {
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

// concludeRead notes what a replica found.
func (o *op) concludeRead(node ring.NodeID, exists bool, encoded []byte, outcome Outcome) {
	if o.req.Trace == nil {
		return
	}
	if !exists {
		o.conclude(node, OutcomeAbsent, nil, nil)
		return
	}
	found, err := object.Decode(encoded)
	if len(encoded) == 0 {
		err = nil // a digest
	}
	o.conclude(node, outcome, found.Clock, err)
}

// decided notes that the op has its answer.
func (o *op) decided() {
	if t := o.req.Trace; t != nil {
		tally := o.tally()
		t.Need, t.Got, t.Took = tally.Need(), tally.Got(), o.f.elapsed()
	}
}

func (t *Trace) pending() bool {
	return slices.ContainsFunc(t.Steps, func(s Step) bool { return s.Took < 0 })
}

// lingersLocked says that the wave is decided, but waits for answers that its
// traces want to show.
func (f *wave) lingersLocked() bool {
	if !f.traced {
		return false
	}
	for i := range f.mu.ops {
		if t := f.mu.ops[i].req.Trace; t != nil && t.pending() && f.elapsed() < t.Took+traceLinger {
			return true
		}
	}
	return false
}

// endTracesLocked marks what was never answered.
func (f *wave) endTracesLocked() {
	if !f.traced {
		return
	}
	for i := range f.mu.ops {
		t := f.mu.ops[i].req.Trace
		if t == nil {
			continue
		}
		for k := range t.Steps {
			if s := &t.Steps[k]; s.Took < 0 && s.Outcome == OutcomePending {
				s.Outcome = OutcomeSilent
			}
		}
	}
}

// graft takes in the trace that the coordinator of a forwarded op made. Its
// clock is not ours: the way there and back is taken to be equally long.
func (o *op) graft(encoded []byte) {
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

// appendTrace encodes a trace for the node that forwarded the request.
func appendTrace(dst []byte, t *Trace) []byte {
	encoded, err := json.Marshal(t)
	if err != nil {
		encoded = nil // the answer counts more
	}
	return wire.AppendBytes(dst, encoded)
}

// roleHere is this node's role for the key of an op that it coordinates.
func (o *op) roleHere() Role {
	if o.self < 0 {
		return RoleFallback
	}
	return o.roleAt(o.self)
}

// skipOnce is skip, unless it was noted before.
func (o *op) skipOnce(at int) {
	if t := o.req.Trace; t != nil && !slices.ContainsFunc(t.Steps, func(s Step) bool { return s.Node == o.walk[at] && s.Action == ActionSkip }) {
		o.skip(at)
	}
}

// traceAnswer notes a replica's answer to a read.
func (o *op) traceAnswer(node ring.NodeID, a message.Answer, err error) {
	if o.req.Trace == nil {
		return
	}
	switch {
	case err != nil:
		o.conclude(node, OutcomeFailed, nil, err)
	case a.Found == message.Absent:
		o.conclude(node, OutcomeAbsent, nil, nil)
	case a.Found == message.Same:
		own, _ := o.read.Own()
		o.concludeRead(node, true, own, OutcomeSame)
	case a.Found == message.DigestOnly:
		o.conclude(node, OutcomeDigest, nil, nil)
	case a.Found == message.Whole:
		o.concludeRead(node, true, a.Object, OutcomeValue)
	default:
		o.conclude(node, OutcomeFailed, nil, errors.New(a.Failure))
	}
}

// traceSend notes a copy on its way to a node of the walk.
func (o *op) traceSend(at int, hint ring.NodeID) {
	action := ActionWrite
	if hint != 0 {
		action = ActionHint
	}
	o.step(o.walk[at], o.roleAt(at), action, hint)
}

// traceStored notes that a node holds the op's object.
func (o *op) traceStored(node ring.NodeID) {
	if o.req.Trace == nil {
		return
	}
	version, err := object.Decode(o.object)
	if err == nil {
		o.traceSiblings(&version)
	}
	o.conclude(node, OutcomeOK, version.Clock, err)
}

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
	o.conclude(node, outcome, nil, err)
}
