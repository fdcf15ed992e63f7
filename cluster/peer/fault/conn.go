package fault

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

// retransmission is the time that a lost packet costs a TCP connection: the shortest
// time after which Linux sends it again.
const retransmission = 200 * time.Millisecond

// ContextDialer opens connections; [net.Dialer] does so for one network.
type ContextDialer interface {
	DialContext(ctx context.Context, addr string) (net.Conn, error)
}

// Dialer opens connections that obey a table of faults. The accepting side needs
// nothing, see [Links].
type Dialer struct {
	Next  ContextDialer // opens the connections
	Links *Links
	Self  string // the peer address that this node advertises
}

// DialContext opens a connection to addr. It waits while the link is cut in either
// direction, and for the delay of both directions.
func (d Dialer) DialContext(ctx context.Context, addr string) (net.Conn, error) {
	out := passage{links: d.Links, way: direction{from: d.Self, to: addr}}
	in := passage{links: d.Links, way: direction{from: addr, to: d.Self}}
	limit, _ := ctx.Deadline()
	var until deadline
	until.set(limit)
	for _, p := range []passage{out, in} {
		if err := p.await(&until, ctx.Done()); err != nil {
			return nil, fmt.Errorf("dial %s: %w", addr, cmp.Or(ctx.Err(), err))
		}
	}
	conn, err := d.Next.DialContext(ctx, addr)
	if err != nil {
		return nil, err
	}
	return &Conn{Conn: conn, out: out, in: in, closed: make(chan struct{})}, nil
}

// passage is one direction of a link.
type passage struct {
	links *Links
	way   direction
}

// open reports whether there is no fault on any link. It costs one atomic load.
func (p *passage) open() bool { return p.links.table.Load() == nil }

// await blocks for as long as the link would hold something that was sent now. It
// returns [os.ErrDeadlineExceeded] if d passes first, and [net.ErrClosed] if closed
// is closed.
func (p *passage) await(d *deadline, closed <-chan struct{}) error {
	began := time.Now()
	lost := time.Duration(-1) // not drawn yet
	for {
		now := p.links.table.Load()
		if now == nil {
			return nil
		}
		link := now.of[p.way]
		var due time.Time
		if !link.Cut {
			if lost < 0 {
				if lost = 0; link.loses() {
					lost = retransmission
				}
			}
			if due = began.Add(link.Delay + lost); !time.Now().Before(due) {
				return nil
			}
		}
		if err := d.wait(due, now.replaced, closed); err != nil {
			return err
		}
	}
}

// Conn is a dialled connection that obeys the faults of both directions of its
// link.
type Conn struct {
	net.Conn
	out, in   passage
	write     deadline
	read      deadline
	held      atomic.Pointer[arrived]
	closed    chan struct{}
	closeOnce sync.Once
}

// arrived holds what was read from the socket but was held by a fault when the
// read's deadline passed. The next read returns it.
type arrived struct {
	data []byte
	err  error
}

// Write waits while a fault holds the way out.
func (c *Conn) Write(b []byte) (int, error) {
	if !c.out.open() {
		if err := c.out.await(&c.write, c.closed); err != nil {
			return 0, err
		}
	}
	return c.Conn.Write(b)
}

// WriteVector writes all parts, with one system call where the connection can.
func (c *Conn) WriteVector(parts *net.Buffers) (int64, error) {
	if !c.out.open() {
		if err := c.out.await(&c.write, c.closed); err != nil {
			return 0, err
		}
	}
	return parts.WriteTo(c.Conn)
}

// Read reads first and then waits while a fault holds the way in, because a fault
// may have been set while it read.
func (c *Conn) Read(b []byte) (int, error) {
	h := c.takeHeld()
	if h == nil {
		n, err := c.Conn.Read(b)
		if c.in.open() || n == 0 && local(err) {
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

func (c *Conn) takeHeld() *arrived {
	if c.held.Load() == nil { // nearly always
		return nil
	}
	return c.held.Swap(nil)
}

// local reports whether this side, and not the peer, ended the read.
func local(err error) bool {
	return err == nil || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, net.ErrClosed)
}

// Close ends every wait.
func (c *Conn) Close() error {
	c.closeOnce.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// SetLinger passes on what an abrupt end needs of a TCP connection.
func (c *Conn) SetLinger(seconds int) error {
	if t, ok := c.Conn.(interface{ SetLinger(int) error }); ok {
		return t.SetLinger(seconds)
	}
	return nil
}

// SetDeadline implements [net.Conn]. It also bounds waits for a fault.
func (c *Conn) SetDeadline(t time.Time) error {
	c.read.set(t)
	c.write.set(t)
	return c.Conn.SetDeadline(t)
}

// SetReadDeadline implements [net.Conn]. It also bounds waits for a fault.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.read.set(t)
	return c.Conn.SetReadDeadline(t)
}

// SetWriteDeadline implements [net.Conn]. It also bounds waits for a fault.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.write.set(t)
	return c.Conn.SetWriteDeadline(t)
}

// deadline is a point in time that may be moved while somebody waits for it. The
// zero value never passes.
type deadline struct {
	mu struct {
		sync.Mutex
		at    time.Time
		moved chan struct{} // closed by set; nil while nothing waits
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

// wait returns nil at the time due (never, if that is zero), when changed is closed,
// or when the deadline was moved. It returns [os.ErrDeadlineExceeded] if the
// deadline has passed, and [net.ErrClosed] if closed is closed.
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
