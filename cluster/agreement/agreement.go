package agreement

import (
	"sync/atomic"

	"github.com/quorate/quorate/cluster/core/ring"
)

// State is where a node keeps what it must not forget.
type State interface {
	// Save keeps data under a name, and returns when it is on the disk.
	Save(name string, data []byte) error
	// Load returns what Save kept, or nil.
	Load(name string) ([]byte, error)
}

// Agreement is one form that all members must be able to read before this node writes it. It
// is safe for concurrent use.
type Agreement struct {
	state   State
	name    string
	all     func() bool
	reached atomic.Bool
}

// New returns the agreement that is kept under a name. all reports whether all members are
// known to read the form now; it is asked until they do.
func New(state State, name string, all func() bool) *Agreement {
	return &Agreement{state: state, name: name, all: all}
}

// Reached reports whether the form may be written. Until it may, Reached reads the disk, and
// the first time that it may, waits for the disk; if that fails, it may not be written yet.
func (a *Agreement) Reached() bool {
	if a.reached.Load() {
		return true
	}
	saved, err := a.state.Load(a.name)
	if err != nil || saved == nil && (!a.all() || a.state.Save(a.name, []byte{1}) != nil) {
		return false
	}
	a.reached.Store(true)
	return true
}

// All reports whether something holds for all members but one, which asks.
func All(members []ring.Member, self ring.NodeID, holds func(ring.NodeID) bool) bool {
	for _, m := range members {
		if m.ID != self && !holds(m.ID) {
			return false
		}
	}
	return true
}
