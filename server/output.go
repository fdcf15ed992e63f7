package server

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"github.com/quorate/quorate/server/limits"
	"github.com/quorate/quorate/server/resp"
)

const (
	outputKept = 128 << 10              // bytes that a connection keeps between batches
	sendTime   = 100 * time.Millisecond // how long a client may take before replies are buffered
)

// errSlowReader closes a client that does not read: its replies are lost.
var errSlowReader = errors.New("client does not read its replies")

// output sends replies to one client.
//
// The session sends them itself, and must not wait for a client that sends a long
// pipeline before it reads the first reply: both sides would wait for each other. So
// bytes that the socket does not take within sendTime go to the backlog. A second
// goroutine sends the backlog, and ends when it is empty. The backlog is bounded per
// connection and per node. When it is full, the session waits, and TCP slows the client
// down. A client that takes fewer than resp.FlushBytes bytes within the write timeout
// loses its connection.
type output struct {
	writer  *resp.Writer
	conn    net.Conn
	limits  *limits.Limits
	budget  *limits.Budget
	timeout time.Duration
	start   func(func()) // runs a goroutine that the server waits for
	sent    int64        // bytes handed over

	deadline time.Time // the write deadline now set on conn; the session's

	mu struct {
		sync.Mutex
		backlog []byte
		waiting int64         // bytes of the backlog, those being sent included
		drained chan struct{} // closed when the present drain ends; nil: none runs
		err     error         // why no more can be sent
	}
}

// Flush sends what has been rendered. After an error nothing is sent any more.
func (o *output) Flush() error {
	if len(o.writer.Buf) == 0 {
		return o.failed()
	}
	err := o.Send(o.writer.Buf)
	if cap(o.writer.Buf) > outputKept {
		o.writer.Buf = nil
	}
	o.writer.Buf = o.writer.Buf[:0]
	return err
}

// Send gives p to the client or, if it is behind, to the backlog. It keeps no
// reference to p.
func (o *output) Send(p []byte) error {
	o.sent += int64(len(p))
	o.mu.Lock()
	behind, err := o.mu.drained != nil, o.mu.err
	o.mu.Unlock()
	if err != nil {
		return err
	}
	if behind {
		return o.postpone(p)
	}
	o.extendDeadline()
	n, err := o.conn.Write(p)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return o.postpone(p[n:])
	}
	return o.fail(err)
}

// extendDeadline moves the write deadline when half of it has passed: setting
// it for each write would cost as much as the rest of a small reply.
func (o *output) extendDeadline() {
	if now := time.Now(); o.deadline.Sub(now) < sendTime/2 {
		o.deadline = now.Add(sendTime)
		_ = o.conn.SetWriteDeadline(o.deadline)
	}
}

// postpone adds p to the backlog or, where that is full, waits until it is
// empty and then for p itself.
func (o *output) postpone(p []byte) error {
	size := int64(len(p))
	o.mu.Lock()
	fits := o.mu.waiting+size <= o.limits.Output.Load() && o.budget.Take(size)
	if fits {
		o.mu.waiting += size
		o.mu.backlog = append(o.mu.backlog, p...)
		if o.mu.drained == nil {
			o.mu.drained = make(chan struct{})
			o.start(o.drain)
		}
	}
	o.mu.Unlock()
	if fits {
		return nil
	}
	o.finish()
	if err := o.failed(); err != nil {
		return err
	}
	o.deadline = time.Time{}
	return o.sendSlowly(p)
}

// drain sends the backlog until it is empty or the client is lost.
func (o *output) drain() {
	var sending []byte
	for {
		o.mu.Lock()
		o.budget.Give(int64(len(sending)))
		o.mu.waiting -= int64(len(sending))
		if len(o.mu.backlog) == 0 || o.mu.err != nil {
			o.budget.Give(o.mu.waiting)
			o.mu.waiting, o.mu.backlog = 0, nil
			o.deadline = time.Time{} // read by the session only once drained is nil
			close(o.mu.drained)
			o.mu.drained = nil
			o.mu.Unlock()
			return
		}
		sending, o.mu.backlog = o.mu.backlog, sending[:0]
		o.mu.Unlock()
		_ = o.sendSlowly(sending)
	}
}

// sendSlowly gives each piece the whole write timeout: a client that reads at all
// keeps its connection. Only one goroutine sends at any time: the drain
// while there is one, else the session.
func (o *output) sendSlowly(p []byte) error {
	for len(p) > 0 {
		piece := p[:min(len(p), resp.FlushBytes)]
		_ = o.conn.SetWriteDeadline(time.Now().Add(o.timeout))
		n, err := o.conn.Write(piece)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = errSlowReader
		}
		if err != nil {
			return o.fail(err)
		}
		p = p[n:]
	}
	return nil
}

// fail remembers why the client is lost and closes the connection, which wakes a
// session that reads.
func (o *output) fail(err error) error {
	o.mu.Lock()
	if o.mu.err == nil {
		o.mu.err = err
	}
	o.mu.Unlock()
	_ = o.conn.Close()
	return err
}

func (o *output) failed() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.mu.err
}

// backlog returns how many bytes wait for the client to read. Any goroutine may ask.
func (o *output) backlog() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.mu.waiting
}

// finish waits until the backlog is gone, one way or the other.
func (o *output) finish() {
	o.mu.Lock()
	drained := o.mu.drained
	o.mu.Unlock()
	if drained != nil {
		<-drained
	}
}
