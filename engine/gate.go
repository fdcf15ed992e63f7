package engine

import (
	"sync/atomic"
	"time"
)

// gate counts the operations inside a store, so that it is closed only when the
// last has left: Pebble panics on use after close.
type gate struct {
	state    atomic.Int64  // number inside, plus gateShut once closing
	empty    chan struct{} // capacity 1: the last one left
	shutting chan struct{} // closed when the gate is shut
}

const gateShut = int64(1) << 62

func newGate() *gate { return &gate{empty: make(chan struct{}, 1), shutting: make(chan struct{})} }

// enter is false once the gate is shut. Operations may nest.
func (g *gate) enter() bool {
	if g.state.Add(1) < gateShut {
		return true
	}
	g.leave()
	return false
}

func (g *gate) leave() {
	if g.state.Add(-1) == gateShut {
		select {
		case g.empty <- struct{}{}:
		default: // already said
		}
	}
}

func (g *gate) closed() bool { return g.state.Load() >= gateShut }

// shut lets nobody in any more. It is false if the gate was shut already.
func (g *gate) shut() bool {
	for {
		n := g.state.Load()
		if n >= gateShut {
			return false
		}
		if g.state.CompareAndSwap(n, n+gateShut) {
			close(g.shutting)
			return true
		}
	}
}

// wait returns true when nobody is inside a gate that was shut, false when that
// takes too long.
func (g *gate) wait(patience time.Duration) bool {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for g.state.Load() != gateShut {
		select {
		case <-g.empty:
		case <-timer.C:
			return g.state.Load() == gateShut
		}
	}
	return true
}
