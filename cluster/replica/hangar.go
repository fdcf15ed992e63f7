package replica

import (
	"time"

	"github.com/quorate/quorate/engine"
)

// A flight is given back when nobody uses it any more: its driver, and every
// exchange whose answer is yet to come. That may be long after its requests
// were answered, for a replica that is not needed answers too.

// reused is memory of a flight that the driver alone touches.
type reused struct {
	timer     *time.Timer
	records   []engine.Record
	batch     []*engine.Record
	index     []int // of batch: the ops
	carriers  []int
	exchanges []*exchange // all that there are; taken of them are in use
	taken     int
}

// What one giant flight needed is not kept for the next.
const (
	mostOps  = 1 << 10
	mostBody = 64 << 10
)

func buildFlight() any {
	f := &flight{wake: make(chan struct{}, 1)}
	f.timer = time.NewTimer(time.Hour)
	f.timer.Stop()
	return f
}

// exchange returns one that is not in use.
func (f *flight) exchange() *exchange {
	if f.taken == len(f.exchanges) {
		f.exchanges = append(f.exchanges, &exchange{f: f})
	}
	f.taken++
	return f.exchanges[f.taken-1]
}

// leave gives up one use of the flight; the last one out gives it back.
func (f *flight) leave() {
	if f.users.Add(-1) > 0 {
		return
	}
	c := f.c
	if cap(f.mu.ops) > mostOps {
		return
	}
	f.reset()
	c.hangar.Put(f)
}

// reset forgets everything but memory, whose contents others may own.
func (f *flight) reset() {
	select {
	case <-f.wake:
	default:
	}
	f.c, f.ring, f.from, f.patient, f.traced = nil, nil, origin{}, 0, false
	f.batches = 0
	clear(f.repairs)
	f.repairs = f.repairs[:0]
	clear(f.records)
	clear(f.batch)
	for _, x := range f.exchanges[:f.taken] {
		x.items, x.patience = x.items[:0], 0
		if cap(x.body) > mostBody {
			x.body = nil
		}
	}
	f.taken = 0
	m := &f.mu
	for i := range m.ops {
		m.ops[i].reset()
	}
	m.ops = m.ops[:0]
	m.finished, m.ready = false, false
	m.lacking, m.refetch, m.reask, m.reroute = nil, m.refetch[:0], nil, nil
}

func (o *op) reset() {
	clear(o.found)
	clear(o.next.Siblings)
	*o = op{found: o.found[:0], stands: o.stands[:0], next: o.next, encoded: o.encoded}
}
