package existence

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/ring"
)

// defect is a mistake that a user of the filter could make.
type defect string

const (
	noDefect         defect = ""
	addsAfterCommit  defect = "a key is added after its commit"
	oneWriterForgets defect = "one of the writers does not add its keys"
	beginsAmidWrites defect = "a build begins while a key is between its addition and its commit"
	snapshotTooEarly defect = "the snapshot is taken before the build begins"
	publishesEarly   defect = "a build is published before all keys are read"
	clearsOnRemoval  defect = "additions stop at a removal"
)

// schedule runs writers, removals and builds step by step in an order that draw chooses, and
// stops at the first key that is stored and taken for absent.
type schedule struct {
	defect   defect
	filter   *Filter
	stored   map[int]bool // committed keys
	writers  [3]writerStep
	build    *Build
	snapshot []int // keys that the build has yet to read
	early    []int // a snapshot from before
}

// writerStep is how far a writer of a new key has come.
type writerStep struct {
	key  int
	step int // 0: idle, 1: the first half is done
}

const scheduleKeys = 40

func newSchedule(d defect) *schedule {
	return &schedule{defect: d, filter: New(0), stored: map[int]bool{}}
}

func (s *schedule) add(key int) { s.filter.Add(ring.Partition(key%4), hashOfNumber(key)) }

func (s *schedule) keys() (keys []int) {
	for key := range scheduleKeys {
		if s.stored[key] {
			keys = append(keys, key)
		}
	}
	return keys
}

// write carries out the next half of a write: the addition, then the commit.
func (s *schedule) write(writer, key int) {
	w := &s.writers[writer]
	if w.step == 0 {
		for _, other := range s.writers {
			if other.step == 1 && other.key == key {
				return // its stripe is locked
			}
		}
		if s.stored[key] {
			return // only new keys are added
		}
		w.key, w.step = key, 1
	} else {
		w.step = 0
	}
	switch forgets := s.defect == oneWriterForgets && writer == 2; {
	case (w.step == 1) == (s.defect == addsAfterCommit):
		s.stored[w.key] = true
	case !forgets:
		s.add(w.key)
	}
}

func (s *schedule) remove(key int) {
	for _, w := range s.writers {
		if w.step == 1 && w.key == key {
			return
		}
	}
	delete(s.stored, key)
	if s.defect == clearsOnRemoval && s.build != nil {
		s.filter.tables.Store(&tables{ready: s.filter.tables.Load().ready}) // as if there were no build
	}
}

func (s *schedule) begin() {
	if s.build != nil {
		return
	}
	for _, w := range s.writers {
		if w.step == 1 && s.defect != beginsAmidWrites {
			return
		}
	}
	s.build = s.filter.NewBuild(0)
	s.build.Begin()
	if s.snapshot = s.keys(); s.defect == snapshotTooEarly {
		s.snapshot = s.early
	}
}

// read has the build read one key, or ends the build.
func (s *schedule) read() {
	switch {
	case s.build == nil:
		s.early = s.keys()
	case len(s.snapshot) > 0:
		key := s.snapshot[0]
		s.build.Add(ring.Partition(key%4), hashOfNumber(key))
		if s.snapshot = s.snapshot[1:]; s.defect == publishesEarly && len(s.snapshot) == 1 {
			s.snapshot = nil
		}
	default:
		s.build.Publish()
		s.build = nil
		s.early = s.keys()
	}
}

func (s *schedule) discard() {
	if s.build != nil {
		s.build.Discard()
		s.build = nil
	}
}

// check returns an error if a stored key is taken for absent.
func (s *schedule) check() error {
	for _, key := range s.keys() {
		if !s.filter.MayContain(ring.Partition(key%4), hashOfNumber(key)) {
			return fmt.Errorf("key %d is stored and taken for absent", key)
		}
	}
	return nil
}

// step takes one step: what says which one, key of which key.
func (s *schedule) step(what, key int) error {
	switch {
	case what < 6:
		s.write(what%3, key)
	case what == 6:
		s.remove(key)
	case what == 7:
		s.begin()
	case what == 8 && key == 0:
		s.discard()
	default:
		s.read()
	}
	return s.check()
}

const scheduleSteps = 12 // kinds of steps

func TestFilter_AnyScheduleOfWritesAndBuilds_NoFalseNegative(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newSchedule(noDefect)
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			what, key := rapid.IntRange(0, scheduleSteps-1).Draw(t, "step"), rapid.IntRange(0, scheduleKeys-1).Draw(t, "key")
			if err := s.step(what, key); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// The schedules find every mistake of the filter's user.
func TestFilter_PlantedDefect_IsFound(t *testing.T) {
	for _, d := range []defect{addsAfterCommit, oneWriterForgets, beginsAmidWrites, snapshotTooEarly, publishesEarly, clearsOnRemoval} {
		t.Run(string(d), func(t *testing.T) {
			for seed := range uint64(200) {
				rng := rand.New(rand.NewPCG(seed, 0))
				s := newSchedule(d)
				for range 300 {
					if s.step(rng.IntN(scheduleSteps), rng.IntN(scheduleKeys)) != nil {
						return
					}
				}
			}
			t.Error("no schedule of 200 shows the defect")
		})
	}
}
