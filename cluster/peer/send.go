package peer

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
)

// Send asks a peer something. It never blocks for the network: when the peer has
// no stream, or the stream's queue is full, done is completed with
// [ErrUnavailable] before Send returns. body must stay unchanged until done is
// completed.
//
// A request completes with the reply's body, with a [RemoteError] if the peer's
// handler answered with one, or with [ErrUnavailable], [ErrTimeout] or [ErrTooBig].
func (c *Channel) Send(to causal.NodeID, class Class, kind Kind, body []byte, done Completion) {
	parts := [1][]byte{body}
	c.send(to, class, kind, parts[:], done)
}

// SendBuffers is Send for a body in parts, which travel as one. Big parts are not
// copied.
func (c *Channel) SendBuffers(to causal.NodeID, class Class, kind Kind, body [][]byte, done Completion) {
	c.send(to, class, kind, body, done)
}

func (c *Channel) send(to causal.NodeID, class Class, kind Kind, body [][]byte, done Completion) {
	r := c.remote(to)
	if r == nil {
		done.Complete(to, nil, errUnknown)
		return
	}
	s := r.streams[class].Load()
	if s == nil {
		done.Complete(to, nil, errNoStream)
		return
	}
	sum, length := bodySum(body)
	if length > c.cfg.MaxFrame {
		done.Complete(to, nil, fmt.Errorf("%w: %d bytes", ErrTooBig, length))
		return
	}
	if err := s.send(kind, sum, length, body, done); err != nil {
		done.Complete(to, nil, err)
	}
}

// Made once: a peer that is down is met on the hot path.
var (
	errUnknown  = fmt.Errorf("%w: not a member", ErrUnavailable)
	errNoStream = fmt.Errorf("%w: no stream to it", ErrUnavailable)
)

// call is a Completion to wait for.
type call struct {
	done chan struct{}
	body []byte
	err  error
}

func (w *call) Complete(_ causal.NodeID, body []byte, err error) {
	w.body, w.err = bytes.Clone(body), err
	close(w.done)
}

// Call asks a peer something and waits for the answer, which is the caller's own.
// Besides Send's errors it returns the context's.
func (c *Channel) Call(ctx context.Context, to causal.NodeID, class Class, kind Kind, body []byte) ([]byte, error) {
	if len(body) > inlineBody {
		body = bytes.Clone(body) // when ctx ends first, the caller may reuse its own
	}
	w := &call{done: make(chan struct{})}
	c.Send(to, class, kind, body, w)
	select {
	case <-w.done:
		return w.body, w.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// CallAddr asks whoever is at an address: to join, before ids are known. A node
// that belongs to no cluster may ask only [Join] in this way. It returns
// [ErrRefused] when the two may not talk, [ErrUnavailable] when the node there
// cannot answer yet.
func (c *Channel) CallAddr(ctx context.Context, addr string, kind Kind, body []byte) ([]byte, error) {
	conn, h, err := c.greet(ctx, addr, purposeCall, Foreground, 0)
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", addr, err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	reply, err := c.callOnce(conn, h, kind, body)
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, fmt.Errorf("call %s: %w", addr, err)
	}
	return reply, nil
}

// callOnce sends one request over a fresh stream and reads its reply.
func (c *Channel) callOnce(conn net.Conn, h *handshake, kind Kind, body []byte) ([]byte, error) {
	lonely := c.newRemote(h.peer.node, "")
	s := c.newStream(conn, h.peer.node, h.peer.name, Foreground, lonely)
	w := &call{done: make(chan struct{})}
	sum, length := bodySum([][]byte{body})
	if err := s.send(kind, sum, length, [][]byte{body}, lastCall{w, s}); err != nil {
		return nil, err
	}
	_ = s.run() // ends when the call is completed, by its reply or by what broke
	<-w.done
	return w.body, w.err
}

// lastCall ends its stream when it is completed.
type lastCall struct {
	*call
	s *stream
}

func (l lastCall) Complete(from causal.NodeID, body []byte, err error) {
	l.call.Complete(from, body, err)
	l.s.breakOff(errFinished)
}
