package api

import (
	"fmt"
	"strings"
)

// Dot is one entry of a version vector, or a dot.
type Dot struct {
	Actor   string `json:"actor"`
	Counter uint64 `json:"counter"`
}

func (e Dot) String() string { return fmt.Sprintf("(%s, %d)", e.Actor, e.Counter) }

// Clock is a version vector, in the order of names.
type Clock []Dot

// String writes a clock as the paper does: [(A, 3), (B, 1)].
func (c Clock) String() string {
	parts := make([]string, len(c))
	for i, e := range c {
		parts[i] = e.String()
	}
	return "[" + strings.Join(parts, ", ") + "]"
}
