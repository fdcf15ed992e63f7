package engine

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/causal"
)

var (
	identityKey = []byte{prefixInternal, 'o'}
	cleanKey    = []byte{prefixInternal, 'c'} // present: the last stop was clean; not empty: trees were saved
)

// formatVersion is that of the key space.
const formatVersion = 1

// identity says whose directory this is.
type identity struct {
	Format     int           `json:"format"`
	Node       causal.NodeID `json:"node,string"`
	Name       string        `json:"name"`
	Partitions int           `json:"partitions"`
}

// checkIdentity tells a new directory from our own, and refuses any other.
func (s *Store) checkIdentity() (isNew bool, err error) {
	raw, ok, err := s.load(identityKey)
	if err != nil {
		return false, err
	}
	if !ok {
		return true, nil
	}
	var id identity
	if err := json.Unmarshal(raw, &id); err != nil {
		return false, fmt.Errorf("identity record: %w: %w", ErrCorrupt, err)
	}
	switch {
	case id.Format != formatVersion:
		return false, fmt.Errorf("%s: %w: version %d, this program reads %d", s.opts.Dir, ErrOtherFormat, id.Format, formatVersion)
	case id.Node != s.opts.Self:
		return false, fmt.Errorf("%s: %w: it is %s's, this is %s", s.opts.Dir, ErrOtherOwner, id.Name, s.opts.Name)
	case id.Partitions != s.opts.Partitions:
		return false, fmt.Errorf("%s: %w: %d partitions, not %d", s.opts.Dir, ErrOtherFormat, id.Partitions, s.opts.Partitions)
	}
	return false, nil
}

func (s *Store) saveIdentity(b *pebble.Batch) error {
	raw, err := json.Marshal(identity{Format: formatVersion, Node: s.opts.Self, Name: s.opts.Name, Partitions: s.opts.Partitions})
	if err != nil {
		return err
	}
	return b.Set(identityKey, raw, nil)
}

// SaveState keeps a small piece of the node's own state under a name. It returns
// once the data is on disk, in either durability mode. A full disk does not keep
// it from trying: the state is small, and says who the node is.
func (s *Store) SaveState(name string, data []byte) error {
	if !s.guard.enter() {
		return ErrClosed
	}
	defer s.guard.leave()
	if err := s.health.LastingErr(); err != nil {
		return err
	}
	if err := s.db.Set(append([]byte{prefixState}, name...), data, pebble.Sync); err != nil {
		return fmt.Errorf("save state %s: %w", name, err)
	}
	return s.trusted()
}

// LoadState returns what SaveState kept, in memory of its own, or nil.
func (s *Store) LoadState(name string) ([]byte, error) {
	if !s.guard.enter() {
		return nil, ErrClosed
	}
	defer s.guard.leave()
	data, ok, err := s.load(append([]byte{prefixState}, name...))
	if ok && data == nil {
		data = []byte{}
	}
	return data, err
}

// load copies one value.
func (s *Store) load(key []byte) (value []byte, ok bool, err error) {
	v, closer, err := s.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, s.readError("read record", err)
	}
	value = append([]byte{}, v...)
	return value, true, closer.Close()
}

func (s *Store) loadUint64(key []byte) (uint64, error) {
	v, ok, err := s.load(key)
	if err != nil || !ok {
		return 0, err
	}
	if len(v) != 8 {
		return 0, fmt.Errorf("record %q: %w", key, ErrCorrupt)
	}
	return binary.BigEndian.Uint64(v), nil
}

// forEach walks a range. What f is given is valid during the call only.
func (s *Store) forEach(lower, upper []byte, f func(key, value []byte) error) error {
	return s.forEachIn(s.db, lower, upper, f)
}

func (s *Store) forEachIn(r pebble.Reader, lower, upper []byte, f func(key, value []byte) error) error {
	it, err := r.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return s.readError("iterate", err)
	}
	for ok := it.First(); ok && err == nil; ok = it.Next() {
		var v []byte
		if v, err = it.ValueAndErr(); err != nil {
			err = s.readError("iterate", err)
			break
		}
		err = f(it.Key(), v)
	}
	if cerr := it.Close(); err == nil {
		err = s.readError("iterate", cerr)
	}
	return err
}
