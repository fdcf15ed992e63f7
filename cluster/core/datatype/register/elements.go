package register

import (
	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/object"
)

// ForElements reports whether u is decided by [Update.Elements], for a key of which this is
// shown: it changes elements, or it meets the elements of a collection and is no SET or DEL.
func (u *Update) ForElements(shown Shown) bool {
	return u.Kind == ChangeElements || shown.Kind != 0 && (u.NeedsString() || u.Kind == Expire || u.Kind == Persist)
}

// Elements returns what u changes of the elements of current at the time now (unix
// milliseconds), its context aside. If write is false, the key stays as it is. The change may
// share memory with u and with current.
func (u *Update) Elements(current *object.Object, shown Shown, now int64) (change object.Edit, write bool, r Result) {
	change.Now = now
	switch {
	case u.Kind == ChangeElements:
		return u.changeElements(current, shown, now)
	case u.NeedsString():
		r.Existed, r.Failure = true, WrongType
		return change, false, r
	}
	value, write, r := u.Apply(&shown.Value, now)
	if change.All = value.Tombstone; !change.All {
		change.Changes = []object.Change{{Kind: object.KeyExpiry, Expiry: value.Expiry}}
	}
	return change, write, r
}

func (u *Update) changeElements(current *object.Object, shown Shown, now int64) (change object.Edit, write bool, r Result) {
	r.Existed = shown.Found
	c, err := collection.Decode(u.Data)
	if err != nil {
		r.Failure = BadData
		return change, false, r
	}
	switch {
	case !shown.Found:
	case c.Stores() && c.Flags&collection.IfAbsent != 0:
		return change, false, r
	case shown.Kind != c.Kind() && !c.Stores():
		r.Failure = WrongType
		return change, false, r
	}
	var out collection.Outcome
	if u.HasContext {
		out = c.Apply(collection.ViewSeen(current, c.Kind(), now, u.Context))
	} else if out = c.ApplyTo(current, now); out.NotAtHand {
		r.Failure = NotAtHand
		return change, false, r
	}
	r.Applied, r.Data = out.Write, out.Answer.Append(nil)
	return object.Edit{Changes: out.Changes, All: out.All, Ranges: out.Ranges, Now: now}, out.Write, r
}

// Selection returns all elements that u looks at and changes, if it has no context, and looks at no
// others. A deletion looks at none, a change of the expiry at that of the key. If it looks at others
// after all, it fails as [NotAtHand].
func (u *Update) Selection() (selected object.Selection, ok bool) {
	switch {
	case u.HasContext || u.WantOld:
		return selected, false
	case u.Kind == Delete:
		return selected, true
	case u.Kind == Expire || u.Kind == Persist:
		selected.Names = []object.Name{{Kind: object.KeyExpiry}}
		return selected, true
	case u.Kind != ChangeElements:
		return selected, false
	}
	c, err := collection.Decode(u.Data)
	if err != nil {
		return selected, false
	}
	return c.Selection()
}
