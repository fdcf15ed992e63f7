package engine

import (
	"errors"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/object"
)

// drawn returns a selection with the names that it draws in the place of its draws. The names are in the
// places of the cells: an iterator passes over all of them, and reads no cell.
func (at cellsPlace) drawn(d *database, from pebble.Reader, selected object.Selection) (object.Selection, error) {
	if len(selected.Draws.List) == 0 {
		return selected, nil
	}
	prefix := at.append(nil)
	it, err := from.NewIter(&pebble.IterOptions{LowerBound: prefix, UpperBound: after(prefix)})
	if err != nil {
		return selected, d.readError("read the names of a collection", err)
	}
	defer it.Close() //nolint:errcheck // it reports what Error reports
	drawing := selected.Draws.Begin()
	for ok := it.First(); ok; ok = it.Next() {
		name := it.Key()[len(prefix):]
		if len(name) == 0 || object.Kind(name[0]) != selected.Draws.Kind {
			return selected, d.corrupt("cell of a collection", errors.New("it is of another kind"))
		}
		drawing.Offer(name[1:])
	}
	selected.Names, selected.Draws = append(selected.Names, drawing.Drawn()...), object.Draws{}
	return selected, d.readError("read the names of a collection", it.Error())
}
