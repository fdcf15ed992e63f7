package engine

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// lackingKey is present while the node may lack objects that it once
// acknowledged.
var lackingKey = []byte{prefixInternal, 'g'}

// loseData removes what a lost disk takes along, and notes that it is gone. The
// marks of a clean stop go with it, in one durable batch, so that whatever happens
// next no epoch of the past is continued (see [epochs]).
func (s *Store) loseData() error {
	b := s.db.NewBatch()
	defer b.Close()
	for _, prefix := range []byte{prefixObject, prefixHint, prefixExpiry, prefixGrave, prefixTree} {
		lower, upper := prefixBounds(prefix)
		if err := b.DeleteRange(lower, upper, nil); err != nil {
			return err
		}
	}
	if err := b.Delete(cleanKey, nil); err != nil {
		return err
	}
	if err := b.Set(lackingKey, nil, nil); err != nil {
		return err
	}
	if err := s.db.Apply(b, pebble.Sync); err != nil {
		return fmt.Errorf("give up the data: %w", err)
	}
	return nil
}

// loadLacking finds out whether a former life lost the data and was not filled.
func (s *Store) loadLacking() error {
	_, lacking, err := s.load(lackingKey)
	s.lacking.Store(lacking)
	return err
}

// Lacking says that the data was lost (Options.LoseData), in this life or a former
// one, and that nobody has called Filled since: a key that is not here proves
// nothing then.
func (s *Store) Lacking() bool { return s.lacking.Load() }

// Filled notes, durably, that the store has again all that it lost.
func (s *Store) Filled() error {
	if !s.guard.enter() {
		return ErrClosed
	}
	defer s.guard.leave()
	if err := s.health.LastingErr(); err != nil {
		return err
	}
	if err := s.db.Delete(lackingKey, pebble.Sync); err != nil {
		return fmt.Errorf("note that the data is back: %w", err)
	}
	s.lacking.Store(false)
	return s.trusted()
}
