package sim

import (
	"container/heap"
	"time"
)

// event is something that the simulator has decided will happen.
type event struct {
	at  time.Duration
	seq uint64 // in the order of decisions, among events of one instant
	run func()
}

// agenda holds the events to come, the next first.
type agenda struct {
	events []*event
	seq    uint64
}

func (a *agenda) Len() int { return len(a.events) }
func (a *agenda) Less(i, j int) bool {
	if a.events[i].at != a.events[j].at {
		return a.events[i].at < a.events[j].at
	}
	return a.events[i].seq < a.events[j].seq
}
func (a *agenda) Swap(i, j int) { a.events[i], a.events[j] = a.events[j], a.events[i] }
func (a *agenda) Push(x any)    { a.events = append(a.events, x.(*event)) }
func (a *agenda) Pop() any {
	last := len(a.events) - 1
	e := a.events[last]
	a.events[last] = nil
	a.events = a.events[:last]
	return e
}

func (a *agenda) add(at time.Duration, run func()) {
	a.seq++
	heap.Push(a, &event{at: at, seq: a.seq, run: run})
}

// next is the time of the first event.
func (a *agenda) next() (at time.Duration, ok bool) {
	if len(a.events) == 0 {
		return 0, false
	}
	return a.events[0].at, true
}

func (a *agenda) take() *event { return heap.Pop(a).(*event) }
