package collection

import (
	"math"

	"github.com/quorate/quorate/cluster/core/object"
)

// addMembers serves SADD. The answer's number is how many members are new. One that is there
// is written again: a removal elsewhere that has not seen this write does not take it.
func (c *Command) addMembers(v View, set *changes, out *Outcome) {
	for _, member := range c.Args {
		exists := v.Find(member) != nil
		if _, before := set.of(member); !exists && !before {
			out.Number++
		}
	}
}

// popMembers serves SPOP: it removes some members, drawn at random, and answers with them.
func (c *Command) popMembers(v View, set *changes, out *Outcome) {
	for _, at := range drawOf(c).Among(len(v), func(i int) []byte { return v[i].Name }) {
		out.Values = append(out.Values, v[at].Name)
		change, _ := set.of(v[at].Name)
		change.Remove = true
	}
}

// drawOf returns the draw of a command.
func drawOf(c *Command) object.Draw {
	return object.Draw{Seed: c.Seed, Count: int(min(max(c.Number, 0), math.MaxInt32))}
}
