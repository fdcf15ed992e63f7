package peer

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
)

// Send sends a request to a peer. It never blocks for the network: if there is no
// stream to the peer, or the stream's queue is full, done is completed with
// [ErrNotSent] before Send returns. body must stay unchanged until done is
// completed.
//
// A request completes with the reply's body, with a [RemoteError] if the peer's
// handler answered with one, or with [ErrNotSent], [ErrUnavailable], [ErrTimeout] or
// [ErrTooBig], which is not sent either.
func (c *Channel) Send(to causal.NodeID, class Class, kind Kind, body []byte, done Completion) {
	c.remote(to).send(to, streamIndex(class, 0), kind, Body{Head: body}, done)
}

// Body is the body of a frame, in two parts. Several frames may share a tail: a large value that
// goes to several peers.
type Body struct{ Head, Tail []byte }

// SendLane sends a foreground request, as Send does, by a lane of less than Config.Lanes.
// While that has no stream, and to a peer that does not know lanes, it goes by the first.
func (c *Channel) SendLane(to causal.NodeID, lane Lane, kind Kind, body Body, done Completion) {
	c.remote(to).send(to, streamIndex(Foreground, lane), kind, body, done)
}

// send sends a request by one of the streams to a peer; to a nil one, none can be sent.
func (r *remote) send(to causal.NodeID, by int, kind Kind, body Body, done Completion) {
	parts := [2][]byte{body.Head, body.Tail}
	if r == nil {
		done.Complete(to, nil, errUnknown)
		return
	}
	s := r.stream(by)
	if s == nil {
		done.Complete(to, nil, errNoStream)
		return
	}
	sum, length := uint32(0), len(body.Head)+len(body.Tail)
	if !s.cuts(length) { // pieces have sums of their own
		sum, _ = bodySum(parts[:])
	}
	if length > s.c.cfg.MaxFrame {
		done.Complete(to, nil, fmt.Errorf("%w: %d bytes", ErrTooBig, length))
		return
	}
	if err := s.send(kind, sum, length, parts[:], done); err != nil {
		done.Complete(to, nil, err)
	}
}

// These errors are made once, because requests to a peer that is down are frequent.
var (
	errUnknown  = fmt.Errorf("%w: not a member", ErrNotSent)
	errNoStream = fmt.Errorf("%w: no stream to it", ErrNotSent)
)

// Call sends a request to a peer and waits for the reply, which belongs to the caller.
// It returns Send's errors, or the context's. body must stay unchanged, also afterwards: if ctx
// ends first, the channel may still be sending it.
func (c *Channel) Call(ctx context.Context, to causal.NodeID, class Class, kind Kind, body []byte) ([]byte, error) {
	reply := NewFuture()
	c.Send(to, class, kind, body, reply)
	return reply.Wait(ctx)
}

// CallAddr sends a request to whichever node is at an address, for joining, when no ids
// are known yet. A node that belongs to no cluster may send only [Join]. It returns
// [ErrRefused] if the two nodes may not talk, and [ErrUnavailable] if the node there
// cannot answer yet.
func (c *Channel) CallAddr(ctx context.Context, addr string, kind Kind, body []byte) ([]byte, error) {
	conn, h, err := c.dial(ctx, addr, purposeCall, Foreground, 0, 0)
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

// callOnce sends one request over a new stream and reads its reply.
func (c *Channel) callOnce(conn net.Conn, h *handshake, kind Kind, body []byte) ([]byte, error) {
	only := c.newRemote(h.peer.node, "")
	s := c.newStream(conn, h.peer.node, h.peer.name, Foreground, only)
	reply := NewFuture()
	sum, length := bodySum([][]byte{body})
	if err := s.send(kind, sum, length, [][]byte{body}, singleCall{reply, s}); err != nil {
		return nil, err
	}
	_ = s.run() // returns when the call is completed, by its reply or by a failure
	return reply.Wait(context.Background())
}

// singleCall ends its stream when it is completed.
type singleCall struct {
	*Future
	s *stream
}

func (l singleCall) Complete(from causal.NodeID, body []byte, err error) {
	l.Future.Complete(from, body, err)
	l.s.fail(errWriterDone)
}
