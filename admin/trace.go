package admin

import (
	"cmp"
	"slices"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/replica"
)

// Trace is the way of one request through the cluster.
type Trace struct {
	Op             string   `json:"op"`          // get, set or del
	Node           string   `json:"node"`        // took the request
	Coordinator    string   `json:"coordinator"` // carried it out
	Forwarded      bool     `json:"forwarded"`
	Slot           int      `json:"slot"`
	Partition      int      `json:"partition"`
	N              int      `json:"n"`
	Need           int      `json:"need"` // of the quorum that decided
	Got            int      `json:"got"`
	Micros         int64    `json:"micros"` // until it was decided
	PreferenceList []Place  `json:"preference_list"`
	Steps          []Step   `json:"steps"` // in the order of their beginning
	Hints          []Hint   `json:"hints"`
	ReadRepairs    []string `json:"read_repairs"`
	Siblings       int      `json:"siblings"` // values of the key, as far as was seen
}

// Place is one node of a key's preference list.
type Place struct {
	Node  string `json:"node"`
	Role  string `json:"role"` // primary or fallback
	Alive bool   `json:"alive"`
}

// Step is one thing that was done for a request.
type Step struct {
	AtMicros   int64  `json:"at_us"`
	TookMicros *int64 `json:"took_us"` // null: no answer was seen
	Node       string `json:"node"`
	Role       string `json:"role"`   // coordinator, primary, fallback, gaining
	Action     string `json:"action"` // read, digest, apply, write, hint, forward, skip
	For        string `json:"for"`    // hints: whose copy it is
	Outcome    string `json:"outcome"`
	Clock      *Clock `json:"clock"`
	ClockText  string `json:"clock_text"`
	Error      string `json:"error"`
}

// Hint is a copy kept for a node that is down.
type Hint struct {
	Holder string `json:"holder"`
	For    string `json:"for"`
}

// traceOf puts a trace into words. It must be called after the actors of the
// answer were seen.
func traceOf(op string, key []byte, t *replica.Trace, names *actors) *Trace {
	now := names.ring
	out := &Trace{
		Op: op, Node: now.Name(t.Node), Coordinator: now.Name(t.Coordinator), Forwarded: t.Node != t.Coordinator,
		Slot: int(ring.SlotOf(key)), Partition: int(t.Partition), N: t.N, Need: t.Need, Got: t.Got,
		Micros: t.Took.Microseconds(), Siblings: t.Siblings,
		PreferenceList: places(now, t.Walk, t.N, func(i int) bool { return t.Alive[i] }),
		Steps:          make([]Step, 0, len(t.Steps)),
		Hints:          []Hint{}, ReadRepairs: []string{},
	}
	for _, s := range t.Steps {
		out.Steps = append(out.Steps, stepOf(s, names))
		if s.For != 0 && s.Outcome == replica.OutcomeOK {
			out.Hints = append(out.Hints, Hint{now.Name(s.Node), now.Name(s.For)})
		}
	}
	slices.SortStableFunc(out.Steps, func(a, b Step) int { return cmp.Compare(a.AtMicros, b.AtMicros) })
	for _, id := range t.Repaired {
		out.ReadRepairs = append(out.ReadRepairs, now.Name(id))
	}
	return out
}

func stepOf(s replica.Step, names *actors) Step {
	out := Step{
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

// places is a walk of which the first n are primaries.
func places(now *ring.Ring, walk []ring.NodeID, n int, alive func(i int) bool) []Place {
	list := make([]Place, len(walk))
	for i, id := range walk {
		role := replica.RolePrimary
		if i >= n {
			role = replica.RoleFallback
		}
		list[i] = Place{now.Name(id), string(role), alive(i)}
	}
	return list
}
