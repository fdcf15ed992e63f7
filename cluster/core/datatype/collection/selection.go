package collection

import (
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/core/object"
)

// Selection returns all elements that the command looks at and changes. It returns false if that
// depends on the elements that there are. Of a list they are often those at its ends. The outcome of
// the command says if these were not enough ([Outcome.NotAtHand]).
func (c *Command) Selection() (selected object.Selection, ok bool) {
	args, step := c.Args, 1
	switch c.Op {
	case HashSet, ScoredAdd:
		step = 2
	case HashDelete, SetAdd, SetRemove, ScoredRemove:
	case HashIncrement, HashIncrementFloat, ListTake:
		args = args[:1]
	case SetPop:
		selected.Draws = object.Draws{Kind: object.Member, List: []object.Draw{drawOf(c)}}
		return selected, true
	default:
		return c.selectedEnds()
	}
	for i := 0; i < len(args); i += step {
		selected.Names = append(selected.Names, object.Name{Kind: c.Kind(), Name: args[i]})
	}
	return selected, true
}

// trimGuess is how many items LTRIM is taken to remove at an end where it says how many stay. A list
// that is kept at a length is trimmed after each push, or after a few.
const trimGuess = 64

// selectedEnds returns the items that a command on lists looks at, at the ends of a list.
func (c *Command) selectedEnds() (selected object.Selection, ok bool) {
	ends := &selected.Ends
	ends.Kind, ends.Removes = object.Item, true
	switch c.Op {
	case ListPush:
		*c.end(ends), ends.Removes = 1, false
	case ListPop:
		*c.end(ends) = int(min(max(c.Number, 0), mostAtEnd))
	case ListSet:
		return Indexes{c.Number, c.Number}.Selection()
	case ListMove:
		ends.First, ends.Last = 1, 1
	case ListTrim:
		ends.First, ends.Last = trimGuess, trimGuess
		if c.Number >= 0 {
			ends.First = int(min(c.Number, mostAtEnd))
		}
		if last, ok := number.ParseInt(c.Args[0]); ok && last < 0 {
			ends.Last = -1 - int(max(last, -mostAtEnd))
		}
	default:
		return object.Selection{}, false
	}
	return selected, true
}

// end returns the number of names at the end that the command works at.
func (c *Command) end(ends *object.Ends) *int {
	if c.Flags&AtTail != 0 {
		return &ends.Last
	}
	return &ends.First
}
