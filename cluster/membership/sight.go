package membership

import (
	"sync"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

// Sight is how this node's gossip sees another node.
type Sight struct {
	State       State
	Since       time.Time // when it was first seen so; zero: never seen at all
	Incarnation uint32    // the newest that was heard of; 0: none yet
}

// State is what gossip believes of a node.
type State string

// The states, as memberlist has them; nobody says goodbye, so that nobody is
// seen to have left. Unknown is a node that gossip has not met in this life.
const (
	Alive   State = "alive"
	Suspect State = "suspect"
	Dead    State = "dead"
	Unknown State = "unknown"
)

// sights remembers when nodes came and went. memberlist forgets the dead.
type sights struct {
	mu sync.Mutex
	of map[ring.NodeID]Sight
}

func (s *sights) note(id ring.NodeID, state State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil {
		s.of = make(map[ring.NodeID]Sight)
	}
	if s.of[id].State != state {
		s.of[id] = Sight{State: state, Since: time.Now()}
	}
}

// Sight tells how gossip sees a node.
func (m *Membership) Sight(id ring.NodeID) Sight {
	m.sights.mu.Lock()
	defer m.sights.mu.Unlock()
	if s, ok := m.sights.of[id]; ok {
		return s
	}
	return Sight{State: Unknown}
}

// Interval is the time between two rounds of gossip.
func (m *Membership) Interval() time.Duration { return m.gossip.GossipInterval }

// Health is 0 when this node's own part in gossip goes well, and grows as it
// misses answers: memberlist's awareness of itself (Lifeguard).
func (m *Membership) Health() int { return m.list.GetHealthScore() }
