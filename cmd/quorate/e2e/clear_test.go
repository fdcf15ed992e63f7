package e2e

import (
	"errors"
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"
)

// keyspace is what clients have written to a fleet, and what they have cleared.
type keyspace struct {
	t     testing.TB
	f     *fleet
	there map[string]bool
	gone  []string
}

// fill writes some keys through a node.
func (k *keyspace) fill(through *node, name string) {
	k.t.Helper()
	client := through.dial(k.t)
	for i := range 200 {
		key := fmt.Sprint(name, ":", i)
		within(k.t, patience, "a write", func() error { return client.Set(k.t.Context(), key, name, 0).Err() })
		k.there[key] = true
	}
}

// flush clears all keys through a node, until it says OK. Then nothing is there, by the word
// of every node that runs and has heard of it.
func (k *keyspace) flush(through *node, seenBy ...*node) {
	k.t.Helper()
	client := through.dial(k.t)
	within(k.t, patience, "FLUSHALL", func() error { return client.FlushAll(k.t.Context()).Err() })
	for key := range k.there {
		k.gone = append(k.gone, key)
	}
	clear(k.there)
	for _, n := range seenBy {
		if size, err := n.dial(k.t).DBSize(k.t.Context()).Result(); err != nil || size != 0 {
			k.t.Errorf("DBSIZE through %s is %d right after FLUSHALL through %s, %v", n.name, size, through.name, err)
		}
	}
}

// check looks through every node for what is to be there and what is not.
func (k *keyspace) check(when string) {
	k.t.Helper()
	k.f.awaitPlaces()
	k.f.awaitIdentical(3)
	for _, n := range k.f.nodes {
		client := n.dial(k.t)
		if size, err := client.DBSize(k.t.Context()).Result(); err != nil || size != int64(len(k.there)) {
			k.t.Errorf("%s: DBSIZE through %s is %d, want %d, %v", when, n.name, size, len(k.there), err)
		}
		for key := range k.there {
			if err := client.Get(k.t.Context(), key).Err(); err != nil {
				k.t.Errorf("%s: %s is lost, by %s: %v", when, key, n.name, err)
			}
		}
		for _, key := range k.gone {
			if got, err := client.Get(k.t.Context(), key).Result(); !errors.Is(err, redis.Nil) {
				k.t.Errorf("%s: %s was cleared, and is %q by %s, %v", when, key, got, n.name, err)
			}
		}
	}
}

// A member may be dead, frozen, or die at the moment of a FLUSHALL, and has old copies of all
// keys on its disk: nothing of it returns, and what is written afterwards stays.
func TestFlush_MembersAway_NothingClearedReturns(t *testing.T) {
	f := newFleet(t, 3)
	a, b, c := f.nodes[0], f.nodes[1], f.nodes[2]
	k := &keyspace{t: t, f: f, there: make(map[string]bool)}

	k.fill(a, "before a clear that all hear of")
	k.flush(b, a, b, c)
	c.kill()
	k.fill(b, "written while C is dead")
	c.restart()
	k.check("C died right after the clear")

	c.kill()
	k.flush(a, a, b)
	k.fill(b, "after a clear that C has missed")
	c.restart()
	k.check("C was dead")

	c.freeze()
	k.flush(b, b)
	k.fill(a, "after a clear that C slept through")
	c.thaw()
	k.check("C was frozen")
}
