package collection

import "github.com/quorate/quorate/cluster/core/object"

// Selection returns all elements that the command looks at and changes. It returns false if that
// depends on the elements that there are.
func (c *Command) Selection() (selected object.Selection, ok bool) {
	args, step := c.Args, 1
	switch c.Op {
	case HashSet, ScoredAdd:
		step = 2
	case HashDelete, SetAdd, SetRemove, ScoredRemove:
	case HashIncrement, HashIncrementFloat:
		args = args[:1]
	default:
		return selected, false
	}
	for i := 0; i < len(args); i += step {
		selected.Names = append(selected.Names, object.Name{Kind: c.Kind(), Name: args[i]})
	}
	return selected, true
}
