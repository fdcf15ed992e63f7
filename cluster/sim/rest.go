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
func (c *cluster) look(n *node) copyOf {
	held := copyOf{objects: make(map[string]string)}
	l := n.life
	c.step(l, func() {
		for i := range c.opts.Partitions {
			for e, err := range l.store.Scan(ring.Partition(i), 0) {
				if err != nil {
					panic(err)
				}
				held.objects[string(e.Key)] = string(e.Object)
			}
		}
		for _, h := range l.store.Hints().Targets() {
			held.hints += int(h.Count)
		}
	})
	return held
}

// restLimit is how long copies may take to become equal, once all is well again.
const restLimit = 3 * time.Minute

// rest lets time pass until all copies are equal and nothing waits any more.
func (ch *checker) rest() {
	end := ch.now + restLimit
	why := ""
	for ch.now < end {
		ch.runUntil(ch.now + time.Second)
		if why = ch.unequal(); why == "" {
			ch.note("at rest")
			return
		}
	}
	ch.fail("replicas are not equal at rest: %s", why)
}

// unequal says what is not yet as it should be, or nothing.
func (ch *checker) unequal() string {
	holds := make(map[*node]copyOf)
	keys := make(map[string]bool)
	view := ch.ring()
	if view.InTransition() {
		return "the ring is in transition"
	}
	for _, n := range ch.nodes {
		if n.out && n.life == nil {
			continue
		}
		if n.life == nil {
			return n.name + " is down"
		}
		if !n.serves() {
			return n.name + " does not serve yet"
		}
		if n.out {
			return n.name + " still runs"
		}
		if n.life.recovery.Unrepaired() {
			return n.name + " is in doubt about its data"
		}
		if n.life.ring().Digest() != view.Digest() {
			return n.name + " has another ring"
		}
		c := ch.look(n)
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
		primaries := view.Primaries(view.PartitionOf([]byte(key)))
		first := holds[ch.byID[primaries[0]]].objects[key]
		for _, n := range ch.nodes {
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
func (ch *checker) final() map[string]object.Object {
	all := make(map[string]object.Object)
	for _, n := range ch.nodes {
		if n.life == nil {
			continue
		}
		for key, encoded := range ch.look(n).objects {
			if ch.ring().Primaries(ch.ring().PartitionOf([]byte(key)))[0] != n.id {
				continue
			}
			o, err := object.Decode([]byte(encoded))
			if err != nil {
				ch.fail("%s at %s: %v", key, n.name, err)
				continue
			}
			all[key] = o
		}
	}
	return all
}
