package replica

import (
	"errors"
	"fmt"
	"slices"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/engine"
)

// ErrNotAllRead refuses a change of a collection until all members of the cluster are known to
// run a version that reads it.
var ErrNotAllRead = errors.New("keys of this type cannot be written until all members are known to read them")

// ErrTooLarge refuses what would make a collection larger than [Config.CollectionBytes]. A
// removal is never refused.
var ErrTooLarge = errors.New("the collection would be too large")

// ErrUnseen refuses a change of elements whose client has seen what no replica within reach has.
var ErrUnseen = errors.New("the context names a write that the replicas within reach do not have: read the key again")

// A change with a client's context replaces or removes elements of the names that it changes, and
// leaves all others. So its coordinator must have all that the client has seen. If it took the
// client's word for an event that it does not have, then its version would say that the element of
// that event was removed, whatever its name is. It asks all the replicas within reach, then, and
// refuses the change if none of them has the event.

// lacksSeen reports whether a change's client has seen events that the object to be changed does
// not have.
func lacksSeen(current *object.Object, u *register.Update, change *object.Edit) bool {
	return u.HasContext && !change.All && !current.Context().Includes(u.Context)
}

// widensLocked lets an op whose client has seen more than its coordinator read once more, from all
// replicas within reach. It reports whether it does. An op that shares its key with others of the
// wave does not, because it would come after those behind it.
func widensLocked(f *wave, i int, err error) bool {
	o := &f.mu.ops[i]
	if !errors.Is(err, ErrUnseen) || o.wide || o.followed || o.follows() {
		return false
	}
	o.wide = true
	f.startReadLocked(i)
	return true
}

// readsOf returns how many replicas have to answer an op's read.
func readsOf(o *op) int {
	need := o.nrw().Reads(o.req.R)
	if o.wide {
		need = max(need, min(o.n, o.upNow().Len()+1))
	}
	return need
}

// changeElements makes the version that follows current when its elements are changed.
func (e *edit) changeElements(current *object.Object, mint *engine.Minter, change *object.Edit) (next object.Object, write bool, err error) {
	o, u := (*op)(e), e.req.Update
	c := o.f.c
	if err := c.allRead(change.Changes); err != nil {
		return next, false, fmt.Errorf("%w: %w", ErrNotAllRead, err)
	}
	if lacksSeen(current, u, change) {
		return next, false, ErrUnseen
	}
	change.Seen = current.Context()
	if u.HasContext {
		change.Seen = u.Context
	}
	change.Dot, change.Time = mint.Dot(change.Seen.Vector), max(o.stamp(), o.covered(current)+1)
	next = o.f.next
	next.BecomeEdited(*current, change)
	o.f.next = next
	if n := mostOfOneName(&next, change.Changes); n > c.cfg.SiblingsRefuse && n > mostOfOneName(current, change.Changes) {
		return next, false, ErrTooManySiblings
	}
	size := sizeOf(&next)
	if size > c.cfg.CollectionBytes && size > sizeOf(current) {
		return next, false, fmt.Errorf("%w: %d bytes, at most %d; use several keys", ErrTooLarge, size, c.cfg.CollectionBytes)
	}
	o.large = size >= c.cfg.LargeBytes
	e.follow(current, &next, change)
	c.history.record(o.req.Key, &register.Event{Value: historyOf(current, change), Past: change.Seen, Dot: change.Dot, Time: change.Time})
	o.req.Result.Dot = change.Dot
	if u.HasContext {
		o.req.Result.Context = u.Context.With(change.Dot, change.Time)
	}
	return next, true, nil
}

// allRead returns nil if all members read what changes write, else who does not.
func (c *Coordinator) allRead(changes []object.Change) error {
	if err := c.cfg.Collections(); err != nil || !writesEntries(changes) {
		return err
	}
	return c.cfg.Sums()
}

// writesEntries reports whether changes write or remove entries of a stream.
func writesEntries(changes []object.Change) bool {
	return slices.ContainsFunc(changes, func(c object.Change) bool { return c.Kind == object.Entry })
}

// sizeOf returns the bytes of an object's elements, with what an encoding needs of each.
func sizeOf(o *object.Object) int64 { return o.Elements.Bytes() + o.Rest.Bytes }

// mostOfOneName returns how many concurrent elements a changed name has, at most.
func mostOfOneName(o *object.Object, changes []object.Change) (most int) {
	for i := range changes {
		most = max(most, len(o.Elements.Of(changes[i].Kind, changes[i].Name)))
	}
	return most
}

// historyOf returns what the history of versions shows of a change of current: each name after a
// + or a -, a value after its name. Of a list it shows the items alone: their names are positions. Of a
// stream it shows ids.
func historyOf(current *object.Object, change *object.Edit) (v object.Value) {
	for i := range change.Changes {
		one := &change.Changes[i]
		if len(v.Data) > historyData {
			break
		}
		switch {
		case one.Kind == object.KeyExpiry:
			v.Expiry = one.Expiry
			continue
		case len(v.Data) > 0:
			v.Data = append(v.Data, ' ')
		}
		sign := byte('+')
		if one.Remove {
			sign = '-'
		}
		name, data := collection.Texts(&object.Element{Kind: one.Kind, Name: one.Name, Data: one.Data})
		if one.Remove {
			data = nil
		}
		if one.Kind == object.Item {
			name, data = one.Data, nil
			if old := current.Elements.Of(one.Kind, one.Name); one.Remove && len(old) > 0 {
				name = old[len(old)-1].Data
			}
		}
		v.Data = append(append(v.Data, sign), name[:min(len(name), historyData)]...)
		if len(data) > 0 {
			v.Data = append(append(v.Data, '='), data[:min(len(data), historyData)]...)
		}
	}
	return v
}
