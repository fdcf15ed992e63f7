package admin

import (
	"cmp"
	"slices"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/ring"
)

// actors gives names to actors, the same ones throughout one answer: the newest epoch
// of a node has the node's name, and an older epoch has "~" and four digits after it.
// Every actor of the answer must be added, by see or seeDot, before the first is named.
type actors struct {
	ring   *ring.Ring
	newest map[ring.NodeID]causal.Epoch
}

func newActors(view *ring.Ring) *actors {
	return &actors{ring: view, newest: make(map[ring.NodeID]causal.Epoch)}
}

// see adds the actors of clocks.
func (a *actors) see(clocks ...causal.Vector) {
	for _, clock := range clocks {
		for _, e := range clock {
			a.seeDot(causal.Dot{Actor: e.Actor, Counter: e.Counter})
		}
	}
}

// seeDot adds the actor of a dot.
func (a *actors) seeDot(d causal.Dot) {
	a.newest[d.Actor.Node] = max(a.newest[d.Actor.Node], d.Actor.Epoch)
}

// name returns the name of an actor.
func (a *actors) name(actor causal.Actor) string {
	name := a.ring.Name(actor.Node)
	if actor.Epoch != a.newest[actor.Node] {
		name += "~" + actor.Epoch.Short()
	}
	return name
}

// event converts a dot for an answer.
func (a *actors) event(d causal.Dot) api.Dot {
	return api.Dot{Actor: a.name(d.Actor), Counter: uint64(d.Counter)}
}

// clock converts a version vector for an answer. The result is never nil.
func (a *actors) clock(v causal.Vector) api.Clock {
	c := make(api.Clock, 0, len(v))
	for _, e := range v {
		c = append(c, a.event(causal.Dot{Actor: e.Actor, Counter: e.Counter}))
	}
	slices.SortFunc(c, func(x, y api.Dot) int { return cmp.Compare(x.Actor, y.Actor) })
	return c
}
