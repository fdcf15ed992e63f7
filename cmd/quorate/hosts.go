package main

import (
	"fmt"
	"slices"
	"sync"

	"github.com/quorate/quorate/cluster/core/ring"
)

// hosts are those of one process. A demo gets more; none is taken away, for a
// node that has left must still be told from one that never was.
type hosts struct {
	mu struct {
		sync.Mutex
		all []*host
	}
}

func (s *hosts) add(more ...*host) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.all = append(s.mu.all, more...)
}

func (s *hosts) list() []*host {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mu.all)
}

// find finds a host by its node's name or id, or returns nil.
func (s *hosts) find(node string) *host {
	for _, h := range s.list() {
		if h.name() == node || fmt.Sprintf("%016x", uint64(ring.IDOf(h.name()))) == node {
			return h
		}
	}
	return nil
}
