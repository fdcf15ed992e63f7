package replica

import (
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
)

// TestTrace_Prompt_LeavesUnansweredStepsPending writes from a node that has to forward, while
// the answer of the last primary is late.
func TestTrace_Prompt_LeavesUnansweredStepsPending(t *testing.T) {
	for name, c := range map[string]struct {
		prompt bool
		want   Outcome
	}{"waiting": {false, OutcomeSilent}, "prompt": {true, OutcomePending}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
			w.mu.Lock()
			w.rule = func(_, to string, kind peer.Kind) fate {
				if to == w.walk[2] && kind == peer.Write {
					return isLate
				}
				return arrives
			}
			w.mu.Unlock()
			r := set(w.key, "value")
			r.Trace = &Trace{Prompt: c.prompt}
			w.at(4).do(r)
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			if r.Trace.Coordinator == r.Trace.Node || r.Trace.Got != 2 {
				t.Fatalf("%+v, want a forwarded request with 2 answers", r.Trace)
			}
			for _, s := range r.Trace.Steps {
				if s.Node == ring.IDOf(w.walk[2]) {
					if s.Took >= 0 || s.Outcome != c.want {
						t.Errorf("the late step took %v and ended with %q, want %q", s.Took, s.Outcome, c.want)
					}
					return
				}
			}
			t.Errorf("no step of the late node in %+v", r.Trace.Steps)
		})
	}
}

// TestWave_Lingers_OnlyForTracesThatWait decides it for a wave that has just begun.
func TestWave_Lingers_OnlyForTracesThatWait(t *testing.T) {
	pending := []Step{{Took: -1}}
	for name, c := range map[string]struct {
		trace *Trace
		want  bool
	}{
		"no trace":       {nil, false},
		"prompt":         {&Trace{Prompt: true, Steps: pending}, false},
		"nothing open":   {&Trace{Steps: []Step{{Took: 1}}}, false},
		"something open": {&Trace{Steps: pending}, true},
	} {
		f := &wave{lingers: true, started: time.Now()}
		f.mu.ops = make([]op, 1)
		f.mu.ops[0].req = &Request{Trace: c.trace}
		if c.trace != nil {
			c.trace.Took = long
		}
		if got := f.lingersLocked(); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
