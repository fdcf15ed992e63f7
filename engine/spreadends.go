package engine

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/object"
)

// The items of a list that is spread lie on the disk in their order, so that an iterator finds the
// first and the last ones. What was removed stays in its way until Pebble compacts it, and a queue
// removes far more items at its head than it has. So the record has limits, between which the
// iterator begins.

// limits are names before and behind which a list has no cell. One that is empty is not known.
type limits struct{ first, last []byte }

// mostLimit is the longest name that is a limit.
const mostLimit = 256

// limitsOf returns the limits of a list whose limits were old, and which is next now. They have memory
// of their own. Of another kind they are empty.
func limitsOf(next *object.Object, old limits) limits {
	kind, listed := next.Rest.Kind, next.Elements[len(object.HeadOf(next).Elements):]
	if len(listed) > 0 {
		kind = listed[0].Kind
	}
	if kind != object.Item {
		return limits{}
	}
	l := old
	if next.Rest.After != "" {
		l.first = []byte(next.Rest.After)
	}
	if next.Rest.Before != "" {
		l.last = []byte(next.Rest.Before)
	}
	if len(listed) > 0 {
		first, last := listed[0].Name, listed[len(listed)-1].Name
		all := next.Rest.Names == 0
		if all || len(l.first) > 0 && bytes.Compare(first, l.first) < 0 {
			l.first = first
		}
		if all || len(l.last) > 0 && bytes.Compare(last, l.last) > 0 {
			l.last = last
		}
	}
	return l.clone()
}

// follow adds the next item to what is selected at an end of a list and may be removed, so that the limit
// moves to it. It does so where the item of a limit is selected by its name, too: a delta may pop it. The
// names are in order.
func (l limits) follow(s object.Selection) object.Selection {
	if s.Ends.Removes && s.Ends.First > 0 {
		s.Ends.First++
	}
	if s.Ends.Removes && s.Ends.Last > 0 {
		s.Ends.Last++
	}
	has := func(limit []byte) bool {
		_, found := slices.BinarySearchFunc(s.Names, object.Name{Kind: object.Item, Name: limit}, object.Name.Compare)
		return len(limit) > 0 && found
	}
	next := object.Ends{Kind: object.Item}
	if has(l.first) {
		next.First = len(s.Names) + 1
	}
	if has(l.last) {
		next.Last = len(s.Names) + 1
	}
	if next.First > 0 || next.Last > 0 {
		s = s.And(object.Selection{Ends: next})
	}
	return s
}

// clone returns a copy, without names that are too long.
func (l limits) clone() (c limits) {
	if len(l.first) <= mostLimit {
		c.first = bytes.Clone(l.first)
	}
	if len(l.last) <= mostLimit {
		c.last = bytes.Clone(l.last)
	}
	return c
}

// readSelected reads the elements that are selected into o, which is the object of the record without
// its elements. The selection is of its kind.
func (at cellsPlace) readSelected(d *database, from pebble.Reader, r *spreadRecord, selected object.Selection, o *object.Object) error {
	ends, err := at.readEnds(d, from, r, selected.Ends)
	if err != nil {
		return err
	}
	o.Rest.After, o.Rest.Before = ends.after, ends.before
	elements := append(o.Elements[:len(o.Elements):len(o.Elements)], ends.first...)
	for _, n := range selected.SortedNames() {
		if n.Kind == object.KeyExpiry || ends.all || !o.Rest.Between(n.Name) {
			continue // it is at hand
		}
		if elements, err = at.read(d, from, n, elements); err != nil {
			return err
		}
	}
	o.Elements = append(elements, ends.last...)
	o.Rest = o.Rest.Without(o.Elements.Total())
	if ends.all && o.Rest != (object.Rest{}) {
		return d.corrupt("spread object", fmt.Errorf("between its limits it has the totals %+v, its record says %+v", o.Elements.Total(), r.total))
	}
	return nil
}

// endCells are the elements of some names at either end.
type endCells struct {
	first, last   object.Elements
	all           bool   // there are no others
	after, before string // all others are between these, where they are not empty
}

// readEnds reads the elements of some names at either end. They have memory of their own.
func (at cellsPlace) readEnds(d *database, from pebble.Reader, r *spreadRecord, ends object.Ends) (c endCells, err error) {
	if ends.First <= 0 && ends.Last <= 0 {
		return c, nil
	}
	prefix := at.append(nil)
	bounds := pebble.IterOptions{LowerBound: prefix, UpperBound: after(prefix)}
	if first := r.limits.first; len(first) > 0 {
		bounds.LowerBound = at.appendCell(nil, object.Name{Kind: ends.Kind, Name: first})
	}
	if last := r.limits.last; len(last) > 0 {
		bounds.UpperBound = append(at.appendCell(nil, object.Name{Kind: ends.Kind, Name: last}), 0)
	}
	it, err := from.NewIter(&bounds)
	if err != nil {
		return c, d.readError("read the ends of a list", err)
	}
	defer it.Close() //nolint:errcheck // it reports what Error reports
	read := func() (cell object.Elements, err error) {
		v, err := it.ValueAndErr()
		if err != nil {
			return nil, d.readError("read the ends of a list", err)
		}
		name := it.Key()[len(prefix):]
		if len(name) == 0 || object.Kind(name[0]) != ends.Kind {
			return nil, d.corrupt("cell of a list", errors.New("it is of another kind"))
		}
		cell, err = cell.AppendFromCell(object.Name{Kind: ends.Kind, Name: bytes.Clone(name[1:])}, bytes.Clone(v))
		if err != nil || len(cell) == 0 {
			return nil, d.corrupt("cell of a list", cmp.Or(err, errors.New("it is empty")))
		}
		return cell, nil
	}
	if ends.First > 0 {
		more := it.First()
		for ; more && ends.First > 0; more = it.Next() {
			cell, err := read()
			if err != nil {
				return c, err
			}
			c.first, c.after = append(c.first, cell...), string(cell[0].Name)
			ends.First--
		}
		if !more {
			c.all = true
			return c, d.readError("read the ends of a list", it.Error())
		}
	}
	var cells []object.Elements
	more := ends.Last > 0 && it.Last()
	for ; more && len(cells) < ends.Last; more = it.Prev() {
		cell, err := read()
		if err != nil {
			return c, err
		}
		if name := string(cell[0].Name); name > c.after {
			cells, c.before = append(cells, cell), name
			continue
		}
		more = false // it is one of the first
		break
	}
	for _, cell := range slices.Backward(cells) {
		c.last = append(c.last, cell...)
	}
	c.all = ends.Last > 0 && !more
	return c, d.readError("read the ends of a list", it.Error())
}
