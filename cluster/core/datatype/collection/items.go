package collection

import (
	"slices"
	"strings"

	"github.com/quorate/quorate/cluster/core/object"
)

// Items is what a command sees of a list. Of a large list it has those items alone that the command
// has selected at its ends ([Command.Selection], [Indexes.Selection]), and knows how many there are
// between them. An index that it does not have is never taken for another one.
type Items struct {
	head, tail View // of a list that is at hand as a whole, the head has all
	atHand     View // these, and what was selected by name
	length     int
}

// Items returns the items of a list that can be read at the time now (unix milliseconds). v is the view
// of the object that they are of, which may have a rest.
func (v View) Items(o *object.Object, now int64) Items {
	return v.beside(liveRest(o, object.Item, now))
}

// beside returns the items of a list of which these are at hand, and a rest is not.
func (v View) beside(rest object.Rest) Items {
	l := Items{head: v, atHand: v, length: len(v) + rest.Names}
	if rest.Names == 0 {
		return l
	}
	l.head = nil
	if rest.After != "" {
		at, found := slices.BinarySearchFunc(v, rest.After, compareName)
		if found {
			at++
		}
		l.head = v[:at]
	}
	if rest.Before != "" {
		at, _ := slices.BinarySearchFunc(v, rest.Before, compareName)
		l.tail = v[at:]
	}
	return l
}

func compareName(e *object.Element, name string) int { return strings.Compare(string(e.Name), name) }

// Len returns how many items the list has.
func (l *Items) Len() int { return l.length }

// At returns the item of an index, which must be one of the list's. It returns false if that is not
// at hand.
func (l *Items) At(index int) (*object.Element, bool) {
	if index < len(l.head) {
		return l.head[index], true
	}
	if at := index - (l.length - len(l.tail)); at >= 0 {
		return l.tail[at], true
	}
	return nil, false
}

// Run is the indexes from First to before End: none if they are equal.
type Run struct{ First, End int }

// Range returns the items of some indexes. It returns false if one of them is not at hand.
func (l *Items) Range(of Run) (View, bool) {
	first, end := of.First, of.End
	behind := l.length - len(l.tail)
	switch {
	case first >= end:
		return nil, true
	case end <= len(l.head):
		return l.head[first:end], true
	case first >= behind:
		return l.tail[first-behind : end-behind], true
	case len(l.head) < behind: // there are items between the two
		return nil, false
	}
	return append(l.head[first:len(l.head):len(l.head)], l.tail[:end-behind]...), true
}

// Index returns the index of an item that a client counts from the end if it is negative; ok is
// false if the list has none there.
func (l *Items) Index(index int64) (at int, ok bool) {
	if index < 0 {
		index += int64(l.length)
	}
	return int(index), index >= 0 && index < int64(l.length)
}

// Bounds returns which of the list's indexes some are.
func (l *Items) Bounds(at Indexes) Run {
	from, to, n := at.First, at.Last, int64(l.length)
	if from < 0 {
		from = max(from+n, 0)
	}
	if to < 0 {
		to += n
	}
	if to = min(to, n-1); from > to {
		return Run{}
	}
	return Run{int(from), int(to) + 1}
}

// Indexes are those of the items from the first to the last one, both included. A negative index
// counts from the end; one that is out of range stands for the nearest that is not.
type Indexes struct{ First, Last int64 }

// mostAtEnd is the most items that are selected at an end, and more than a list has.
const mostAtEnd = 1 << 30

// Selection returns the items that are enough to know those of the indexes. It returns false if
// that depends on how many there are.
func (at Indexes) Selection() (selected object.Selection, ok bool) {
	selected.Ends.Kind = object.Item
	switch {
	case at.First >= 0 && at.Last >= 0:
		selected.Ends.First = int(min(at.Last, mostAtEnd-1)) + 1
	case at.First < 0 && at.Last < 0:
		selected.Ends.Last = -int(max(at.First, -mostAtEnd))
	default:
		return object.Selection{}, false
	}
	return selected, true
}
