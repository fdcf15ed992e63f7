package handoff

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/largebuf"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// Bounds of one request that carries hints, and of the hints that a target may refuse.
const (
	deliverBytes   = 256 << 10 // of objects
	deliverKeys    = 1024
	deliverTimeout = 10 * time.Second
	hintRoom       = 32   // bytes that a hint takes in a request beside its key and object, at most
	mostRefused    = 4096 // hints; beyond it the rest is left for the next delivery
)

// errRefused says that a node answered, and did not store some hints.
var errRefused = errors.New("refused by their target: see its log for the reason")

// reachable reports whether a target's hints can be sent: to the target, or to the
// primaries of their keys once the target has left the ring.
func (d *Deliverer) reachable(target ring.NodeID) bool {
	return left(d.cfg.Ring(), target) || target == d.cfg.Self || d.cfg.Channel.Available(target)
}

// left reports whether a node is no longer a member of the ring.
func left(view *ring.Ring, id ring.NodeID) bool {
	member, known := view.Member(id)
	return !known || member.Status == ring.Removed
}

// delivery is one attempt to send all hints of a target. It belongs to one
// goroutine.
type delivery struct {
	*Deliverer
	ring    *ring.Ring // when it began
	target  ring.NodeID
	refused map[string]bool // keys that were not stored, left for the next delivery
	work    deliveryWork
}

// deliver sends a target's hints until none is left, or one batch fails.
func (d *Deliverer) deliver(ctx context.Context, target ring.NodeID) {
	if d.held() || !d.reachable(target) {
		return
	}
	v := delivery{Deliverer: d, ring: d.cfg.Ring(), target: target, refused: make(map[string]bool)}
	delivered, err := v.all(ctx)
	if v.work.end(err) {
		err = nil
		d.restAfterCancel(target)
	}
	if err == nil && len(v.refused) > 0 {
		err = fmt.Errorf("%d hints: %w", len(v.refused), errRefused)
	}
	d.delivered.Add(int64(delivered))
	if err != nil && ctx.Err() == nil {
		d.failures.Add(1)
	}
	d.log(ctx, &v, delivered, err)
}

// log logs the first of several deliveries to a target that stop early, and then the one
// that ends without a fault, with how many stopped before it. What stops and succeeds in
// turns costs a pair of lines a minute. That hints were delivered is told by package
// logsummary.
func (d *Deliverer) log(ctx context.Context, v *delivery, delivered int, err error) {
	if err != nil && ctx.Err() != nil {
		err = nil // the node stops, which is no fault
	}
	log := d.cfg.Logger.With("peer", v.ring.Name(v.target))
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mu.deliveredTo[v.target] += int64(delivered)
	run := d.mu.stops[v.target]
	if err == nil {
		if run.told {
			log.Info("hint delivery goes on", "hints", delivered, "stopped_before", run.count)
		}
		run.count, run.told = 0, false
		d.mu.stops[v.target] = run
		return
	}
	run.count++
	if now := d.cfg.Now(); !run.told && now.Sub(run.at) >= tellStops {
		log.Warn("hint delivery stopped, and is tried again until it succeeds", "hints", delivered, "err", err)
		run.told, run.at = true, now
	}
	d.mu.stops[v.target] = run
}

// tellStops is the time between two runs of deliveries that stop, if both are logged.
const tellStops = time.Minute

// stopRun is a run of deliveries to one target that stopped early.
type stopRun struct {
	count int
	told  bool      // it is in the log
	at    time.Time // wall clock: when a run was logged last
}

// all sends one batch after the other, and returns how many hints were delivered.
func (v *delivery) all(ctx context.Context) (delivered int, _ error) {
	send := v.toTarget
	if left(v.ring, v.target) {
		send = v.toPrimaries
	}
	for ctx.Err() == nil && !v.held() {
		hints, err := v.collect()
		if err != nil || len(hints) == 0 {
			return delivered, err
		}
		ctx = v.begin(ctx)
		if err := send(ctx, hints); err != nil {
			return delivered, err
		}
		n, err := v.remove(hints)
		if err != nil {
			return delivered, err
		}
		delivered += n
		v.work.advance(n, hints)
		if len(v.refused) > mostRefused {
			return delivered, fmt.Errorf("more than %d hints: %w", mostRefused, errRefused)
		}
	}
	return delivered, nil
}

// collect copies the first hints of the target that were not refused, as many as
// fit one request.
func (v *delivery) collect() ([]engine.Hint, error) {
	var hints []engine.Hint
	size := 0
	for h, err := range v.cfg.Store.Hints().Scan(v.target) {
		if err != nil {
			return nil, fmt.Errorf("read hints: %w", err)
		}
		if v.refused[string(h.Key)] {
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

// remove deletes those of hints that were not refused, and returns their number.
func (v *delivery) remove(hints []engine.Hint) (int, error) {
	refs := make([]engine.HintRef, 0, len(hints))
	for _, h := range hints {
		if !v.refused[string(h.Key)] {
			refs = append(refs, h.HintRef)
		}
	}
	if err := v.cfg.Store.Hints().Delete(v.target, refs); err != nil {
		return 0, fmt.Errorf("delete delivered hints: %w", err)
	}
	return len(refs), nil
}

// toTarget sends hints to their target.
func (v *delivery) toTarget(ctx context.Context, hints []engine.Hint) error {
	return v.to(ctx, v.target, hints)
}

// toPrimaries sends hints whose target has left the ring to the present primaries
// of their keys. All of them must acknowledge: a hint that one refuses is refused.
func (v *delivery) toPrimaries(ctx context.Context, hints []engine.Hint) error {
	byNode := make(map[ring.NodeID][]engine.Hint)
	for _, h := range hints {
		for _, id := range v.ring.Primaries(h.Partition) {
			byNode[id] = append(byNode[id], h)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(byNode)) {
		if err := v.to(ctx, id, byNode[id]); err != nil {
			return fmt.Errorf("send hints to %s: %w", v.ring.Name(id), err)
		}
	}
	return nil
}

// to sends hints to one node, at the rate at which it acknowledges them, and adds to
// refused the keys of hints that it did not store.
func (v *delivery) to(ctx context.Context, id ring.NodeID, hints []engine.Hint) error {
	if id == v.cfg.Self {
		return v.applyHere(hints)
	}
	size := message.CountLen
	for _, h := range hints {
		size += hintRoom + len(h.Key) + len(h.Object)
	}
	body := message.AppendCount(largebuf.Make(size), len(hints))
	for _, h := range hints {
		body = message.Write{Partition: h.Partition, Key: h.Key, Object: h.Object}.Append(body)
	}
	limiter := v.limiter(id)
	if err := limiter.WaitN(ctx, min(len(body), limiter.Burst())); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, deliverTimeout+peer.TransferTime(len(body)))
	defer cancel()
	start := time.Now()
	answer, err := v.cfg.Channel.Call(ctx, id, peer.Background, peer.Write, body)
	if err != nil {
		limiter.SetLimit(max(v.cfg.MinRate, limiter.Limit()/2))
		return err
	}
	not, err := message.DecodeRefusals(answer, len(hints))
	if err != nil {
		return err
	}
	for _, refused := range not {
		if !refused.Stored() {
			v.refused[string(hints[refused.Item].Key)] = true
		}
	}
	if time.Since(start) < v.cfg.Slow {
		limiter.SetLimit(min(v.cfg.MaxRate, limiter.Limit()*2))
	} else {
		limiter.SetLimit(max(v.cfg.MinRate, limiter.Limit()/2))
	}
	return nil
}

// applyHere stores hints whose keys this node itself is now a primary of.
func (v *delivery) applyHere(hints []engine.Hint) error {
	batch := make([]*engine.Record, len(hints))
	for i, h := range hints {
		batch[i] = &engine.Record{Partition: h.Partition, Key: h.Key, Merge: h.Object}
	}
	commit, err := v.cfg.Store.Apply(batch)
	if err != nil {
		return err
	}
	if err := commit.Wait(); err != nil {
		return err
	}
	for _, r := range batch {
		if r.Err != nil {
			v.refused[string(r.Key)] = true
		}
	}
	return nil
}

// limiter returns the limiter of what goes to one node.
func (d *Deliverer) limiter(id ring.NodeID) *rate.Limiter {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.mu.rates[id]
	if l == nil {
		l = rate.NewLimiter(d.cfg.MinRate, 1<<20)
		d.mu.rates[id] = l
	}
	return l
}
