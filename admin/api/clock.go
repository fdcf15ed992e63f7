package api

import (
	"fmt"
	"strings"
)

// Dot names one event: an actor and its counter. It is also an entry of a version
// vector, which covers the actor's events up to the counter.
type Dot struct {
	Actor   string `json:"actor"`
	Counter uint64 `json:"counter"`
}

func (d Dot) String() string { return fmt.Sprintf("(%s, %d)", d.Actor, d.Counter) }

// Clock is a version vector, in the order of the actors' names.
type Clock []Dot

// String writes a clock as the paper does: [(A, 3), (B, 1)].
func (c Clock) String() string {
	parts := make([]string, len(c))
	for i, e := range c {
		parts[i] = e.String()
	}
	return "[" + strings.Join(parts, ", ") + "]"
}
