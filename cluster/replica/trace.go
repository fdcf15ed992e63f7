package replica

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
)

// Trace shows the way of one request through the cluster: who was asked, what came back,
// and when. A request is traced when its caller sets [Request.Trace]. It should be the
// only one of its pipeline, because the first request on a key asks for all of them. A
// traced request is answered a little later than another: Do waits for the replicas
// that it does not need, so that their answers show, but not longer than traceLinger.
// Unless its trace is Prompt.
type Trace struct {
	// Prompt is for the caller to set: the request is answered as soon as others are. What
	// was not answered by then stays pending.
	Prompt bool `json:",omitempty"`

	Began       time.Time   `json:"-"` // by the clock of Node
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

// Role says what a node is to a key.
type Role string

// The roles.
const (
	RoleCoordinator Role = "coordinator" // of a forwarded request
	RolePrimary     Role = "primary"
	RoleFallback    Role = "fallback"
	RoleGaining     Role = "gaining" // becomes a primary in the change of the ring under way
	RoleFormer      Role = "former"  // was a primary before the change of the ring that has just ended
)

// Action says what a node was asked to do, or why it was not asked.
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

// Outcome says how a step ended.
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

// traceLinger bounds how much longer a traced request may take than it needs.
const traceLinger = 200 * time.Millisecond

// lingers reports whether an answer waits for the steps of a trace.
func (t *Trace) lingers() bool { return t != nil && !t.Prompt }

// pending reports whether a step has not ended.
func (t *Trace) pending() bool {
	return slices.ContainsFunc(t.Steps, func(s Step) bool { return s.Took < 0 })
}

// appendTrace encodes a trace for the node that forwarded the request.
func appendTrace(dst []byte, t *Trace) []byte {
	encoded, err := json.Marshal(t)
	if err != nil {
		encoded = nil // the answer counts more
	}
	return wire.AppendBytes(dst, encoded)
}
