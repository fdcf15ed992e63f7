package engine

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/ring"
)

// partsSweep removes parts that no record names, which a crash has left. It looks once, after
// the start, and at parts of earlier starts only: those of this one may be in the making.
type partsSweep struct {
	db      *database
	stripes *stripes
	pacer   *pacer
	start   func() uint64 // the incarnation of this start
}

// run looks at the parts of all objects.
func (s *partsSweep) run(ctx context.Context) {
	removed := 0
	pace := s.pacer.begin()
	from, upper := prefixBounds(prefixPart)
	for from != nil && ctx.Err() == nil {
		next, orphans, err := s.step(from, upper)
		if err != nil {
			if ctx.Err() == nil && !s.db.guard.closed() {
				s.db.opts.Logger.Error("parts of large objects that a crash has left were not all removed", "err", err)
			}
			return
		}
		if orphans {
			removed++
		}
		from = next
		pace.pause(ctx)
	}
	if removed > 0 {
		s.db.opts.Logger.Info("parts of large objects that a crash has left were removed", "objects", removed)
	}
}

// step looks at the parts of the first object from a place on. It returns the place to go on
// from, nil at the end, and whether it has removed the parts.
func (s *partsSweep) step(from, upper []byte) (next []byte, orphans bool, err error) {
	if err := s.db.enter(); err != nil {
		return nil, false, err
	}
	defer s.db.guard.leave()
	first, err := s.first(from, upper)
	if err != nil || first == nil {
		return nil, false, err
	}
	p, hash32, id, ok := splitPartKey(first)
	if !ok {
		return nil, false, s.db.corrupt("key of a part", fmt.Errorf("%x", first))
	}
	hash := uint64(hash32) << 32
	after := id
	if after.number++; after.number == 0 {
		after.start++
	}
	next = appendPartsKey(nil, p, hash, after)
	if id.start == s.start() {
		return next, false, nil
	}
	number := []uint16{stripeOf(hash)}
	intent := s.stripes.newIntent()
	s.stripes.lock(intent, number)
	defer s.stripes.unlock(intent, number)
	if named, err := s.named(p, hash, id); err != nil || named {
		return next, false, err
	}
	if err := s.db.pebble.DeleteRange(appendPartsKey(nil, p, hash, id), next, pebble.NoSync); err != nil {
		return nil, false, fmt.Errorf("remove parts: %w", err)
	}
	return next, true, nil
}

// first returns the first key of a range, or nil.
func (s *partsSweep) first(from, upper []byte) ([]byte, error) {
	it, err := s.db.pebble.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: upper})
	if err != nil {
		return nil, s.db.readError("read parts", err)
	}
	var key []byte
	if it.First() {
		key = append(key, it.Key()...)
	}
	return key, s.db.readError("read parts", it.Close())
}

// named reports whether the record of some object with a hash names the parts of an id.
func (s *partsSweep) named(p ring.Partition, hash uint64, id partsID) (named bool, err error) {
	lower := appendObjectKey(nil, p, hash, nil)
	_, upper := partitionBounds(prefixObject, p)
	if hash32 := uint32(hash >> 32); hash32 < 1<<32-1 {
		upper = binary.BigEndian.AppendUint32(appendObjectKey(nil, p, 0, nil)[:objectHeader-hashBytes], hash32+1)
	}
	err = s.db.forEach(lower, upper, func(_, v []byte) error {
		if !isSplit(v) {
			return nil
		}
		r, err := s.db.parseSplit(v)
		named = named || r.id == id
		return err
	})
	return named, err
}
