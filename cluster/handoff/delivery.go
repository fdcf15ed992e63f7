package handoff

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// Bounds of one request that carries hints, and of what a node may refuse.
const (
	deliverBytes   = 256 << 10 // of objects
	deliverKeys    = 1024
	deliverTimeout = 10 * time.Second
	mostRefused    = 4096 // hints; beyond it the rest is left for the next delivery
)

// errRefused says that a node answered, and did not store some hints.
var errRefused = errors.New("refused by its node, whose log says why")

// reachable reports whether somebody can take a target's hints: the target, or
// the primaries of its keys once it has left the ring.
func (d *Deliverer) reachable(target ring.NodeID) bool {
	return left(d.cfg.Ring(), target) || target == d.cfg.Self || d.cfg.Channel.Available(target)
}

// left reports whether a node is no member of the ring any more.
func left(now *ring.Ring, id ring.NodeID) bool {
	member, known := now.Member(id)
	return !known || member.Status == ring.Removed
}

// deliver sends a target's hints until none is left, or one batch fails.
func (d *Deliverer) deliver(ctx context.Context, target ring.NodeID) {
	if !d.reachable(target) {
		return
	}
	now := d.cfg.Ring()
	gone := left(now, target)
	total := 0
	refused := make(map[string]bool) // keys, left for the next delivery
	var err error
	for ctx.Err() == nil {
		var hints []engine.Hint
		if hints, err = d.collect(target, refused); len(hints) == 0 || err != nil {
			break
		}
		var n int
		n, err = d.batch(ctx, now, target, gone, hints, refused)
		total += n
		if err != nil {
			break
		}
	}
	if err == nil && len(refused) > 0 {
		err = fmt.Errorf("%d hints: %w", len(refused), errRefused)
	}
	if total > 0 {
		d.delivered.Add(int64(total))
		d.cfg.Logger.Info("hints delivered", "peer", now.Name(target), "hints", total)
	}
	if err != nil && ctx.Err() == nil {
		d.failures.Add(1)
		d.cfg.Logger.Warn("hint delivery stopped, will go on when the node answers", "peer", now.Name(target), "err", err)
	}
}

// batch delivers one request's worth of hints and deletes what was acknowledged.
// It adds to refused, and returns how many hints were delivered.
func (d *Deliverer) batch(ctx context.Context, now *ring.Ring, target ring.NodeID, gone bool, hints []engine.Hint, refused map[string]bool) (int, error) {
	var err error
	if gone {
		err = d.toPrimaries(ctx, now, hints, refused)
	} else {
		err = d.to(ctx, target, hints, refused)
	}
	if err != nil {
		return 0, err
	}
	refs := make([]engine.HintRef, 0, len(hints))
	for _, h := range hints {
		if !refused[string(h.Key)] {
			refs = append(refs, h.HintRef)
		}
	}
	if err := d.cfg.Store.DeleteHints(target, refs); err != nil {
		return 0, fmt.Errorf("delete delivered hints: %w", err)
	}
	if len(refused) > mostRefused {
		return len(refs), fmt.Errorf("more than %d hints: %w", mostRefused, errRefused)
	}
	return len(refs), nil
}

// collect copies the first hints of a target that were not refused, as many as fit
// one request.
func (d *Deliverer) collect(target ring.NodeID, refused map[string]bool) ([]engine.Hint, error) {
	var hints []engine.Hint
	size := 0
	for h, err := range d.cfg.Store.Hints(target) {
		if err != nil {
			return nil, fmt.Errorf("read hints: %w", err)
		}
		if refused[string(h.Key)] {
			continue
		}
		if len(hints) > 0 && (size+len(h.Object) > deliverBytes || len(hints) == deliverKeys) {
			break
		}
		size += len(h.Object)
		hints = append(hints, h.Clone())
	}
	return hints, nil
}

// to sends hints to one node, at the rate that it can take, and adds to refused
// the keys of those that it did not store.
func (d *Deliverer) to(ctx context.Context, target ring.NodeID, hints []engine.Hint, refused map[string]bool) error {
	if target == d.cfg.Self {
		return d.applyHere(hints, refused)
	}
	body := d.cfg.AppendCount(nil, len(hints))
	for _, h := range hints {
		body = d.cfg.AppendWrite(body, h.Partition, h.Key, h.Object)
	}
	limiter := d.limiter(target)
	if err := limiter.WaitN(ctx, min(len(body), limiter.Burst())); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, deliverTimeout)
	defer cancel()
	start := time.Now()
	answer, err := d.cfg.Channel.Call(ctx, target, peer.Background, peer.Write, body)
	if err != nil {
		limiter.SetLimit(max(d.cfg.MinRate, limiter.Limit()/2))
		return err
	}
	not, err := d.cfg.DecodeRefusals(answer, len(hints))
	if err != nil {
		return err
	}
	for _, i := range not {
		refused[string(hints[i].Key)] = true
	}
	if time.Since(start) < d.cfg.Slow {
		limiter.SetLimit(min(d.cfg.MaxRate, limiter.Limit()*2))
	} else {
		limiter.SetLimit(max(d.cfg.MinRate, limiter.Limit()/2))
	}
	return nil
}

func (d *Deliverer) limiter(target ring.NodeID) *rate.Limiter {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.mu.rates[target]
	if l == nil {
		l = rate.NewLimiter(d.cfg.MinRate, 1<<20)
		d.mu.rates[target] = l
	}
	return l
}

// toPrimaries sends hints whose node has left the ring to the present primaries of
// their keys. All of them must acknowledge: a hint that one refuses is refused.
func (d *Deliverer) toPrimaries(ctx context.Context, now *ring.Ring, hints []engine.Hint, refused map[string]bool) error {
	byNode := make(map[ring.NodeID][]engine.Hint)
	for _, h := range hints {
		for _, id := range now.Primaries(h.Partition) {
			byNode[id] = append(byNode[id], h)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(byNode)) {
		if err := d.to(ctx, id, byNode[id], refused); err != nil {
			return fmt.Errorf("hand on to %s: %w", now.Name(id), err)
		}
	}
	return nil
}

// applyHere stores hints whose keys this node itself is now a primary of.
func (d *Deliverer) applyHere(hints []engine.Hint, refused map[string]bool) error {
	batch := make([]*engine.Record, len(hints))
	for i, h := range hints {
		batch[i] = &engine.Record{Partition: h.Partition, Key: h.Key, Merge: h.Object}
	}
	commit, err := d.cfg.Store.Apply(batch)
	if err != nil {
		return err
	}
	if err := commit.Wait(); err != nil {
		return err
	}
	for _, r := range batch {
		if r.Err != nil {
			refused[string(r.Key)] = true
		}
	}
	return nil
}
