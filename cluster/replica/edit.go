package replica

import (
	"bytes"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine"
)

// edit makes an op's new version when the engine calls it.
type edit op

// Edit applies the update to the current object. The engine holds the key's lock, so Edit
// waits for nothing.
func (e *edit) Edit(current *object.Object, mint *engine.Minter) (next object.Object, write bool, err error) {
	o, u := (*op)(e), e.req.Update
	c := o.f.c
	now := c.cfg.Now().UnixMilli()
	value, found, err := register.Resolve(current, c.cfg.Policy(), now)
	if err != nil {
		if u.NeedsRead() {
			return next, false, err
		}
		value, found = object.Value{}, false // a blind write needs no old value
	}
	if u.Kind == register.Delete && !u.WantOld && !found {
		found = current.Live(now) // an older sibling, behind a newer tombstone, goes too
	}
	var old *object.Value
	if found {
		old = &value
	}
	value, write, o.req.Result = u.Apply(old, now)
	if u.Kind == register.Delete && !write && o.blind() {
		// A primary that may have a value cannot be asked. If it has one, the
		// tombstone replaces it.
		value, write = object.Value{Tombstone: true}, true
	}
	o.req.Result.Old = bytes.Clone(o.req.Result.Old) // the engine owns current
	if !write {
		return next, false, nil
	}
	ctx := current.Clock
	if u.HasContext {
		ctx = u.Context
	}
	dot := mint.Dot(ctx)
	next = o.next
	next.BecomePut(current.Without(u.Own), ctx, dot, max(o.f.from.stamp, current.Clock.Latest()+1), value)
	o.next = next
	if n := len(next.Siblings); n > c.cfg.SiblingsRefuse && n > len(current.Siblings) {
		return next, false, ErrTooManySiblings
	} else if n > c.cfg.SiblingsWarn && n > len(current.Siblings) {
		c.count.ManySiblings.Add(1)
	}
	c.history.record(o.req.Key, ctx, u.Own, &next, dot)
	o.req.Result.Dot = dot
	if u.HasContext {
		// Not the whole clock: the writer has not seen the siblings that stay.
		o.req.Result.Context = next.SeenBy(dot).Clone()
	}
	return next, true, nil
}

// blind reports whether some primary cannot be asked now. Then a key that was not found
// may exist all the same.
func (o *op) blind() bool {
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
