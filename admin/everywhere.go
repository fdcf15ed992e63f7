package admin

import (
	"context"
	"net/http"

	"github.com/quorate/quorate/admin/fanout"
)

// states is the form of the answers to what was asked of all nodes: the state of each after it.
type states[T any] struct {
	Nodes   []T      `json:"nodes"`
	Missing []string `json:"missing"`
}

// everywhere asks the other ports for what this one has done, unless the caller means this node
// alone. It returns the states of all nodes, of which that of this one is known, in the order of
// the members.
func everywhere[T any](ctx context.Context, ports *fanout.Ports, c *call, path string, own T) states[T] {
	here := snapshotOf(c.node)
	all, out := map[string]states[T]{}, states[T]{Nodes: []T{}, Missing: []string{}}
	if !c.local() {
		all, out.Missing = fanout.All[states[T]](ctx, ports, here.Others(), fanout.Question{
			Method: http.MethodPost, Path: fanout.Same(path + "?local=1"), Body: struct{}{},
		})
	}
	all[here.Self] = states[T]{Nodes: []T{own}}
	for _, m := range here.Ring.Members() {
		out.Nodes = append(out.Nodes, all[m.Name].Nodes...)
	}
	return out
}
