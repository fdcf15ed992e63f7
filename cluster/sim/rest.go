package sim

import (
	"maps"
	"slices"
	"time"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// copyOf is what one node holds: its objects by key, encoded, and whether it keeps
// hints.
type copyOf struct {
	objects map[string]string
	hints   int
}

// look reads all that a node holds.
func (s *Sim) look(n *node) (c copyOf) {
	c.objects = make(map[string]string)
	l := n.life
	s.step(l, func() {
		for i := range s.opts.Partitions {
			for e, err := range l.store.Scan(ring.Partition(i), 0) {
				if err != nil {
					panic(err)
				}
				c.objects[string(e.Key)] = string(e.Object)
			}
		}
		for _, h := range l.store.Hints().Targets() {
			c.hints += int(h.Count)
		}
	})
	return c
}

// rest lets time pass until all copies are equal and nothing waits any more.
func (s *Sim) rest() {
	end := s.now + restLimit
	why := ""
	for s.now < end {
		s.runUntil(s.now + time.Second)
		if why = s.unequal(); why == "" {
			s.note("at rest")
			return
		}
	}
	s.fail("replicas are not equal at rest: %s", why)
}

// unequal says what is not yet as it should be, or nothing.
func (s *Sim) unequal() string {
	holds := make(map[*node]copyOf)
	keys := make(map[string]bool)
	now := s.ring()
	if now.InTransition() {
		return "the ring is in transition"
	}
	for _, n := range s.nodes {
		if n.out && n.life == nil {
			continue
		}
		if n.life == nil {
			return n.name + " is down"
		}
		if n.life.ring().Digest() != now.Digest() {
			return n.name + " has another ring"
		}
		c := s.look(n)
		holds[n] = c
		if c.hints > 0 {
			return n.name + " keeps hints"
		}
		for key := range c.objects {
			keys[key] = true
		}
		if len(n.life.pending) > 0 {
			return n.name + " waits for answers"
		}
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		primaries := now.Primaries(now.PartitionOf([]byte(key)))
		first := holds[s.byID[primaries[0]]].objects[key]
		for _, n := range s.nodes {
			switch {
			case n.life == nil:
			case slices.Contains(primaries, n.id) && holds[n].objects[key] != first:
				return n.name + " has another copy of " + key
			case !slices.Contains(primaries, n.id) && holds[n].objects[key] != "":
				return n.name + " still has " + key
			}
		}
	}
	return ""
}

// final is what the first primary of each key holds.
func (s *Sim) final() map[string]object.Object {
	all := make(map[string]object.Object)
	for _, n := range s.nodes {
		if n.life == nil {
			continue
		}
		for key, encoded := range s.look(n).objects {
			if s.ring().Primaries(s.ring().PartitionOf([]byte(key)))[0] != n.id {
				continue
			}
			o, err := object.Decode([]byte(encoded))
			if err != nil {
				s.fail("%s at %s: %v", key, n.name, err)
				continue
			}
			all[key] = o
		}
	}
	return all
}
