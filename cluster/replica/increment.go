package replica

import (
	"bytes"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/engine"
)

// An increment is written as a sum of its coordinator (object.Sum): increments that several nodes
// coordinate at once all count. They still meet at the first reachable primary (see
// register.Update.Serial), so that in the usual case no two answers are the same number.
//
// A SET does not read. So its coordinator may not have heard of an increment that was acknowledged
// before, and the new value would count it on top. A replica that has such a sum says so in its
// answer. Then the coordinator reads, and writes the value once more with that sum in its base,
// before it answers the client. Where R+W and W+W are more than N, one of the W replicas that
// store the SET has every increment that was acknowledged before the SET began.

// mostRebases is how often an update is written again, at most. Only increments that were
// acknowledged before it began matter, and the first time takes those in.
const mostRebases = 2

// add makes the version that follows current when the event's update is added to it. It is false
// where that cannot be written as a sum.
func (e *edit) add(current *object.Object, event *register.Event, exists bool) (next object.Object, ok bool) {
	o, u := (*op)(e), e.req.Update
	sum, ok := current.Sums.Of(event.Dot.Actor)
	if ok {
		sum, ok = u.AddTo(sum)
	}
	if !ok || event.Dot.Counter == causal.MaxCounter {
		return next, false
	}
	next = o.f.next
	increment := object.Increment{Sum: sum, Dot: event.Dot, Time: event.Time, Fresh: !exists, Origin: o.req.issue.origin}
	event.Dot = increment.Apply(&next, *current)
	o.f.next = next
	if shown, err := register.Choose(&next, o.f.c.cfg.Policy(), o.f.c.cfg.Now().UnixMilli()); err == nil {
		event.Value = shown.Value
	}
	if u.Kind == register.IncrementFloat {
		o.req.Result.Data = bytes.Clone(event.Value.Data)
	}
	o.f.c.history.record(o.req.Key, event)
	o.req.Result.Dot = event.Dot
	return next, true
}

// rebased makes the version that follows current when the value that the op wrote is written once
// more.
func (e *edit) rebased(current *object.Object, mint *engine.Minter) (next object.Object, write bool, err error) {
	o := (*op)(e)
	set := lastSet(o)
	r := object.Rebase{
		Old: set.req.Result.Dot, Dot: mint.Dot(current.Clock), Time: max(o.stamp(), current.Clock.Latest()+1),
		All: !set.req.Update.HasContext, Seen: set.req.Update.Context,
	}
	if r.Old.Actor != r.Dot.Actor {
		return *current, true, nil // the key has moved on; it replicates as it is
	}
	next = o.f.next
	value, changed := r.Apply(&next, *current)
	if !changed {
		return *current, true, nil
	}
	o.f.next = next
	o.f.c.history.record(o.req.Key, &register.Event{Value: value, Past: current.Context(), Dot: r.Dot, Time: r.Time})
	set.req.Result.Dot = r.Dot
	if set.req.Update.HasContext {
		set.req.Result.Context = next.SeenBy(r.Dot).Clone()
	}
	return next, true, nil
}

// lastSet returns the last op among those that o carries whose value was written without a read,
// or nil.
func lastSet(o *op) *op {
	for k := o.at; k >= o.group; k-- {
		p := &o.f.mu.ops[k]
		if p.group == o.group && p.carrier == o.at && p.req.Update != nil && p.req.Update.Kind == register.Set && !p.req.Update.NeedsRead() && p.req.Result.Dot != (causal.Dot{}) {
			return p
		}
	}
	return nil
}

// missesLocked takes the answer of a replica that has stored an op's object, and has sums that the
// object does not have. It reports whether the op is written again.
func missesLocked(f *wave, i int) bool {
	o := &f.mu.ops[i]
	if o.phase != phaseWrite || o.round == mostRebases || lastSet(o) == nil {
		return false
	}
	o.round++
	o.rebase, o.encoded = true, nil // what was sent may still be needed for hints
	f.startReadLocked(i)
	return true
}
