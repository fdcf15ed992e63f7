package collection

import (
	"bytes"
	"math"
	"slices"

	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/core/object"
)

// The ops of lists.
const (
	ListPush     Op = 20 // Args: items; Flags: AtTail, IfPresent; Seed
	ListPop      Op = 21 // Number: how many; Limit: of their bytes; Flags: AtTail
	ListSet      Op = 22 // Number: index; Args: item
	ListInsert   Op = 23 // Args: pivot, item; Flags: AtTail (behind the pivot); Seed
	ListRemove   Op = 24 // Args: item; Number: how many, from the tail if it is negative
	ListTrim     Op = 25 // Number: the first index that stays; Args: the last one, in decimal
	ListMove     Op = 26 // Flags: AtTail (from there), ToTail; Seed
	ListTake     Op = 27 // Args: an item's name, the item
	ListWithdraw Op = 28 // Seed: of the command whose items go
	ListStore    Op = 29 // Args: items; Seed. A store, as SetStore
)

// The flags of lists.
const (
	IfPresent Flags = 1 << 1 // only where the key exists
	AtTail    Flags = 1 << 2 // at the tail, not at the head
	ToTail    Flags = 1 << 3 // to the tail, not to the head

	listFlags = IfPresent | AtTail | ToTail
)

// onItems is what the ops of lists do.
var onItems = [...]func(c *Command, l *Items, set *changes, out *Outcome){
	ListPush:     (*Command).pushItems,
	ListPop:      (*Command).popItems,
	ListSet:      (*Command).setItem,
	ListInsert:   (*Command).insertItem,
	ListRemove:   (*Command).removeItems,
	ListTrim:     (*Command).trimItems,
	ListMove:     (*Command).moveItem,
	ListTake:     (*Command).takeItem,
	ListWithdraw: (*Command).withdrawItems,
	ListStore:    (*Command).storeItems,
}

// item returns the item of an index. If it is not at hand, the outcome says so.
func (l *Items) item(index int, out *Outcome) *object.Element {
	e, ok := l.At(index)
	out.NotAtHand = out.NotAtHand || !ok
	return e
}

// items returns the items from an index to before another one. If they are not all at hand, the
// outcome says so.
func (l *Items) items(first, end int, out *Outcome) View {
	v, ok := l.Range(Run{first, end})
	out.NotAtHand = out.NotAtHand || !ok
	return v
}

// end returns the gap before the first item of a list, or behind its last one.
func (l *Items) end(tail bool, out *Outcome) (g gap) {
	switch {
	case l.length == 0:
	case tail:
		g.left = l.item(l.length-1, out)
	default:
		g.right = l.item(0, out)
	}
	return g
}

// pushItems serves LPUSH, RPUSH and, with IfPresent, LPUSHX and RPUSHX. The answer's number is
// the new length.
func (c *Command) pushItems(l *Items, set *changes, out *Outcome) {
	if l.length == 0 && c.Flags&IfPresent != 0 {
		return
	}
	c.putItems(l.end(c.Flags&AtTail != 0, out), set)
	out.Number = int64(l.length + len(c.Args))
}

// putItems puts the arguments into a gap: in their order, or in the opposite one without
// AtTail, as each of them becomes the first item.
func (c *Command) putItems(g gap, set *changes) {
	place := g.place()
	for i, item := range c.Args {
		index := i
		if c.Flags&AtTail == 0 {
			index = len(c.Args) - 1 - i
		}
		change, _ := set.of(nameOf(place, c.Seed, index))
		change.Data = item
	}
}

// popItems serves LPOP and RPOP: it removes items from an end, and answers with them, the
// outermost first. Nothing is removed if they have more than c.Limit bytes.
func (c *Command) popItems(l *Items, set *changes, out *Outcome) {
	out.None = l.length == 0
	size := int64(0)
	for i := range int(max(min(c.Number, int64(l.length)), 0)) {
		if c.Flags&AtTail != 0 {
			i = l.length - 1 - i
		}
		e := l.item(i, out)
		if e == nil {
			return
		}
		if size += int64(len(e.Data)); c.Limit > 0 && size > c.Limit {
			out.Failure = TooLong
			return
		}
		out.Values = append(out.Values, e.Data)
		removeItem(e, set)
	}
}

func removeItem(e *object.Element, set *changes) {
	change, _ := set.of(e.Name)
	change.Remove = true
}

// setItem serves LSET.
func (c *Command) setItem(l *Items, set *changes, out *Outcome) {
	at, ok := l.Index(c.Number)
	switch {
	case l.length == 0:
		out.Failure = NoSuchKey
	case !ok:
		out.Failure = OutOfRange
	default:
		if e := l.item(at, out); e != nil {
			change, _ := set.of(e.Name)
			change.Data = c.Args[0]
		}
	}
}

// insertItem serves LINSERT. The answer's number is the new length, -1 if there is no such
// pivot, or 0 if there is no list.
func (c *Command) insertItem(l *Items, set *changes, out *Outcome) {
	v := l.items(0, l.length, out)
	if len(v) == 0 {
		return
	}
	pivot, item := c.Args[0], c.Args[1]
	at := slices.IndexFunc(v, func(e *object.Element) bool { return bytes.Equal(e.Data, pivot) })
	if at < 0 {
		out.Number = -1
		return
	}
	if c.Flags&AtTail != 0 {
		at++ // the place behind the pivot is the one before the next item
	}
	var g gap
	if at > 0 {
		g.left = v[at-1]
	}
	if at < len(v) {
		g.right = v[at]
	}
	change, _ := set.of(nameOf(g.place(), c.Seed, 0))
	change.Data = item
	out.Number = int64(len(v) + 1)
}

// removeItems serves LREM: it removes c.Number items that equal the argument, from the head,
// or from the tail if the number is negative, or all of them if it is 0. The answer's number is
// how many they were.
func (c *Command) removeItems(l *Items, set *changes, out *Outcome) {
	most := c.Number
	switch {
	case most == 0 || most == math.MinInt64:
		most = math.MaxInt64
	case most < 0:
		most = -most
	}
	v := l.items(0, l.length, out)
	for i := range v {
		e := v[i]
		if c.Number < 0 {
			e = v[len(v)-1-i]
		}
		if out.Number == most {
			return
		}
		if bytes.Equal(e.Data, c.Args[0]) {
			removeItem(e, set)
			out.Number++
		}
	}
	out.Ranges = out.Number < most // no other one is left
}

// trimItems serves LTRIM: the items from c.Number to the argument stay.
func (c *Command) trimItems(l *Items, set *changes, out *Outcome) {
	last, ok := number.ParseInt(c.Args[0])
	if !ok {
		out.Failure = NotInteger
		return
	}
	out.Ranges = true
	kept := l.Bounds(Indexes{c.Number, last})
	for _, e := range l.items(0, kept.First, out) {
		removeItem(e, set)
	}
	for _, e := range l.items(kept.End, l.length, out) {
		removeItem(e, set)
	}
}

// moveItem serves LMOVE within one list. The answer's value is the item.
func (c *Command) moveItem(l *Items, set *changes, out *Outcome) {
	if out.None = l.length == 0; out.None {
		return
	}
	from, to := c.Flags&AtTail != 0, c.Flags&ToTail != 0
	at := 0
	if from {
		at = l.length - 1
	}
	e := l.item(at, out)
	if e == nil {
		return
	}
	out.Values = [][]byte{e.Data}
	if from == to || l.length == 1 {
		return // it stays where it is
	}
	removeItem(e, set)
	change, _ := set.of(nameOf(l.end(to, out).place(), c.Seed, 0))
	change.Data = e.Data
}

// takeItem removes the item of a name if it is still the one that was read. The answer's
// number is 1 if it was.
func (c *Command) takeItem(l *Items, set *changes, out *Outcome) {
	if e := l.atHand.Find(c.Args[0]); e != nil && bytes.Equal(e.Data, c.Args[1]) {
		removeItem(e, set)
		out.Number = 1
	}
}

// withdrawItems removes what the command of c.Seed has put into the list. The answer's number
// is how many items there were.
func (c *Command) withdrawItems(l *Items, set *changes, out *Outcome) {
	out.Ranges = true
	for _, e := range l.items(0, l.length, out) {
		if seed, ok := seedOf(e.Name); ok && seed == c.Seed {
			removeItem(e, set)
			out.Number++
		}
	}
}

// storeItems makes a list of the arguments, or deletes the key if there are none. The answer's
// number is the length.
func (c *Command) storeItems(_ *Items, set *changes, out *Outcome) {
	stored := *c
	stored.Flags |= AtTail
	stored.putItems(gap{}, set)
	out.Number = int64(len(c.Args))
}
