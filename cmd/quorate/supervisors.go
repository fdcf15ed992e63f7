package main

import (
	"fmt"
	"slices"
	"sync"

	"github.com/quorate/quorate/cluster/core/ring"
)

// supervisors are those of one process. A demo adds more. None is removed, so that a
// node that has left can be told apart from one that never existed.
type supervisors struct {
	mu struct {
		sync.Mutex
		all []*supervisor
	}
}

func (s *supervisors) add(more ...*supervisor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.all = append(s.mu.all, more...)
}

func (s *supervisors) list() []*supervisor {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mu.all)
}

// find returns the supervisor of a node, given by name or id; nil without one.
func (s *supervisors) find(node string) *supervisor {
	for _, h := range s.list() {
		if h.name() == node || fmt.Sprintf("%016x", uint64(ring.IDOf(h.name()))) == node {
			return h
		}
	}
	return nil
}
