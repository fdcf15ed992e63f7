package handoff

import (
	"context"
	"errors"
	"time"

	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/operation"
)

// transfer is the operation by which partitions move in one direction: to this
// node or away from it. The operation spans as many rounds as the work takes.
//
// Cancelling it stops the exchanges under way and changes nothing else: the ring
// still asks for the move, so that the Mover begins another operation after a
// pause (MoverConfig.Pause).
type transfer struct {
	kind   operation.Kind
	op     *operation.Operation // nil while there is none
	target uint64               // of the transition that the operation works for
	began  time.Time            // monotonic
	resume time.Time            // monotonic: no operation begins before, since the last was cancelled
}

// begin starts an operation for a target if none works for it, and reports
// whether it did. One for another target is superseded.
func (t *transfer) begin(r *operation.Registry, target uint64, subject string, now time.Time) bool {
	if t.op != nil && t.target == target {
		return false
	}
	t.supersede()
	t.op, t.target, t.began = r.Begin(t.kind, subject), target, now
	return true
}

// supersede ends an operation whose target is no longer the ring's.
func (t *transfer) supersede() {
	if t.op != nil {
		t.op.Supersede(errRingMoved)
		t.op = nil
	}
}

// done ends the operation, if there is one, as successful.
func (t *transfer) done() {
	if t.op != nil {
		t.op.End(nil)
		t.op = nil
	}
}

// attempt runs one round's work for the operation. It returns nil if the operation
// was cancelled: that is no fault of the round.
func (t *transfer) attempt(ctx context.Context, m *Mover, work func(context.Context) error) error {
	ctx, release := t.op.Bind(ctx)
	defer release()
	err := work(ctx)
	switch {
	case t.op == nil: // the work is done
	case err == nil:
		t.op.Attempted(nil)
	case t.op.Cancelled():
		t.op.End(operation.ErrCancelled)
		t.op, t.resume = nil, m.cfg.Monotonic().Add(m.cfg.Pause)
		m.cfg.Logger.Info("transfer cancelled, it begins again later", "kind", t.kind, "pause", m.cfg.Pause)
		return nil
	case ctx.Err() == nil && !errors.Is(err, errRingMoved):
		t.op.Attempted(err)
	}
	return err
}

// stop ends the operation because the node stops; the next start goes on with it.
func (t *transfer) stop(err error) {
	if t.op != nil {
		t.op.End(err)
		t.op = nil
	}
}

// paused reports whether an operation was cancelled so lately that none begins.
func (t *transfer) paused(now time.Time) bool { return t.op == nil && now.Before(t.resume) }

// moved adds what one exchange carried.
func (m *Mover) moved(t *transfer, s antientropy.Stats) {
	m.report(func(p *MoverProgress) {
		p.Keys += s.KeysExchanged
		p.Bytes += s.Bytes
	})
	t.op.Update(func(p *operation.Progress) {
		p.Keys.Done += s.KeysExchanged
		p.Bytes.Done += s.Bytes
	})
}
