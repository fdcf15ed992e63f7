package handoff

import (
	"context"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/operation"
	"github.com/quorate/quorate/engine"
)

// cancelledRest is how long the hints of a target rest after an operator cancelled their
// delivery.
const cancelledRest = time.Minute

// deliveryWork is the operation of a delivery that takes more than one request. A short one is
// none: on a loaded cluster there are many, and they would hide the long work.
type deliveryWork struct {
	operation   *operation.Operation // nil: not yet
	release     context.CancelFunc
	keys, bytes int64 // delivered so far
}

// begin begins the operation once a first request has been answered and there is more to send.
// It returns the context of the work, which ends when the operation is cancelled.
func (v *delivery) begin(ctx context.Context) context.Context {
	w := &v.work
	if w.operation != nil || w.keys == 0 {
		return ctx
	}
	left := v.cfg.Store.Hints().Targets()[v.target]
	w.operation = v.cfg.Operations.Begin(operation.Deliver, "hints for "+v.ring.Name(v.target))
	ctx, w.release = w.operation.Bind(ctx)
	keys, bytes := w.keys, w.bytes
	w.operation.Update(func(p *operation.Progress) {
		p.Keys = operation.Amount{Done: keys, Total: keys + left.Count}
		p.Bytes = operation.Amount{Done: bytes, Total: bytes + left.Bytes}
	})
	return ctx
}

// advance counts hints that were delivered. New ones may come meanwhile: the totals are those of
// the beginning, or what was done if that is more.
func (w *deliveryWork) advance(n int, hints []engine.Hint) {
	w.keys += int64(n)
	for _, h := range hints {
		w.bytes += int64(len(h.Key) + len(h.Object))
	}
	if w.operation == nil {
		return
	}
	keys, bytes := w.keys, w.bytes
	w.operation.Update(func(p *operation.Progress) {
		p.Keys = operation.Amount{Done: keys, Total: max(keys, p.Keys.Total)}
		p.Bytes = operation.Amount{Done: bytes, Total: max(bytes, p.Bytes.Total)}
	})
}

// end ends the operation, if there is one, with the outcome of the delivery, and reports whether
// an operator cancelled it.
func (w *deliveryWork) end(err error) (cancelled bool) {
	if w.operation == nil {
		return false
	}
	cancelled = w.operation.Cancelled()
	if cancelled {
		err = operation.ErrCancelled
	}
	w.operation.End(err)
	w.release()
	return cancelled
}

// restAfterCancel keeps the hints of a target for a while, because an operator wants so.
func (d *Deliverer) restAfterCancel(target ring.NodeID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mu.rests[target] = time.Now().Add(cancelledRest)
}

// rests reports whether the hints of a target rest.
func (d *Deliverer) rests(target ring.NodeID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	until, resting := d.mu.rests[target]
	if resting && !time.Now().Before(until) {
		delete(d.mu.rests, target)
		resting = false
	}
	return resting
}
