package command

import (
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/replica"
)

// Tracer takes samples of commands for a tracing system. Its methods must not block.
type Tracer interface {
	// Sample reports whether the next command is recorded.
	Sample() bool
	// Key returns what is recorded of a key. Empty: nothing.
	Key(key []byte) string
	// Record takes a command that was carried out.
	Record(*Trace)
}

// Trace is what was recorded of one command. It aliases nothing of the command.
type Trace struct {
	Command  string // "config|get"
	Began    time.Time
	Took     time.Duration // with the rest of its pipeline
	Failed   bool          // it was answered with an error
	Requests []RequestTrace
	Omitted  int        // requests beyond maxTraced
	Ring     *ring.Ring // at its end
}

// RequestTrace is one request of a command.
type RequestTrace struct {
	Key     string // see [Tracer]
	Slot    ring.Slot
	Writes  bool
	Err     error
	Replica *replica.Trace
}

// maxTraced bounds the requests of a command that are recorded.
const maxTraced = 64

// BeginTrace makes a record of a call: of the requests that it has, and of those that Run
// carries out.
func (c *Call) BeginTrace(at time.Time) {
	c.trace = &Trace{Command: c.Row.Full(), Began: at}
	c.trace.attach(c.Requests)
}

// EndTrace hands over the record of a call, if there is one and it has requests: those
// that Run carried out, and planned ones.
func (c *Call) EndTrace(planned []*Request) {
	t := c.trace
	if t == nil {
		return
	}
	c.trace = nil
	t.collect(planned, c.Node.Tracer)
	if len(t.Requests) == 0 {
		return
	}
	t.Took, t.Failed, t.Ring = time.Since(t.Began), c.Failed > 0, c.Node.Store.Ring()
	c.Node.Tracer.Record(t)
}

// attach makes requests be traced, as far as there is room for them. It does nothing for
// a call that is not recorded.
func (t *Trace) attach(requests []*Request) {
	if t == nil {
		return
	}
	for i, r := range requests {
		if len(t.Requests)+i == maxTraced {
			break
		}
		if r.Trace == nil { // else DYNAMO TRACE made one
			r.Trace = &replica.Trace{Prompt: true}
		}
	}
}

// collect takes the traces of requests that were carried out.
func (t *Trace) collect(requests []*Request, tracer Tracer) {
	if t == nil {
		return
	}
	for _, r := range requests {
		if r.Trace == nil || len(t.Requests) == maxTraced {
			t.Omitted++
			continue
		}
		t.Requests = append(t.Requests, RequestTrace{
			Key: tracer.Key(r.Key), Slot: ring.SlotOf(r.Key), Writes: r.Update != nil, Err: r.Err, Replica: r.Trace,
		})
	}
}
