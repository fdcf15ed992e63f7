package object

import (
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
)

// SeenBy returns the context to give the client that wrote dot with a context: all that o
// knows of, but for o's other siblings and its elements. The client has not seen those,
// because its write replaced everything that it had seen. So its next write replaces this
// one, and removes nothing unread.
func (o *Object) SeenBy(dot causal.Dot) causal.Context {
	if len(o.Siblings) == 1 && o.Siblings[0].Dot == dot && len(o.Elements) == 0 {
		return o.Context()
	}
	unseen := make([]causal.Dot, 0, len(o.Siblings))
	for i := range o.Siblings {
		if d := o.Siblings[i].Dot; d != dot {
			unseen = append(unseen, d)
		}
	}
	for i := range o.Elements {
		if d := o.Elements[i].Dot; d != dot {
			unseen = append(unseen, d)
		}
	}
	slices.SortFunc(unseen, causal.Dot.Compare)
	unseen = slices.Compact(unseen) // the elements of one event have one dot
	return o.Context().Less(unseen)
}

// SeenOfValues returns the context of a client that has seen all that o knows of, but for the
// elements.
func (o *Object) SeenOfValues() causal.Context {
	unseen := make([]causal.Dot, 0, len(o.Elements))
	for i := range o.Elements {
		unseen = append(unseen, o.Elements[i].Dot)
	}
	slices.SortFunc(unseen, causal.Dot.Compare)
	return o.Context().Less(slices.Compact(unseen))
}
