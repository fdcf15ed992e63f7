package sim

import (
	"testing"
	"testing/synctest"
	"time"
)

// bubble is one life of a node: goroutines with a clock of their own, which stands
// still except while do runs. Its methods are called by the simulator alone.
type bubble struct {
	steps chan func()   // made outside: a goroutine that waits for it holds the clock
	quiet chan struct{} // likewise
	ended chan struct{}
	at    time.Duration // simulated time that the bubble's clock has come to
	skew  time.Duration // by which that clock is ahead
}

// newBubble starts a bubble at a simulated time, with a clock that is ahead by skew.
func newBubble(t *testing.T, at, skew time.Duration) *bubble {
	b := &bubble{skew: skew, steps: make(chan func()), quiet: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(b.ended)
		synctest.Test(t, func(*testing.T) {
			for step := range b.steps {
				step()
				synctest.Wait()
				b.quiet <- struct{}{}
			}
		})
	}()
	b.at = at
	b.do(func() { time.Sleep(at + skew) })
	return b
}

// do runs f in the bubble, and returns when all that follows from it at this
// instant is over.
func (b *bubble) do(f func()) {
	b.steps <- f
	<-b.quiet
}

// advance lets time pass until the clock shows a time; what is due runs.
func (b *bubble) advance(to time.Duration) {
	if d := to - b.at; d > 0 {
		b.at = to
		b.do(func() { time.Sleep(d) })
	}
}

// end waits for all goroutines of the bubble, which must be on their way out.
// Their timers run until they are gone.
func (b *bubble) end() {
	close(b.steps)
	<-b.ended
}

// epoch is what every bubble's clock shows first.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// now is the simulated time at which the bubble is. It must be called within.
func (b *bubble) now() time.Duration { return time.Since(epoch) - b.skew }
