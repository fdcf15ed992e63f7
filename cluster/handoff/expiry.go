package handoff

import (
	"context"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine"
)

// expiryTick is how long a round of dropping old hints rests before the next.
const expiryTick = 30 * time.Second

// expire drops hints that are too old. A hint may be one of the W copies of an acknowledged
// write, and where all primaries were down the hints are all of them. So an old hint goes
// only when W primaries besides its target have what it holds, or all if there are fewer;
// anti-entropy brings it to the target then. Until they can be reached it stays.
//
// A node that does not belong to the ring any more drops them by age alone: the members do
// not ask it before they forget a deletion, which an old hint would undo.
func (d *Deliverer) expire(ctx context.Context, group *errgroup.Group) {
	if left(d.cfg.Ring(), d.cfg.Self) {
		d.drop(func(_ ring.NodeID, old []engine.Hint) []engine.HintRef { return refsOf(old) })
		return
	}
	// No target has the id 0.
	if time.Now().Before(d.nextExpiry) || !d.claim(0) {
		return
	}
	started := group.TryGo(func() error {
		defer d.unclaim(0)
		d.drop(func(target ring.NodeID, old []engine.Hint) []engine.HintRef {
			return refsOf(d.heldElsewhere(ctx, target, old))
		})
		return nil
	})
	if !started {
		d.unclaim(0)
		return
	}
	d.nextExpiry = time.Now().Add(expiryTick)
}

func (d *Deliverer) drop(safe func(ring.NodeID, []engine.Hint) []engine.HintRef) {
	if n := d.cfg.Store.Hints().Expire(d.cfg.Now(), safe); n > 0 {
		d.cfg.Logger.Warn("hints expired before their target came back; anti-entropy will bring it up to date", "hints", n)
	}
}

func refsOf(hints []engine.Hint) (refs []engine.HintRef) {
	for _, h := range hints {
		refs = append(refs, h.HintRef)
	}
	return refs
}

// heldElsewhere brings hints of a target to the other primaries of their keys, and
// returns those that enough of them have then.
func (d *Deliverer) heldElsewhere(ctx context.Context, target ring.NodeID, hints []engine.Hint) (held []engine.Hint) {
	view := d.cfg.Ring()
	byNode := make(map[ring.NodeID][]engine.Hint)
	for _, h := range hints {
		for _, id := range view.Primaries(h.Partition) {
			if id != target && (id == d.cfg.Self || d.cfg.Channel.Available(id)) {
				byNode[id] = append(byNode[id], h)
			}
		}
	}
	copies := make(map[string]int)
	for _, id := range slices.Sorted(maps.Keys(byNode)) {
		v := delivery{Deliverer: d, ring: view, target: target, refused: make(map[string]bool)}
		if v.to(ctx, id, byNode[id]) != nil {
			continue
		}
		for _, h := range byNode[id] {
			if !v.refused[string(h.Key)] {
				copies[string(h.Key)]++
			}
		}
	}
	for _, h := range hints {
		others := 0
		for _, id := range view.Primaries(h.Partition) {
			if id != target {
				others++
			}
		}
		if enough := min(view.Quorums().W, others); enough > 0 && copies[string(h.Key)] >= enough {
			held = append(held, h)
		}
	}
	return held
}
