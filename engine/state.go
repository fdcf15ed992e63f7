package engine

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// State keeps small pieces of the node's own state, each under a name.
type State struct{ db *database }

// Save keeps data under a name. It returns once the data is on disk, in either durability
// mode. A full disk does not keep it from trying: the state is small, and says who the
// node is.
func (s *State) Save(name string, data []byte) error {
	if err := s.db.enter(); err != nil {
		return err
	}
	defer s.db.guard.leave()
	if err := s.db.pebble.Set(append([]byte{prefixState}, name...), data, pebble.Sync); err != nil {
		return fmt.Errorf("save state %s: %w", name, err)
	}
	return s.db.checkSynced()
}

// Load returns what Save kept, in memory of its own, or nil.
func (s *State) Load(name string) ([]byte, error) {
	if !s.db.guard.enter() {
		return nil, ErrClosed
	}
	defer s.db.guard.leave()
	data, ok, err := s.db.load(append([]byte{prefixState}, name...))
	if ok && data == nil {
		data = []byte{}
	}
	return data, err
}
