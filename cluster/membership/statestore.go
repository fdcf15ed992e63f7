package membership

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

// stateName is the name under which the disk keeps the ring state.
const stateName = "ring"

// maxHistory bounds how many versions of the ring are remembered, for people to see how
// they spread.
const maxHistory = 20

// maxChanges bounds the changes that wait to be acted upon. One that finds no room is not
// lost: whoever takes a change reads the newest state, and gossip tells others of it.
const maxChanges = 64

// ErrNotJoined refuses what needs a ring before there is one.
var ErrNotJoined = errors.New("this node is not a member of a cluster yet")

// Disk keeps small pieces of a node's state: the engine. Save returns once the data
// is safe; Load returns nil for what was never saved.
type Disk interface {
	Save(name string, data []byte) error
	Load(name string) ([]byte, error)
}

// StateStore holds this node's ring: the mergeable state, saved, and the immutable view
// computed from it, which anybody reads without a lock. Make it with [OpenState]. Its
// methods may be called from any goroutine. No other part of the node is called under
// its lock, but for the disk.
type StateStore struct {
	disk    Disk
	now     func() time.Time // the wall clock
	view    atomic.Pointer[ring.Ring]
	changes chan change

	mu struct {
		sync.Mutex
		state   *ring.State
		history []RingChange // the newest last
	}
}

// RingChange is a version of the ring, and when this node came to have it.
type RingChange struct {
	Version uint64
	Digest  uint64    // of the newest state of this version
	Time    time.Time // when the node had the first one
}

// change is a ring that has become this node's.
type change struct {
	ring *ring.Ring
	from source
}

// source tells where a change began.
type source uint8

const (
	fromPeer   source = iota // another node made it, and spreads it
	fromHere                 // others have to be told
	fromMemory               // it is no change of the state
)

// OpenState loads the ring state from the disk. A node that never had one has no ring
// until Adopt gives it one.
func OpenState(disk Disk, now func() time.Time) (*StateStore, error) {
	s := &StateStore{disk: disk, now: now, changes: make(chan change, maxChanges)}
	data, err := disk.Load(stateName)
	if err != nil {
		return nil, fmt.Errorf("load the ring state: %w", err)
	}
	if data == nil {
		return s, nil
	}
	state, err := ring.DecodeState(data)
	if err != nil {
		return nil, fmt.Errorf("saved ring state: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.showLocked(state)
	return s, nil
}

// Ring returns the current ring; nil before there is one.
func (s *StateStore) Ring() *ring.Ring { return s.view.Load() }

// Joined returns [ErrNotJoined] before there is a ring.
func (s *StateStore) Joined() error {
	if s.view.Load() == nil {
		return ErrNotJoined
	}
	return nil
}

// Digest names the content of the state; 0 before there is one.
func (s *StateStore) Digest() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.state == nil {
		return 0
	}
	return s.mu.state.Digest()
}

// ClusterID returns the id of the cluster that the node belongs to; empty before there
// is one.
func (s *StateStore) ClusterID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.state == nil {
		return ""
	}
	return s.mu.state.ClusterID()
}

// Encode returns the state as it is told to others; nil before there is one.
func (s *StateStore) Encode() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.state == nil {
		return nil
	}
	return s.mu.state.Encode()
}

// UnknownStart returns the newest start of a node that other knows of and this state
// does not; 0: there is none.
func (s *StateStore) UnknownStart(id ring.NodeID, other *ring.State) ring.Incarnation {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.state == nil {
		return 0
	}
	return s.mu.state.UnknownStart(id, other)
}

// History returns the newest versions that this node had, the oldest of them first. States of
// one version, which several members make at once, are not told apart.
func (s *StateStore) History() []RingChange {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mu.history)
}

// Adopt makes a state this node's first one: it was founded here, or received on joining.
func (s *StateStore) Adopt(state *ring.State) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.disk.Save(stateName, state.Encode()); err != nil {
		return fmt.Errorf("save ring state: %w", err)
	}
	s.showLocked(state)
	return nil
}

// Change applies a change that begins at this node. When it returns nil, the result is
// saved and in force here.
func (s *StateStore) Change(edit func(*ring.State) error) error {
	return s.update(fromHere, func(state *ring.State) (bool, error) {
		before := state.Digest()
		if err := edit(state); err != nil {
			return false, err
		}
		return state.Digest() != before, nil
	})
}

// Merge takes in the state of another node. It saves nothing if there is nothing new.
func (s *StateStore) Merge(other *ring.State) error {
	return s.update(fromPeer, func(state *ring.State) (bool, error) { return state.Merge(other) })
}

func (s *StateStore) update(from source, edit func(*ring.State) (bool, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.state == nil {
		return ErrNotJoined
	}
	next := s.mu.state.Clone()
	changed, err := edit(next)
	if err != nil || !changed {
		return err
	}
	// Any node may see that a transition is complete; all come to the same result.
	next.Flip()
	if err := s.disk.Save(stateName, next.Encode()); err != nil {
		return fmt.Errorf("save ring state: %w", err)
	}
	s.tellLocked(change{ring: s.showLocked(next), from: from})
	return nil
}

// Confirm tells that all members that can be reached have the layout of a number, and which
// nodes that have left the ring do not run any more: see [ring.State.Confirm] and
// [ring.State.Ended]. Only this node remembers that, and it is not saved. It is one change, so
// that the rest of the node looks at the ring once.
func (s *StateStore) Confirm(number uint64, ended ...ring.NodeID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.mu.state.Clone()
	changed := next.Confirm(number)
	for _, id := range ended {
		changed = next.Ended(id) || changed
	}
	if !changed {
		return
	}
	view := ring.NewRing(next)
	s.mu.state = next
	s.view.Store(view)
	s.tellLocked(change{ring: view, from: fromMemory})
}

// tellLocked tells the membership of a change.
func (s *StateStore) tellLocked(c change) {
	select {
	case s.changes <- c:
	default: // see maxChanges
	}
}

// showLocked puts a state that is saved in force.
func (s *StateStore) showLocked(state *ring.State) *ring.Ring {
	view := ring.NewRing(state)
	s.mu.state = state
	s.view.Store(view)
	if n := len(s.mu.history); n > 0 && s.mu.history[n-1].Version == view.Version() {
		s.mu.history[n-1].Digest = view.Digest()
		return view
	}
	if len(s.mu.history) == maxHistory {
		s.mu.history = slices.Delete(s.mu.history, 0, 1)
	}
	s.mu.history = append(s.mu.history, RingChange{Version: view.Version(), Digest: view.Digest(), Time: s.now()})
	return view
}
