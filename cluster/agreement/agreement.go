package agreement

import (
	"errors"
	"fmt"
	"strings"
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
	all     func() error
	reached atomic.Bool
}

// New returns the agreement that is kept under a name. all returns nil if all members are
// known to read the form now, else who does not; it is asked until they do.
func New(state State, name string, all func() error) *Agreement {
	return &Agreement{state: state, name: name, all: all}
}

// Err returns nil if the form may be written, else why it may not yet. Until it may, Err reads
// the disk, and the first time that it may, waits for the disk; if that fails, it may not.
func (a *Agreement) Err() error {
	if a.reached.Load() {
		return nil
	}
	saved, err := a.state.Load(a.name)
	if err == nil && saved == nil {
		if err := a.all(); err != nil {
			return err
		}
		err = a.state.Save(a.name, []byte{1})
	}
	if err != nil {
		return fmt.Errorf("note that all members read it: %w", err)
	}
	a.reached.Store(true)
	return nil
}

// ErrNoRing means that a node asks before it has its place in the ring.
var ErrNoRing = errors.New("this node has no place in the ring yet")

// All returns nil if all members but one, which asks, are known to read a form. The error names
// those that are waited for, and says what to do. reads says whether a member does, and whether
// that is known.
func All(members []ring.Member, self ring.NodeID, reads func(ring.NodeID) (does, known bool)) error {
	var waits []string
	for _, m := range members {
		if m.ID == self {
			continue
		}
		switch does, known := reads(m.ID); {
		case !known:
			waits = append(waits, fmt.Sprintf("%s, which has not answered since this node started (start it, or take it off the ring with 'quorate admin remove %s')", m.Name, m.Name))
		case !does:
			waits = append(waits, fmt.Sprintf("%s, which runs an older version (upgrade it)", m.Name))
		}
	}
	if len(waits) == 0 {
		return nil
	}
	return fmt.Errorf("waiting for %s", strings.Join(waits, "; "))
}
