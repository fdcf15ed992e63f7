package engine

import (
	"sync/atomic"
	"time"
)

// closeGuard counts the operations that are inside the store, so that Pebble is closed
// only after the last one has left: Pebble panics on use after close.
type closeGuard struct {
	state   atomic.Int64  // operations inside, plus guardClosed once closing
	empty   chan struct{} // capacity 1: the last operation has left
	closing chan struct{} // closed when the guard is closed
}

const guardClosed = int64(1) << 62

func newCloseGuard() *closeGuard {
	return &closeGuard{empty: make(chan struct{}, 1), closing: make(chan struct{})}
}

// enter lets an operation in, and returns false once the guard is closed. Operations may
// nest.
func (g *closeGuard) enter() bool {
	if g.state.Add(1) < guardClosed {
		return true
	}
	g.leave()
	return false
}

func (g *closeGuard) leave() {
	if g.state.Add(-1) == guardClosed {
		select {
		case g.empty <- struct{}{}:
		default: // is there already
		}
	}
}

func (g *closeGuard) closed() bool { return g.state.Load() >= guardClosed }

// close lets no operation in any more. It returns false if the guard was closed before.
func (g *closeGuard) close() bool {
	for {
		n := g.state.Load()
		if n >= guardClosed {
			return false
		}
		if g.state.CompareAndSwap(n, n+guardClosed) {
			close(g.closing)
			return true
		}
	}
}

// wait waits until no operation is inside the closed guard.
func (g *closeGuard) wait() {
	for g.state.Load() != guardClosed {
		<-g.empty
	}
}

// waitFor waits like wait, but not longer than d. It reports whether no operation is
// inside.
func (g *closeGuard) waitFor(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for g.state.Load() != guardClosed {
		select {
		case <-g.empty:
		case <-timer.C:
			return g.state.Load() == guardClosed
		}
	}
	return true
}
