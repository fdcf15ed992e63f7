package cluster

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine"
)

// stateRing is the name under which the engine keeps the ring state.
const stateRing = "ring"

// errNotJoined refuses what needs a ring before there is one.
var errNotJoined = errors.New("this node is not a member of a cluster yet")

// keeper holds the node's ring: the mergeable state, saved, and the immutable
// view computed from it, for everyone to read without a lock.
//
// Lock order: keeper.mu is never held while another component is called, but for
// the engine's SaveState.
type keeper struct {
	store  *engine.Store
	log    *slog.Logger
	view   atomic.Pointer[ring.Ring]
	notify func(change change) // after every change, outside the lock

	now func() time.Time

	mu struct {
		sync.Mutex
		state   *ring.State
		learned []RingChange // the newest last
	}
}

// RingChange is a state of the ring, and when this node came to have it.
type RingChange struct {
	Version uint64
	Digest  uint64
	Time    time.Time
}

// maxLearned bounds how many changes of the ring are remembered, for people to
// see how they spread.
const maxLearned = 20

// change tells what became of the ring.
type change struct {
	ring *ring.Ring
	// local: it began here, and others have to be told the whole of it.
	local bool
}

// load reads the saved state, if there is one.
func (k *keeper) load() (bool, error) {
	data, err := k.store.LoadState(stateRing)
	if err != nil || data == nil {
		return false, err
	}
	state, err := ring.DecodeState(data)
	if err != nil {
		return false, fmt.Errorf("saved ring state: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.becomeLocked(state)
	return true, nil
}

// adopt makes a state that was founded here, or received on joining, our own.
func (k *keeper) adopt(state *ring.State) error {
	k.mu.Lock()
	if err := k.store.SaveState(stateRing, state.Encode()); err != nil {
		k.mu.Unlock()
		return fmt.Errorf("save ring state: %w", err)
	}
	k.becomeLocked(state)
	k.mu.Unlock()
	return nil
}

// becomeLocked acts on a state that is saved.
func (k *keeper) becomeLocked(state *ring.State) *ring.Ring {
	view := ring.NewRing(state)
	k.mu.state = state
	k.view.Store(view)
	if len(k.mu.learned) == maxLearned {
		k.mu.learned = slices.Delete(k.mu.learned, 0, 1)
	}
	k.mu.learned = append(k.mu.learned, RingChange{Version: view.Version(), Digest: view.Digest(), Time: k.now()})
	return view
}

// changes are the newest states that this node had, the oldest of them first.
func (k *keeper) changes() []RingChange {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.mu.learned)
}

// change applies an operator's or the node's own change and makes it known.
func (k *keeper) change(edit func(*ring.State) error) error {
	return k.update(true, func(s *ring.State) (bool, error) {
		before := s.Digest()
		if err := edit(s); err != nil {
			return false, err
		}
		return s.Digest() != before, nil
	})
}

// merge takes in what another node knows.
func (k *keeper) merge(other *ring.State) error {
	return k.update(false, func(s *ring.State) (bool, error) { return s.Merge(other) })
}

func (k *keeper) update(local bool, edit func(*ring.State) (bool, error)) error {
	k.mu.Lock()
	if k.mu.state == nil {
		k.mu.Unlock()
		return errNotJoined
	}
	next := k.mu.state.Clone()
	changed, err := edit(next)
	if err == nil && changed {
		// Any node may see that a transition is complete; all come to the same.
		next.Advance()
		if err = k.store.SaveState(stateRing, next.Encode()); err != nil {
			err = fmt.Errorf("save ring state: %w", err)
		}
	}
	if err != nil || !changed {
		k.mu.Unlock()
		return err
	}
	view := k.becomeLocked(next)
	k.mu.Unlock()
	k.notify(change{ring: view, local: local})
	return nil
}

// encoded is the state as told to others, or nil before there is one.
func (k *keeper) encoded() []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.mu.state == nil {
		return nil
	}
	return k.mu.state.Encode()
}

// digest names the state's content; 0 before there is one.
func (k *keeper) digest() uint64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.mu.state == nil {
		return 0
	}
	return k.mu.state.Digest()
}

// clusterID is empty before the node belongs to one.
func (k *keeper) clusterID() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.mu.state == nil {
		return ""
	}
	return k.mu.state.ClusterID()
}

// ring is the view of now; nil before there is a state.
func (k *keeper) ring() *ring.Ring { return k.view.Load() }
