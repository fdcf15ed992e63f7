package peer

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// retransmission is what a lost packet costs a TCP connection: the least time
// after which Linux sends it again.
const retransmission = 200 * time.Millisecond

// faultyNetwork dials connections that obey links. The listener's side needs
// nothing: see [Links].
type faultyNetwork struct {
	Network
	links *Links
	self  string
}

// DialContext waits while the link is cut in either direction, and for the time
// that opening a connection takes: there and back.
func (n faultyNetwork) DialContext(ctx context.Context, addr string) (net.Conn, error) {
	out, in := passage{links: n.links, way: direction{n.self, addr}}, passage{links: n.links, way: direction{addr, n.self}}
	limit, _ := ctx.Deadline()
	var d deadline
	d.set(limit)
	for _, p := range []passage{out, in} {
		if err := p.await(&d, ctx.Done()); err != nil {
			return nil, fmt.Errorf("dial %s: %w", addr, cmp.Or(ctx.Err(), err))
		}
	}
	conn, err := n.Network.DialContext(ctx, addr)
	if err != nil {
		return nil, err
	}
	return &linkConn{Conn: conn, out: out, in: in, closed: make(chan struct{})}, nil
}

// passage is one direction of a link.
type passage struct {
	links *Links
	way   direction
}

// open reports that the passage is as it should be. With no fault on any link
// that costs one atomic load.
func (p *passage) open() bool { return p.links.table.Load() == nil }

// await holds the caller for as long as the link would hold something that was
// sent now. It returns [os.ErrDeadlineExceeded] when d passes before, and
// [net.ErrClosed] when closed is closed.
func (p *passage) await(d *deadline, closed <-chan struct{}) error {
	began := time.Now()
	lost := time.Duration(-1) // not drawn yet
	for {
		now := p.links.table.Load()
		if now == nil {
			return nil
		}
		fault := now.of[p.way]
		var due time.Time
		if !fault.Cut {
			if lost < 0 {
				if lost = 0; fault.loses() {
					lost = retransmission
				}
			}
			if due = began.Add(fault.Delay + lost); !time.Now().Before(due) {
				return nil
			}
		}
		if err := d.wait(due, now.replaced, closed); err != nil {
			return err
		}
	}
}

// linkConn is a dialled connection that obeys a link's faults, of both
// directions.
type linkConn struct {
	net.Conn
	out, in   passage
	write     deadline
	read      deadline
	held      atomic.Pointer[arrived]
	closed    chan struct{}
	closeOnce sync.Once
}

// arrived is what was read and did not get through before the read's deadline.
type arrived struct {
	data []byte
	err  error
}

func (c *linkConn) Write(b []byte) (int, error) {
	if !c.out.open() {
		if err := c.out.await(&c.write, c.closed); err != nil {
			return 0, err
		}
	}
	return c.Conn.Write(b)
}

// WriteVector writes all parts by one system call where the connection can.
func (c *linkConn) WriteVector(parts *net.Buffers) (int64, error) {
	if !c.out.open() {
		if err := c.out.await(&c.write, c.closed); err != nil {
			return 0, err
		}
	}
	return parts.WriteTo(c.Conn)
}

// Read takes in what has come before it asks whether that could have come: a
// fault may have been set meanwhile.
func (c *linkConn) Read(b []byte) (int, error) {
	h := c.takeHeld()
	if h == nil {
		n, err := c.Conn.Read(b)
		if c.in.open() || n == 0 && ours(err) {
			return n, err
		}
		h = &arrived{data: b[:n], err: err}
	}
	if err := c.in.await(&c.read, c.closed); err != nil {
		h.data = bytes.Clone(h.data)
		c.held.Store(h)
		return 0, err
	}
	n := copy(b, h.data)
	if n < len(h.data) {
		c.held.Store(&arrived{data: h.data[n:], err: h.err})
		return n, nil
	}
	return n, h.err
}

func (c *linkConn) takeHeld() *arrived {
	if c.held.Load() == nil { // nearly always
		return nil
	}
	return c.held.Swap(nil)
}

// ours tells an end that this side has made from one that came over the link.
func ours(err error) bool {
	return err == nil || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, net.ErrClosed)
}

// Close ends every wait.
func (c *linkConn) Close() error {
	c.closeOnce.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// SetLinger is what an abrupt end needs of a TCP connection.
func (c *linkConn) SetLinger(seconds int) error {
	if t, ok := c.Conn.(interface{ SetLinger(int) error }); ok {
		return t.SetLinger(seconds)
	}
	return nil
}

func (c *linkConn) SetDeadline(t time.Time) error {
	c.read.set(t)
	c.write.set(t)
	return c.Conn.SetDeadline(t)
}

func (c *linkConn) SetReadDeadline(t time.Time) error {
	c.read.set(t)
	return c.Conn.SetReadDeadline(t)
}

func (c *linkConn) SetWriteDeadline(t time.Time) error {
	c.write.set(t)
	return c.Conn.SetWriteDeadline(t)
}

// deadline is one that may be moved while it is waited for. The zero value never
// passes.
type deadline struct {
	mu struct {
		sync.Mutex
		at    time.Time
		moved chan struct{} // nil while nobody waits
	}
}

func (d *deadline) set(at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mu.at = at
	if d.mu.moved != nil {
		close(d.mu.moved)
		d.mu.moved = nil
	}
}

// wait returns nil at the time due (never, if that is zero), when changed is
// closed, or when the deadline has moved.
func (d *deadline) wait(due time.Time, changed, closed <-chan struct{}) error {
	d.mu.Lock()
	at := d.mu.at
	if d.mu.moved == nil {
		d.mu.moved = make(chan struct{})
	}
	moved := d.mu.moved
	d.mu.Unlock()
	if !at.IsZero() && !time.Now().Before(at) {
		return os.ErrDeadlineExceeded
	}
	if due.IsZero() || !at.IsZero() && at.Before(due) {
		due = at
	}
	var elapsed <-chan time.Time
	if !due.IsZero() {
		timer := time.NewTimer(time.Until(due))
		defer timer.Stop()
		elapsed = timer.C
	}
	select {
	case <-elapsed:
	case <-changed:
	case <-moved:
	case <-closed:
		return net.ErrClosed
	}
	return nil
}
