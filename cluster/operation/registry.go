package operation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Errors of a [Registry]'s methods.
var (
	// ErrUnknown means that there is no such operation, or that it ended so long ago
	// that it is no longer kept.
	ErrUnknown = errors.New("no such operation")
	// ErrEnded means that the operation has ended, so that it cannot be cancelled.
	ErrEnded = errors.New("the operation has ended")
)

// Config configures a [Registry]. A zero field means its default.
type Config struct {
	Keep int              // operations kept after their end; default 64
	Now  func() time.Time // the wall clock; default time.Now
}

// Registry lists the operations of one node. It is safe for concurrent use.
type Registry struct {
	cfg Config

	mu   sync.Mutex // no other lock is taken, and no function called, while it is held
	last ID
	all  []*Operation // in the order of their ids
}

// NewRegistry returns an empty registry.
func NewRegistry(cfg Config) *Registry {
	cfg.Keep = cmp.Or(cfg.Keep, 64)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Registry{cfg: cfg}
}

// Begin adds an operation of the caller, who must call [Operation.End]. subject
// describes it for people.
func (r *Registry) Begin(kind Kind, subject string) *Operation {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last++
	o := &Operation{
		registry: r, ended: make(chan struct{}), began: now,
		status: Status{ID: r.last, Kind: kind, Subject: subject, State: Running, Started: r.cfg.Now()},
	}
	o.rate.at = now
	r.all = append(r.all, o)
	return o
}

// Run begins an operation, does its work on the caller's goroutine, and ends it
// with what work returned.
func (r *Registry) Run(ctx context.Context, kind Kind, subject string, work func(context.Context, *Operation) error) (err error) {
	o := r.Begin(kind, subject)
	ctx, release := o.Bind(ctx)
	defer release()
	err = work(ctx, o)
	if err != nil && o.Cancelled() {
		err = ErrCancelled
	}
	o.End(err)
	return err
}

// List returns all operations that run and those that ended lately, the newest
// first.
func (r *Registry) List() []Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]Status, 0, len(r.all))
	for _, o := range slices.Backward(r.all) {
		list = append(list, o.statusLocked())
	}
	return list
}

// Cancel asks the owner of an operation to stop, and returns at once. The
// operation runs until its work has stopped: see [Registry.Wait].
func (r *Registry) Cancel(id ID) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	o, err := r.findLocked(id)
	if err != nil {
		return err
	}
	if o.status.State != Running {
		return fmt.Errorf("operation %d is %s: %w", id, o.status.State, ErrEnded)
	}
	o.cancelled = true
	if o.stop != nil {
		o.stop(ErrCancelled)
	}
	return nil
}

// Wait returns the status of an operation when it has ended, or when ctx ends.
func (r *Registry) Wait(ctx context.Context, id ID) (Status, error) {
	r.mu.Lock()
	o, err := r.findLocked(id)
	r.mu.Unlock()
	if err != nil {
		return Status{}, err
	}
	select {
	case <-o.ended:
	case <-ctx.Done():
		err = ctx.Err()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return o.statusLocked(), err
}

func (r *Registry) findLocked(id ID) (*Operation, error) {
	i, found := slices.BinarySearchFunc(r.all, id, func(o *Operation, id ID) int { return cmp.Compare(o.status.ID, id) })
	if !found {
		return nil, fmt.Errorf("operation %d: %w", id, ErrUnknown)
	}
	return r.all[i], nil
}

// trimLocked drops the oldest of the operations that have ended, by their ids,
// until as many are left as are to be kept.
func (r *Registry) trimLocked() {
	ended := 0
	for _, o := range r.all {
		if o.status.State != Running {
			ended++
		}
	}
	r.all = slices.DeleteFunc(r.all, func(o *Operation) bool {
		if o.status.State == Running || ended <= r.cfg.Keep {
			return false
		}
		ended--
		return true
	})
}
