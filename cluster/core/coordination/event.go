package coordination

import (
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/quorum"
)

// Nobody is the place of a node that is not in the walk.
const Nobody = -1

// Replicas describes the nodes that may take part in a request on one key.
type Replicas struct {
	Walk      int // nodes in the walk, at most [quorum.MaxNodes]
	Primaries int // the first of them
	Self      int // the place of the node that runs the machine, or Nobody
	First     int // the primary that a read asks before the others, if it can be asked
}

// SelfIsPrimary reports whether the node that runs the machine is a primary.
func (r Replicas) SelfIsPrimary() bool { return r.Self >= 0 && r.Self < r.Primaries }

// EventKind says what happened.
type EventKind uint8

// The kinds of events.
const (
	Start   EventKind = iota // the phase begins
	Answer                   // the node at Place answered
	Fail                     // asking the node at Place failed; it may have done it
	NotRun                   // the node at Place has not carried the update out, and will not
	Refuse                   // the node at Place answered that it cannot do it now
	Abstain                  // the node at Place leaves such updates to others for now
	Late                     // the nodes that are waited for took too long
	Look                     // some time has passed
	NeedAll                  // the parts that a read has found are not enough for its caller
)

// Event is something that happened to a request.
type Event struct {
	Kind  EventKind
	Place int
	// Up has the other nodes that can be asked now. An Answer does not need it.
	Up quorum.Nodes
	// Answer is what a replica answered to a read. Its object must stay as it is. The
	// node's own answer is Absent, Whole or Part, the latter two with the digest of the whole.
	Answer message.Answer
}

// ActionKind says what is to be done.
type ActionKind uint8

// The kinds of actions.
const (
	ReadOwn    ActionKind = iota // read this node's copy and step with it, before anything else
	AskWhole                     // ask the node at Place for its object, or a part: see [Read.TakesParts]
	AskDigest                    // ask it for its object's digest
	Store                        // send it the new object, as its own copy
	StoreHint                    // send it the new object, to keep for the primary at For
	Send                         // send it the update, to coordinate it
	Skip                         // nothing: the node at Place is down
	Coordinate                   // coordinate the update on this node
	Finish                       // the phase has what it needs
	GiveUp                       // every node refused
	Unknown                      // nobody can tell whether the update was carried out
)

// Action is something that the driver is to do now.
type Action struct {
	Kind  ActionKind
	Place int
	For   int
}
