package peer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// accept takes in connections until the listener closes.
func (c *Channel) accept() {
	pause := time.Duration(0)
	for {
		conn, err := c.tcp.Accept()
		if errors.Is(err, net.ErrClosed) || c.ctx.Err() != nil {
			if conn != nil {
				_ = conn.Close()
			}
			return
		}
		if err != nil {
			// Out of descriptors, say: it passes.
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			c.cfg.Logger.Warn("peer connection not accepted", "err", err)
			select {
			case <-time.After(pause):
			case <-c.ctx.Done():
			}
			continue
		}
		pause = 0
		if !c.adopt(conn) {
			_ = conn.Close() // beyond the bound, or closing
			continue
		}
		c.tasks.Go(func() { c.identify(conn) })
	}
}

// adopt counts a connection that nobody knows yet.
func (c *Channel) adopt(conn net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.closed || len(c.mu.raw)+len(c.mu.accepted) >= c.cfg.MaxStreams {
		return false
	}
	c.mu.raw[conn] = struct{}{}
	return true
}

func (c *Channel) disown(conn net.Conn) {
	c.mu.Lock()
	delete(c.mu.raw, conn)
	c.mu.Unlock()
}

// identify reads what a connection begins with, and gives it to whom it is for.
func (c *Channel) identify(conn net.Conn) {
	defer c.disown(conn)
	var first [len(magic)]byte
	_ = conn.SetDeadline(time.Now().Add(c.cfg.HandshakeTimeout)) // a dead socket fails the read below
	if _, err := io.ReadFull(conn, first[:1]); err != nil {
		_ = conn.Close()
		return
	}
	if first[0] != magic[0] {
		_ = conn.SetDeadline(time.Time{})
		c.gossip.take(&prefixed{Conn: conn, head: bytes.Clone(first[:1])})
		return
	}
	if _, err := io.ReadFull(conn, first[1:]); err != nil || string(first[:]) != magic {
		c.count.Garbage.Add(1)
		_ = conn.Close()
		return
	}
	c.serve(conn)
}

// serve runs an accepted stream.
func (c *Channel) serve(conn net.Conn) {
	h := c.newHandshake(purposePeer, Foreground, 0)
	err := shake(conn, c.cfg.HandshakeTimeout, func() error { return h.accept(conn, c.admit) })
	if err != nil {
		_ = conn.Close()
		if errors.Is(err, ErrRefused) {
			c.count.Refused.Add(1)
			if c.notices.due(h.peer.name, err.Error()) {
				c.cfg.Logger.Warn("peer refused", "peer", h.peer.name, "addr", conn.RemoteAddr().String(), "err", err)
			}
		}
		return
	}
	s := c.newStream(conn, h.peer.node, h.peer.class)
	s.guest = h.peer.purpose == purposeCall
	c.mu.Lock()
	if c.mu.closed {
		c.mu.Unlock()
		_ = conn.Close()
		return
	}
	delete(c.mu.raw, conn)
	c.mu.accepted[s] = struct{}{}
	c.mu.Unlock()
	err = s.run(c.ctx, s.takeRequests)
	c.mu.Lock()
	delete(c.mu.accepted, s)
	c.mu.Unlock()
	if errors.Is(err, errMalformed) {
		c.cfg.Logger.Warn("peer stream broken by malformed data", "peer", h.peer.name, "err", err)
	}
}

// admit has the last word in a handshake.
func (c *Channel) admit(*hello) error {
	if c.handler == nil {
		return &RefusedError{Reason: RefusedBusy}
	}
	return nil
}

// CallAddr makes one request to whoever is at an address, on a connection of its
// own: for a node that does not know its cluster yet.
func (c *Channel) CallAddr(ctx context.Context, addr string, kind Kind, body []byte) ([]byte, error) {
	conn, err := c.cfg.Network.DialContext(ctx, addr)
	if err != nil {
		return nil, fmt.Errorf("%w: dial: %w", ErrUnavailable, err)
	}
	h := c.newHandshake(purposeCall, Foreground, 0)
	if err := shake(conn, c.cfg.HandshakeTimeout, func() error { return h.dial(conn) }); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	s := c.newStream(conn, h.peer.node, Background) // its latency tells nothing
	ctx, cancel := context.WithCancel(ctx)
	w := make(waiter, 1)
	var ended waiter = make(waiter, 1)
	c.tasks.Go(func() {
		ended.Complete(0, nil, s.run(ctx, s.takeReplies))
	})
	defer func() {
		cancel()
		<-ended
	}()
	s.request(kind, body, w)
	select {
	case a := <-w:
		return a.body, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// prefixed is a connection of which some bytes were read already.
type prefixed struct {
	net.Conn
	head []byte
}

// Read yields the head first.
func (p *prefixed) Read(b []byte) (int, error) {
	if len(p.head) > 0 {
		n := copy(b, p.head)
		p.head = p.head[n:]
		return n, nil
	}
	return p.Conn.Read(b)
}
