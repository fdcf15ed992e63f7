package replica

import (
	"time"

	"github.com/quorate/quorate/cluster/core/coordination"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/engine"
)

// A wave returns to the pool when neither its driver nor any exchange uses it any more.
// That may be long after its requests were answered, because replicas that were not
// needed answer too.

// reused is memory of a wave. The exchanges and forwards, and how many of them are in use,
// are guarded by the wave's mutex; only the driver uses the rest.
type reused struct {
	timer     *time.Timer
	records   []engine.Record
	batch     []*engine.Record
	index     []int // of batch: the ops
	carriers  []int
	sending   []*exchange // taken out of the outbox last
	exchanges []*exchange // the first taken of them are in use
	taken     int
	forwards  []*forwarding // the first forwarded of them are in use
	forwarded int
	next      object.Object // of the driver: room for a new version
}

// Bounds of what a wave keeps for the next one.
const (
	mostOps  = 1 << 10
	mostBody = 64 << 10
)

func buildWave() any {
	f := &wave{wake: make(chan struct{}, 1)}
	f.timer = time.NewTimer(time.Hour)
	f.timer.Stop()
	return f
}

// exchange returns an exchange that is not in use.
func (f *wave) exchange() *exchange {
	if f.taken == len(f.exchanges) {
		f.exchanges = append(f.exchanges, &exchange{f: f})
	}
	f.taken++
	return f.exchanges[f.taken-1]
}

// newForwarding returns a forwarding that is not in use.
func (f *wave) newForwarding() *forwarding {
	if f.forwarded == len(f.forwards) {
		f.forwards = append(f.forwards, new(forwarding))
	}
	f.forwarded++
	return f.forwards[f.forwarded-1]
}

// leave ends one use of the wave. The last one returns it to the pool.
func (f *wave) leave() {
	if f.users.Add(-1) > 0 {
		return
	}
	c := f.c
	if f.counted {
		c.updates.leave(f.counter)
	}
	if cap(f.mu.ops) > mostOps {
		return
	}
	f.reset()
	c.pool.Put(f)
}

// reset clears the wave and keeps its memory, except what others may own.
func (f *wave) reset() {
	select {
	case <-f.wake:
	default:
	}
	f.c, f.ring, f.from, f.traced = nil, nil, origin{}, false
	f.counted = false
	f.batches = 0
	clear(f.repairs)
	f.repairs = f.repairs[:0]
	clear(f.records)
	clear(f.batch)
	for _, x := range f.exchanges[:f.taken] {
		x.items = x.items[:0]
		if cap(x.body) > mostBody {
			x.body = nil
		}
	}
	f.taken = 0
	for _, w := range f.forwards[:f.forwarded] {
		*w = forwarding{}
	}
	f.forwarded = 0
	clear(f.next.Siblings)
	m := &f.mu
	for i := range m.ops {
		m.ops[i].reset()
	}
	m.ops = m.ops[:0]
	m.finished, m.ready, m.longest = false, false, 0
	m.outbox = m.outbox[:0]
}

func (o *op) reset() {
	o.opState = opState{}
	o.read.Reset()
	o.write.Begin(coordination.Replicas{}, 0)
}
