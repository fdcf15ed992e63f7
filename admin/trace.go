package admin

import (
	"cmp"
	"slices"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/replica"
)

// traceOf converts a trace for an answer. names must have every actor of the answer.
func traceOf(op string, key []byte, t *replica.Trace, names *actors) *api.Trace {
	view := names.ring
	out := &api.Trace{
		Op: op, Node: view.Name(t.Node), Coordinator: view.Name(t.Coordinator), Forwarded: t.Node != t.Coordinator,
		Slot: int(ring.SlotOf(key)), Partition: int(t.Partition), N: t.N, Need: t.Need, Got: t.Got,
		Micros: t.Took.Microseconds(), Siblings: t.Siblings,
		PreferenceList: places(view, t.Walk, t.N, func(i int) bool { return t.Alive[i] }),
		Steps:          make([]api.Step, 0, len(t.Steps)),
		Hints:          []api.Hint{}, ReadRepairs: []string{},
	}
	for _, s := range t.Steps {
		out.Steps = append(out.Steps, stepOf(s, names))
		if s.For != 0 && s.Outcome == replica.OutcomeOK {
			out.Hints = append(out.Hints, api.Hint{Holder: view.Name(s.Node), For: view.Name(s.For)})
		}
	}
	slices.SortStableFunc(out.Steps, func(a, b api.Step) int { return cmp.Compare(a.AtMicros, b.AtMicros) })
	for _, id := range t.Repaired {
		out.ReadRepairs = append(out.ReadRepairs, view.Name(id))
	}
	return out
}

func stepOf(s replica.Step, names *actors) api.Step {
	out := api.Step{
		AtMicros: s.At.Microseconds(), Node: names.ring.Name(s.Node),
		Role: string(s.Role), Action: string(s.Action), Outcome: string(s.Outcome), Error: s.Error,
	}
	if s.Took >= 0 {
		took := s.Took.Microseconds()
		out.TookMicros = &took
	}
	if s.For != 0 {
		out.For = names.ring.Name(s.For)
	}
	if s.Clock != nil {
		clock := names.clock(s.Clock)
		out.Clock, out.ClockText = &clock, clock.String()
	}
	return out
}

// places converts a walk whose first n nodes are primaries.
func places(view *ring.Ring, walk []ring.NodeID, n int, alive func(i int) bool) []api.Place {
	list := make([]api.Place, len(walk))
	for i, id := range walk {
		role := replica.RolePrimary
		if i >= n {
			role = replica.RoleFallback
		}
		list[i] = api.Place{Node: view.Name(id), Role: string(role), Alive: alive(i)}
	}
	return list
}
