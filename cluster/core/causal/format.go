package causal

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Format writes v as the paper does: [(A, 3), (B, 1)], in the order of names. A
// node's newest epoch has the node's bare name; older ones of the same node are
// told apart by four digits of their own: (A~1f3c, 7).
func (v Vector) Format(name func(NodeID) string) string {
	type part struct {
		name  string
		entry Entry
	}
	parts := make([]part, len(v))
	for i, e := range v {
		n := name(e.Actor.Node)
		if i+1 < len(v) && v[i+1].Actor.Node == e.Actor.Node {
			n += "~" + e.Actor.Epoch.Short()
		}
		parts[i] = part{n, e}
	}
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(a.name, b.name) })
	var out strings.Builder
	out.WriteByte('[')
	for i, p := range parts {
		if i > 0 {
			out.WriteString(", ")
		}
		out.WriteByte('(')
		out.WriteString(p.name)
		out.WriteString(", ")
		out.WriteString(strconv.FormatUint(uint64(p.entry.Counter), 10))
		out.WriteByte(')')
	}
	out.WriteByte(']')
	return out.String()
}

// Short returns four hexadecimal digits by which people tell epochs apart.
func (e Epoch) Short() string {
	return fmt.Sprintf("%04x", uint16(e^e>>16^e>>32^e>>48))
}
