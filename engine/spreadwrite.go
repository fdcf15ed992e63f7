package engine

import (
	"bytes"

	"github.com/quorate/quorate/cluster/core/object"
)

// Writes of spread objects of which all elements are at hand.

// spreads reports whether a collection is to be spread. One that is spread stays so until it has
// half as many elements, so that it does not change back and forth.
func (d *database) spreads(o *object.Object, was bool) bool {
	least := d.opts.SpreadElements
	if was {
		least = (least + 1) / 2
	}
	return d.opts.SpreadElements > 0 && len(o.Elements) >= least && object.Spreads(o)
}

// spread writes the cells of an object that differ from those of the one that is stored, which is
// t.old if that is spread, and returns the record for its place.
func (at cellsPlace) spread(t *txn, o *object.Object, digest object.Digest, old *spreadRecord) (spreadRecord, error) {
	var stored object.Elements
	if old.spread() {
		stored = t.old.Elements
	}
	if err := at.write(t, stored, o.Elements); err != nil {
		return spreadRecord{}, err
	}
	head := object.HeadOf(o)
	return spreadRecord{total: o.Elements.Total(), limits: limitsOf(o, limits{}), digest: digest, head: head.Append(nil)}, nil
}

// write changes the cells from some elements to others, name by name.
func (at cellsPlace) write(t *txn, from, to object.Elements) error {
	for len(from) > 0 || len(to) > 0 {
		var old, next object.Elements
		switch c := compareFirst(from, to); {
		case c < 0:
			old, from = firstName(from)
		case c > 0:
			next, to = firstName(to)
		default:
			old, from = firstName(from)
			next, to = firstName(to)
		}
		if err := at.writeCell(t, old, next); err != nil {
			return err
		}
	}
	return nil
}

// writeCell changes the cell of one name, whose elements were old and are next.
func (at cellsPlace) writeCell(t *txn, old, next object.Elements) error {
	switch {
	case len(next) == 0:
		if old[0].Kind == object.KeyExpiry {
			return nil // it is in the head
		}
		t.idx = at.appendCell(t.idx[:0], object.Name{Kind: old[0].Kind, Name: old[0].Name})
		return t.batch.Delete(t.idx, nil)
	case next[0].Kind == object.KeyExpiry || sameCell(old, next):
		return nil
	}
	t.idx = at.appendCell(t.idx[:0], object.Name{Kind: next[0].Kind, Name: next[0].Name})
	t.cell = next.AppendCell(t.cell[:0])
	return t.batch.Set(t.idx, t.cell, nil)
}

// sameCell reports whether two lists of elements of one name are equal.
func sameCell(a, b object.Elements) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Dot != b[i].Dot || a[i].Time != b[i].Time || !bytes.Equal(a[i].Data, b[i].Data) {
			return false
		}
	}
	return true
}

// compareFirst compares the names of the first elements of two lists, which are not both empty.
func compareFirst(a, b object.Elements) int {
	switch {
	case len(a) == 0:
		return 1
	case len(b) == 0:
		return -1
	}
	return object.Name{Kind: a[0].Kind, Name: a[0].Name}.Compare(object.Name{Kind: b[0].Kind, Name: b[0].Name})
}

// firstName returns the elements of the first name of a list, and those behind them.
func firstName(es object.Elements) (first, rest object.Elements) {
	n := 1
	for n < len(es) && es[n].Kind == es[0].Kind && bytes.Equal(es[n].Name, es[0].Name) {
		n++
	}
	return es[:n], es[n:]
}

// drop deletes the cells of a spread object, in the batch.
func (at cellsPlace) drop(t *txn) error {
	lower := at.append(nil)
	return t.batch.DeleteRange(lower, after(lower), nil)
}
