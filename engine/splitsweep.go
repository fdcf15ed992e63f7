package engine

import (
	"bytes"
	"context"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
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
	for _, prefix := range []byte{prefixPart, prefixHintPart} {
		from, upper := prefixBounds(prefix)
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
	at, id, ok := splitPartKey(first)
	if !ok {
		return nil, false, s.db.corrupt("key of a part", fmt.Errorf("%x", first))
	}
	after := id
	if after.number++; after.number == 0 {
		after.start++
	}
	next = at.appendID(nil, after)
	if id.start == s.start() {
		return next, false, nil
	}
	number := []uint16{stripeOf(at.hash)}
	intent := s.stripes.newIntent()
	s.stripes.lock(intent, number)
	defer s.stripes.unlock(intent, number)
	if named, err := s.named(at, id); err != nil || named {
		return next, false, err
	}
	if err := s.db.pebble.DeleteRange(at.appendID(nil, id), next, pebble.NoSync); err != nil {
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

// named reports whether the record of some object with a hash, or of a hint, names the parts of
// an id.
func (s *partsSweep) named(at partsPlace, id partsID) (named bool, err error) {
	lower := appendObjectKey(nil, at.partition, at.hash, nil)
	if at.hint != 0 {
		lower = appendHintKey(nil, at.hint, at.partition, at.hash, nil)
	}
	err = s.db.forEach(lower, after(lower), func(_, v []byte) error {
		if at.hint != 0 {
			if _, v, err = splitHint(v); err != nil {
				return s.db.corrupt("hint", err)
			}
		}
		if !isSplit(v) {
			return nil
		}
		r, err := s.db.parseSplit(at, v)
		named = named || r.id == id
		return err
	})
	return named, err
}

// after returns the first place behind all that begin with a prefix, which has a byte that is
// not 0xff.
func after(prefix []byte) []byte {
	end := bytes.TrimRight(bytes.Clone(prefix), "\xff")
	end[len(end)-1]++
	return end
}
