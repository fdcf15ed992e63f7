package engine

import (
	"slices"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/object"
)

// change is an edit of some elements, by an actor that is not the store's: two stores make the same
// objects of the same edits.
type change struct {
	edit object.Edit
	part bool // it needs no other elements than those that it changes

	expiry int64 // that it gives the key, if it does
}

func (c *change) Edit(current *object.Object, _ *Minter) (next object.Object, write bool, err error) {
	e := c.edit
	e.Changes, e.Seen, e.Names = slices.Clone(e.Changes), current.Context(), nil
	next.BecomeEdited(*current, &e)
	return next, true, nil
}

func (c *change) Selection() (selected object.Selection, ok bool) {
	for _, one := range c.edit.Changes {
		selected.Names = append(selected.Names, object.Name{Kind: one.Kind, Name: one.Name})
	}
	return selected, c.part
}

func (c *change) KeyExpiry() int64 { return c.expiry }

// listEdit is a command on a list.
type listEdit struct {
	*change
	command collection.Command
	less    bool // it selects less than it needs
	short   *int // counts how often that was so
}

func (l *listEdit) Edit(current *object.Object, _ *Minter) (next object.Object, write bool, err error) {
	out := l.command.ApplyTo(current, l.edit.Now)
	if out.NotAtHand {
		*l.short++
		return next, false, ErrNotAtHand
	}
	if !out.Write {
		return next, false, nil
	}
	l.edit.Changes = out.Changes
	return l.change.Edit(current, nil)
}

func (l *listEdit) Selection() (selected object.Selection, ok bool) {
	if selected, ok = l.command.Selection(); l.less {
		selected.Ends.First, selected.Ends.Last = selected.Ends.First/2, selected.Ends.Last/2
	}
	return selected, ok && l.part
}

// removal deletes a key.
type removal struct{ change }

func (r *removal) Edit(current *object.Object, _ *Minter) (next object.Object, write bool, err error) {
	e := r.edit
	return object.Put(*current, current.Context(), e.Dot, e.Time, object.Value{Tombstone: true}), true, nil
}

func (r *removal) Selection() (object.Selection, bool) { return object.Selection{}, r.part }
