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

// end returns the gap before the first item of a list, or behind its last one.
func (v View) end(tail bool) (g gap) {
	switch {
	case len(v) == 0:
	case tail:
		g.left = v[len(v)-1]
	default:
		g.right = v[0]
	}
	return g
}

// ItemAt returns the index of an item that a client counts from the end if it is negative;
// ok is false if there is none.
func (v View) ItemAt(index int64) (at int, ok bool) {
	if index < 0 {
		index += int64(len(v))
	}
	return int(index), index >= 0 && index < int64(len(v))
}

// Indexes are those of the items from the first to the last one, both included. A negative index
// counts from the end; one that is out of range stands for the nearest that is not.
type Indexes struct{ First, Last int64 }

// Between returns the items of some indexes.
func (v View) Between(at Indexes) View {
	first, last, n := at.First, at.Last, int64(len(v))
	if first < 0 {
		first = max(first+n, 0)
	}
	if last < 0 {
		last += n
	}
	if last = min(last, n-1); first > last {
		return nil
	}
	return v[first : last+1]
}

// pushItems serves LPUSH, RPUSH and, with IfPresent, LPUSHX and RPUSHX. The answer's number is
// the new length.
func (c *Command) pushItems(v View, set *changes, out *Outcome) {
	if len(v) == 0 && c.Flags&IfPresent != 0 {
		return
	}
	c.putItems(v.end(c.Flags&AtTail != 0), set)
	out.Number = int64(len(v) + len(c.Args))
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
func (c *Command) popItems(v View, set *changes, out *Outcome) {
	out.None = len(v) == 0
	size := int64(0)
	for i := range int(max(min(c.Number, int64(len(v))), 0)) {
		e := v[i]
		if c.Flags&AtTail != 0 {
			e = v[len(v)-1-i]
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
func (c *Command) setItem(v View, set *changes, out *Outcome) {
	at, ok := v.ItemAt(c.Number)
	switch {
	case len(v) == 0:
		out.Failure = NoSuchKey
	case !ok:
		out.Failure = OutOfRange
	default:
		change, _ := set.of(v[at].Name)
		change.Data = c.Args[0]
	}
}

// insertItem serves LINSERT. The answer's number is the new length, -1 if there is no such
// pivot, or 0 if there is no list.
func (c *Command) insertItem(v View, set *changes, out *Outcome) {
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
func (c *Command) removeItems(v View, set *changes, out *Outcome) {
	most := c.Number
	switch {
	case most == 0 || most == math.MinInt64:
		most = math.MaxInt64
	case most < 0:
		most = -most
	}
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
}

// trimItems serves LTRIM: the items from c.Number to the argument stay.
func (c *Command) trimItems(v View, set *changes, out *Outcome) {
	last, ok := number.ParseInt(c.Args[0])
	if !ok {
		out.Failure = NotInteger
		return
	}
	stay := v.Between(Indexes{c.Number, last})
	for i, e := range v {
		if len(stay) > 0 && e == stay[0] {
			for _, e := range v[i+len(stay):] {
				removeItem(e, set)
			}
			return
		}
		removeItem(e, set)
	}
}

// moveItem serves LMOVE within one list. The answer's value is the item.
func (c *Command) moveItem(v View, set *changes, out *Outcome) {
	if out.None = len(v) == 0; out.None {
		return
	}
	from, to := c.Flags&AtTail != 0, c.Flags&ToTail != 0
	e := v[0]
	if from {
		e = v[len(v)-1]
	}
	out.Values = [][]byte{e.Data}
	if from == to || len(v) == 1 {
		return // it stays where it is
	}
	removeItem(e, set)
	change, _ := set.of(nameOf(v.end(to).place(), c.Seed, 0))
	change.Data = e.Data
}

// takeItem removes the item of a name if it is still the one that was read. The answer's
// number is 1 if it was.
func (c *Command) takeItem(v View, set *changes, out *Outcome) {
	if e := v.Find(c.Args[0]); e != nil && bytes.Equal(e.Data, c.Args[1]) {
		removeItem(e, set)
		out.Number = 1
	}
}

// withdrawItems removes what the command of c.Seed has put into the list. The answer's number
// is how many items there were.
func (c *Command) withdrawItems(v View, set *changes, out *Outcome) {
	for _, e := range v {
		if seed, ok := seedOf(e.Name); ok && seed == c.Seed {
			removeItem(e, set)
			out.Number++
		}
	}
}

// storeItems makes a list of the arguments, or deletes the key if there are none. The answer's
// number is the length.
func (c *Command) storeItems(_ View, set *changes, out *Outcome) {
	stored := *c
	stored.Flags |= AtTail
	stored.putItems(gap{}, set)
	out.Number = int64(len(c.Args))
}
