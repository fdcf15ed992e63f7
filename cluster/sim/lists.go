package sim

import (
	"slices"
	"strings"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/object"
)

// listPrefix begins the keys of lists. Their clients push items that nobody else pushes, pop
// items, and delete the key, without contexts.
const listPrefix = "list"

func (o *op) isOfList() bool { return strings.HasPrefix(o.key, listPrefix) }

// changeOfList is what an op asks of the items of its list. Pushes are at the tail, pops at the
// head.
func (o *op) changeOfList() collection.Command {
	if o.action == actionAdd {
		return collection.Command{
			Op: collection.ListPush, Flags: collection.AtTail, Seed: uint64(o.id) + 1, Args: [][]byte{[]byte(o.value)},
		}
	}
	return collection.Command{Op: collection.ListPop, Number: 1}
}

// popped returns the item that a pop was answered with, or "" if there was none.
func (o *op) popped() string {
	a, err := collection.DecodeAnswer(o.request.Result.Data)
	if o.outcome != succeeded || o.action != actionRemove || err != nil || len(a.Values) == 0 {
		return ""
	}
	return string(a.Values[0])
}

// itemAt returns the index of the item that an op pushed, or -1.
func (o *op) itemAt(left *object.Object) int {
	return slices.IndexFunc(left.Elements, func(e object.Element) bool { return e.Kind == object.Item && string(e.Data) == o.value })
}

// checkLists: where coordinators may not part, no item is handed out twice or stays after it
// was, and items stand in the order in which they were pushed.
func (ch *checker) checkLists(final map[string]object.Object) {
	if !ch.exact() {
		return
	}
	pops := make(map[string]*op)
	var pushes []*op
	for _, o := range ch.history.ops {
		if !o.isOfList() || o.outcome != succeeded {
			continue
		}
		if o.action == actionAdd {
			pushes = append(pushes, o)
		}
		if item := o.popped(); item != "" {
			if other := pops[item]; other != nil {
				ch.fail("popped twice: %q, by %v and by %v", item, other, o)
			}
			pops[item] = o
		}
	}
	for _, o := range pushes {
		left := final[o.key]
		at := o.itemAt(&left)
		if by := pops[o.value]; at >= 0 && by != nil {
			ch.fail("element returned: %v was popped by %v, and is there: %s", o, by, describe(&left))
		}
		for _, after := range pushes {
			if after.key != o.key || o.end > after.start {
				continue
			}
			if next := after.itemAt(&left); at >= 0 && next >= 0 && next < at {
				ch.fail("out of order: %v ended before %v began; left is %s", o, after, describe(&left))
			}
		}
	}
}
