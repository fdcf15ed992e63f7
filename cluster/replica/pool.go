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

// reused is memory of a wave that only its driver uses.
type reused struct {
	timer    *time.Timer
	records  []engine.Record
	batch    []*engine.Record
	index    []int // of batch: the ops
	carriers []int
	next     object.Object // room for a new version
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

// forwardings are the states of forwards that a wave has made so far.
type forwardings struct {
	all   []*forwarding
	inUse int // the first of all
}

// next returns one that is not in use.
func (s *forwardings) next() *forwarding {
	if s.inUse == len(s.all) {
		s.all = append(s.all, new(forwarding))
	}
	s.inUse++
	return s.all[s.inUse-1]
}

func (s *forwardings) reset() {
	for _, w := range s.all[:s.inUse] {
		*w = forwarding{}
	}
	s.inUse = 0
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
	f.c, f.ring, f.from, f.lingers = nil, nil, origin{}, false
	f.counted = false
	f.allowance.Store(0)
	f.batches = 0
	clear(f.repairs)
	f.repairs = f.repairs[:0]
	clear(f.records)
	clear(f.batch)
	f.next.Forget()
	m := &f.mu
	for i := range m.ops {
		m.ops[i].reset()
	}
	m.ops = m.ops[:0]
	m.finished, m.ready = false, false
	m.outbox.reset()
	m.forwards.reset()
}

func (o *op) reset() {
	o.opState = opState{}
	o.read.Reset()
	o.write.Begin(coordination.Replicas{}, 0)
}
