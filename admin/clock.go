package admin

import (
	"cmp"
	"slices"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/ring"
)

// actors names those who mint versions, the same throughout one answer: a node's
// newest epoch has the node's bare name, older ones have four digits more. All
// that is to be named must be seen before.
type actors struct {
	ring   *ring.Ring
	newest map[ring.NodeID]causal.Epoch
}

func newActors(now *ring.Ring) *actors {
	return &actors{ring: now, newest: make(map[ring.NodeID]causal.Epoch)}
}

func (a *actors) see(clocks ...causal.Vector) {
	for _, clock := range clocks {
		for _, e := range clock {
			a.seeDot(causal.Dot{Actor: e.Actor, Counter: e.Counter})
		}
	}
}

func (a *actors) seeDot(d causal.Dot) {
	a.newest[d.Actor.Node] = max(a.newest[d.Actor.Node], d.Actor.Epoch)
}

func (a *actors) name(actor causal.Actor) string {
	name := a.ring.Name(actor.Node)
	if actor.Epoch != a.newest[actor.Node] {
		name += "~" + actor.Epoch.Short()
	}
	return name
}

func (a *actors) event(d causal.Dot) api.Dot {
	return api.Dot{Actor: a.name(d.Actor), Counter: uint64(d.Counter)}
}

// clock is never nil.
func (a *actors) clock(v causal.Vector) api.Clock {
	c := make(api.Clock, 0, len(v))
	for _, e := range v {
		c = append(c, a.event(causal.Dot{Actor: e.Actor, Counter: e.Counter}))
	}
	slices.SortFunc(c, func(x, y api.Dot) int { return cmp.Compare(x.Actor, y.Actor) })
	return c
}
