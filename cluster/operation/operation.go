package operation

import (
	"context"
	"errors"
	"time"
)

// ErrCancelled is the cause of a context whose operation was cancelled.
var ErrCancelled = errors.New("the operation was cancelled")

// ID names an operation of one node, in the order in which they began. Ids start
// at 1 with each start of the node.
type ID uint64

// Kind says what sort of work an operation is.
type Kind string

// The kinds of long work.
const (
	Gain    Kind = "gain"    // partitions are copied to this node in a change of the ring
	Release Kind = "release" // partitions are handed to their owners, and dropped here
	Sync    Kind = "sync"    // copies are made equal with those of the other members, by request
	Deliver Kind = "deliver" // hints are brought to the node that they are for
	Rebuild Kind = "rebuild" // Merkle trees are rebuilt after a stop that was not clean
	Refill  Kind = "refill"  // a node whose data was lost waits until it has all of it again
)

// State is the state of an operation.
type State string

// The states of an operation. All but Running are final.
const (
	Running   State = "running"
	Done      State = "done"
	Failed    State = "failed"
	Cancelled State = "cancelled" // by request, by a change of its purpose, or because the node stops
)

// Amount counts what has been done. Total is 0 where it is not known.
type Amount struct {
	Done, Total int64
}

// Progress is how much of an operation has been done.
type Progress struct {
	Partitions, Keys, Bytes Amount
}

// Status is a reading of one operation.
type Status struct {
	ID      ID
	Kind    Kind
	Subject string // a description for people
	State   State
	Started time.Time // wall clock
	Ended   time.Time // wall clock; zero while it runs
	Progress
	BytesPerSecond float64       // while it runs: lately; after its end: on average
	Left           time.Duration // while it runs, about, by its partitions or else its keys; 0: not known
	// Err is why it failed or was cancelled. While it runs, Err is the error of the
	// last attempt, if that failed: the work goes on.
	Err error
}

// rateWindow is the least time over which BytesPerSecond is measured.
const rateWindow = 5 * time.Second

// Operation is one piece of long work. Its methods are for its owner and the
// goroutines that work for it. They are safe for concurrent use.
type Operation struct {
	registry *Registry
	ended    chan struct{} // closed by End

	// Guarded by registry.mu.
	status    Status
	began     time.Time // monotonic, as are the times of the rate
	cancelled bool      // Cancel was called
	stop      context.CancelCauseFunc
	rate      struct {
		at             time.Time // when bytes was read
		bytes          int64
		bytesPerSecond float64 // before that
		known          bool
	}
}

// Bind returns a context for the operation's work: it ends with ctx, and with
// [ErrCancelled] as its cause when the operation is cancelled. The owner binds one
// context at a time, and calls release when that part of the work has stopped.
func (o *Operation) Bind(ctx context.Context) (bound context.Context, release context.CancelFunc) {
	bound, stop := context.WithCancelCause(ctx)
	o.registry.mu.Lock()
	defer o.registry.mu.Unlock()
	if o.cancelled {
		stop(ErrCancelled)
	}
	o.stop = stop
	return bound, func() { stop(nil) }
}

// Update calls change with the progress, which it may modify. It must not block.
func (o *Operation) Update(change func(*Progress)) {
	o.registry.mu.Lock()
	defer o.registry.mu.Unlock()
	if o.status.State != Running {
		return
	}
	change(&o.status.Progress)
	if now := time.Now(); now.Sub(o.rate.at) >= rateWindow {
		o.rate.bytesPerSecond, o.rate.known = o.rateLocked(now), true
		o.rate.at, o.rate.bytes = now, o.status.Bytes.Done
	}
}

// Attempted notes the outcome of one attempt of work that is tried again until it
// succeeds. A nil err clears the error of an earlier attempt.
func (o *Operation) Attempted(err error) {
	o.registry.mu.Lock()
	defer o.registry.mu.Unlock()
	if o.status.State == Running {
		o.status.Err = err
	}
}

// Cancelled reports whether Cancel was called for the operation.
func (o *Operation) Cancelled() bool {
	o.registry.mu.Lock()
	defer o.registry.mu.Unlock()
	return o.cancelled
}

// End ends the operation: as done if err is nil, as cancelled if it was cancelled
// or its context ended, and else as failed. Only the first call counts.
func (o *Operation) End(err error) {
	state := Failed
	switch {
	case err == nil:
		state = Done
	case errors.Is(err, context.Canceled) || errors.Is(err, ErrCancelled):
		state = Cancelled
	}
	o.end(state, err)
}

// Supersede ends the operation as cancelled because its purpose is gone; reason
// says why.
func (o *Operation) Supersede(reason error) { o.end(Cancelled, reason) }

func (o *Operation) end(state State, err error) {
	r := o.registry
	r.mu.Lock()
	defer r.mu.Unlock()
	if o.status.State != Running {
		return
	}
	if o.cancelled && state != Done {
		state, err = Cancelled, ErrCancelled
	}
	o.status.BytesPerSecond = perSecond(o.status.Bytes.Done, time.Since(o.began))
	o.status.State, o.status.Err, o.status.Ended = state, err, r.cfg.Now()
	o.stop = nil
	close(o.ended)
	r.trimLocked()
}

func (o *Operation) statusLocked() Status {
	status := o.status
	if status.State == Running {
		now := time.Now()
		status.BytesPerSecond, status.Left = o.rateLocked(now), left(status.Progress, now.Sub(o.began))
	}
	return status
}

// left estimates how long work goes on of which some has been done in a time, by its
// partitions or, if it has none, by its keys; 0: not known.
func left(p Progress, elapsed time.Duration) time.Duration {
	a := p.Partitions
	if a.Total == 0 {
		a = p.Keys
	}
	if a.Done <= 0 || a.Done >= a.Total {
		return 0
	}
	return time.Duration(float64(elapsed) / float64(a.Done) * float64(a.Total-a.Done))
}

// rateLocked returns the bytes per second since the last reading, or before it
// where that reading is young.
func (o *Operation) rateLocked(now time.Time) float64 {
	elapsed := now.Sub(o.rate.at)
	if elapsed < rateWindow && o.rate.known {
		return o.rate.bytesPerSecond
	}
	return perSecond(o.status.Bytes.Done-o.rate.bytes, elapsed)
}

func perSecond(n int64, elapsed time.Duration) float64 {
	if elapsed <= 0 {
		return 0
	}
	return float64(n) / elapsed.Seconds()
}
