package replica

import (
	"bytes"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/quorum"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine"
)

// edit makes an op's new version when the engine calls it.
type edit op

// Edit applies the update to the current object. The engine holds the key's lock, so Edit
// waits for nothing.
func (e *edit) Edit(current *object.Object, mint *engine.Minter) (next object.Object, write bool, err error) {
	next, write, err = e.apply(current, mint)
	if write && err == nil {
		e.f.mu.ops[e.group].made++
	}
	return next, write, err
}

func (e *edit) apply(current *object.Object, mint *engine.Minter) (next object.Object, write bool, err error) {
	o, u := (*op)(e), e.req.Update
	c := o.f.c
	if o.rebase {
		return e.rebased(current, mint)
	}
	if copyWasLost(o, current) {
		return next, false, errMoved
	}
	if dot, known := current.Made(e.req.issue.origin); known {
		if u.Serial() {
			return next, false, ErrUnknownOutcome
		}
		o.req.Result = u.Made(current, dot)
		return *current, true, nil // it goes to all replicas, as if it were new
	}
	if e.req.issue.late() {
		return next, false, errExpired // nobody may begin it any more
	}
	now := c.cfg.Now().UnixMilli()
	shown, err := register.Choose(current, c.cfg.Policy(), now)
	if err != nil && u.NeedsRead() {
		return next, false, err
	}
	if u.ForElements(shown) {
		change, write, result := u.Elements(current, shown, now)
		if result.Failure == register.NotAtHand {
			return next, false, engine.ErrNotAtHand
		}
		if o.req.Result = result; !write {
			return next, false, nil
		}
		return e.changeElements(current, mint, &change)
	}
	var old *object.Value // a blind write needs none
	if err == nil && shown.Found {
		old = &shown.Value
	}
	value, write, result := u.Apply(old, now)
	if u.Kind == register.Delete && !write && !u.HasContext && (current.Live(now) || o.blind()) {
		// A value that a newer deletion hides goes too. And where a primary that may
		// have a value cannot be asked, the tombstone replaces it.
		value, write = object.Value{Tombstone: true}, true
	}
	if u.Kind == register.Delete && u.HasContext {
		result.Existed = current.LiveIn(u.Context, now)
	}
	o.req.Result = result
	o.req.Result.Old = bytes.Clone(result.Old) // the engine owns current
	if !write {
		return next, false, nil
	}
	ctx := current.Context()
	if u.HasContext {
		ctx = u.Context
	}
	event := register.Event{
		Value: value, Of: shown.Of, Past: ctx, Dot: mint.Dot(ctx.Vector),
		Time: max(o.stamp(), o.covered(current)+1),
	}
	if u.Adds() && c.cfg.Sums() == nil {
		if next, ok := e.add(current, &event, shown.Found); ok {
			return next, true, nil
		}
	}
	next = u.Next(o.f.next, current, &event, now)
	if is := &o.req.issue; is.origin != (causal.Origin{}) {
		next.Attribute(event.Dot, is.origin)
		if is.low != 0 && u.ReplacesAll() {
			next.ReplaceBefore(is.origin.Life, is.low)
		}
	}
	o.f.next = next
	if n := len(next.Siblings); n > c.cfg.SiblingsRefuse && n > len(current.Siblings) {
		return next, false, ErrTooManySiblings
	} else if n > c.cfg.SiblingsWarn && n > len(current.Siblings) {
		c.count.ManySiblings.Add(1)
	}
	for i := range event.Before {
		c.history.record(o.req.Key, &event.Before[i])
	}
	c.history.record(o.req.Key, &event)
	o.req.Result.Dot = event.Dot
	if u.HasContext {
		// Not the whole clock: the writer has not seen the siblings that stay.
		o.req.Result.Context = next.SeenBy(event.Dot).Clone()
	}
	return next, true, nil
}

// covered returns the latest time in an object, or, for a forwarded update with a context,
// of the siblings and elements that the context covers: the update is no newer than what it
// leaves. A change of elements is newer than the expiry of the key, seen or not, which would
// take it.
func (o *op) covered(current *object.Object) (latest causal.Timestamp) {
	u := o.req.Update
	if o.req.issue.origin == (causal.Origin{}) || !u.HasContext {
		return current.Clock.Latest()
	}
	for i := range current.Siblings {
		if s := &current.Siblings[i]; u.Context.Covers(s.Dot) {
			latest = max(latest, s.Time)
		}
	}
	for i := range current.Elements {
		e := &current.Elements[i]
		if u.Context.Covers(e.Dot) || e.Kind == object.KeyExpiry && u.Kind == register.ChangeElements {
			latest = max(latest, e.Time)
		}
	}
	return latest
}

// stamp returns when the update was issued.
func (o *op) stamp() causal.Timestamp {
	if s := o.req.issue.stamp; s != 0 {
		return s
	}
	return o.f.from.stamp
}

// blind reports whether some primary cannot be asked now, or fewer than R of them have
// answered. Then a key that was not found may exist all the same.
func (o *op) blind() bool {
	head := &o.f.mu.ops[o.group] // it has read for all of its group
	if tally := head.read.Tally(); (tally.Answered() & quorum.FirstNodes(o.n)).Len() < tally.Need() {
		return true
	}
	for at, id := range o.walk[:o.n] {
		if at != o.self && !o.f.c.cfg.Channel.Available(id) {
			return true
		}
	}
	return false
}

// hintFor returns for which node this one, which is no primary, keeps its copy: always the
// first primary, so that one hint has all versions of the key that this node has made.
func (o *op) hintFor() ring.NodeID { return o.walk[0] }
