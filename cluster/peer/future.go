package peer

import (
	"bytes"
	"context"

	"github.com/quorate/quorate/cluster/core/causal"
)

// Future is a [Completion] that can be waited for: the reply to one request. Make it with
// [NewFuture].
type Future struct {
	done chan struct{}
	body []byte
	err  error
	owns bool // the body is its own
}

// NewFuture returns a future for a request that is to be sent.
func NewFuture() *Future { return &Future{done: make(chan struct{})} }

// Announce implements [Announced].
func (f *Future) Announce(int) { f.owns = true }

// Complete takes the reply.
func (f *Future) Complete(_ causal.NodeID, body []byte, err error) {
	if !f.owns {
		body = bytes.Clone(body)
	}
	f.body, f.err = body, err
	close(f.done)
}

// Wait returns the reply, which belongs to the caller, or the context's error if that ends
// first.
func (f *Future) Wait(ctx context.Context) ([]byte, error) {
	select {
	case <-f.done:
		return f.body, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
