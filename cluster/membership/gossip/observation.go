package gossip

import (
	"sync"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

// Observation is how this node's gossip sees another node.
type Observation struct {
	State State
	Since time.Time // when it was first seen so; zero: never seen at all
}

// State is the state of a node in gossip.
type State string

// The states that memberlist tells. It does not tell whom it suspects: a suspect is alive
// until it is dead. Nobody announces that it leaves, so there is no state for that.
// Unknown is a node that gossip has not met in this life.
const (
	Alive   State = "alive"
	Dead    State = "dead"
	Unknown State = "unknown"
)

// observations remembers when nodes came and went. memberlist forgets the dead.
type observations struct {
	mu   sync.Mutex
	byID map[ring.NodeID]Observation
}

// note records the state of a node, and the time if the state is new.
func (o *observations) note(id ring.NodeID, state State) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.byID == nil {
		o.byID = make(map[ring.NodeID]Observation)
	}
	if o.byID[id].State != state {
		o.byID[id] = Observation{State: state, Since: time.Now()}
	}
}

// Observe returns how gossip sees a node.
func (g *Gossip) Observe(id ring.NodeID) Observation {
	g.observations.mu.Lock()
	defer g.observations.mu.Unlock()
	if o, ok := g.observations.byID[id]; ok {
		return o
	}
	return Observation{State: Unknown}
}
