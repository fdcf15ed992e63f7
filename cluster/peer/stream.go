package peer

import (
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
)

// Completion is told how a request ended. Complete is called exactly once for
// each Send: from the stream's goroutine, the sweeper's, or Send itself. It must
// not block. body is valid only during the call.
type Completion interface {
	Complete(from causal.NodeID, body []byte, err error)
}

// stream is one TCP connection after its handshake. On one that this node
// dialled, requests go out and replies come in; on an accepted one, the reverse.
type stream struct {
	c      *Channel
	conn   net.Conn
	node   causal.NodeID
	name   string
	class  Class
	remote *remote // dialled: whose stream it is; nil: accepted
	guest  bool    // accepted from a node without a cluster: may only Join

	heard    atomic.Int64 // channel time at which something last arrived
	advanced atomic.Int64 // channel time at which a write last went through
	silent   atomic.Bool  // the peer is overdue: see sweep.go

	wake chan struct{} // to the writer, which is idle
	room *sync.Cond    // on mu: the outbox has emptied, or a request was answered
	pen  pen

	mu struct {
		sync.Mutex
		out      outbox
		waiting  pendings
		writing  int   // bytes that the pen is at
		idle     bool  // the writer waits on wake
		held     bool  // the reader has the pen: the writer, idle, is not woken
		crowded  bool  // the reader waits on room
		closing  bool  // the writer ends when all is answered and written
		broken   error // why the stream ended
		serving  int   // accepted: requests handed out and not replied to
		asked    int64 // since when the peer owes a sign of life, if after heard
		lastPing int64
	}
}

func (c *Channel) newStream(conn net.Conn, node causal.NodeID, name string, class Class, r *remote) *stream {
	s := &stream{c: c, conn: conn, node: node, name: name, class: class, remote: r, wake: make(chan struct{}, 1)}
	s.room = sync.NewCond(&s.mu.Mutex)
	s.pen.s = s
	now := c.now()
	s.heard.Store(now)
	s.mu.lastPing = now
	return s
}

// run reads and writes until the stream breaks, and completes what waited. It
// returns why it broke.
func (s *stream) run() error {
	var writer sync.WaitGroup
	writer.Go(func() { s.breakOff(s.writeAll()) })
	s.breakOff(s.readAll())
	writer.Wait()
	// Neither goroutine touches a body any more, so all may complete.
	s.mu.Lock()
	err := s.mu.broken
	var lost []pending
	for at := s.mu.waiting.head(); at != 0; at = s.mu.waiting.head() {
		lost = append(lost, s.mu.waiting.remove(at))
	}
	s.mu.Unlock()
	if len(lost) > 0 {
		failure := fmt.Errorf("%w: %w", ErrUnavailable, err)
		for i := range lost {
			lost[i].done.Complete(s.node, nil, failure)
		}
	}
	return err
}

// breakOff ends the stream; the first cause counts.
func (s *stream) breakOff(err error) {
	s.mu.Lock()
	if s.mu.broken == nil {
		if err == nil {
			err = net.ErrClosed
		}
		s.mu.broken = err
	}
	s.wakeLocked()
	s.room.Broadcast()
	s.mu.Unlock()
	if s.remote != nil {
		s.remote.lost(s) // before anything completes, so that nobody asks it again
	}
	_ = s.conn.Close() // what counts is the cause above
}

// abort ends the stream as a killed process would: what the kernel still holds is
// dropped.
func (s *stream) abort(err error) {
	abandon(s.conn)
	s.breakOff(err)
}

func abandon(conn net.Conn) {
	if t, ok := conn.(interface{ SetLinger(int) error }); ok {
		_ = t.SetLinger(0) // best effort: a closed socket has nothing to drop
	}
}

func (s *stream) wakeLocked() {
	if s.mu.idle && !s.mu.held {
		s.mu.idle = false
		s.wake <- struct{}{} // cap 1, and idle allows one at a time
	}
}

// send queues a request. It fails at once when the stream cannot take it.
func (s *stream) send(kind Kind, sum uint32, length int, body [][]byte, done Completion) error {
	now := s.c.now()
	s.mu.Lock()
	if s.mu.broken != nil || s.mu.closing {
		s.mu.Unlock()
		return ErrUnavailable
	}
	queued := s.mu.out.bytes + s.mu.writing
	if queued > 0 && queued+length > s.c.cfg.QueueBytes || s.mu.waiting.count >= s.c.cfg.QueueFrames {
		s.mu.Unlock()
		s.c.count.Overflows.Add(1)
		return errQueueFull
	}
	if heard := s.heard.Load(); s.mu.asked <= heard {
		s.mu.asked = now
		if s.mu.waiting.count > 0 { // it has owed an answer since before
			s.mu.asked = heard + 1
		}
	}
	id := s.mu.waiting.add(done, kind, now)
	if s.mu.out.add(header{length: uint32(length), kind: kind, id: id, sum: sum}, body) {
		s.mu.waiting.pin(id)
	}
	s.wakeLocked()
	s.mu.Unlock()
	s.c.stir()
	return nil
}

var errQueueFull = fmt.Errorf("%w: its queue is full", ErrUnavailable)

// reply queues an answer, copying body. A peer that asks and does not read what
// it is told loses its stream.
func (s *stream) reply(kind Kind, flags uint8, id uint64, body [][]byte) {
	sum, length := bodySum(body)
	if length > s.c.cfg.MaxFrame {
		flags |= flagError
		body = [][]byte{[]byte(ErrTooBig.Error())}
		sum, length = bodySum(body)
	}
	if length > inlineBody {
		whole := make([]byte, 0, length)
		for _, part := range body {
			whole = append(whole, part...)
		}
		body = [][]byte{whole}
	}
	s.mu.Lock()
	s.mu.serving--
	if s.mu.crowded {
		s.room.Broadcast()
	}
	if s.mu.broken != nil {
		s.mu.Unlock()
		return
	}
	queued := s.mu.out.bytes + s.mu.writing
	if queued > backlogFactor*s.c.cfg.QueueBytes {
		s.mu.Unlock()
		s.breakOff(errBacklog)
		return
	}
	s.mu.out.add(header{length: uint32(length), kind: kind, flags: flags, id: id, sum: sum}, body)
	s.wakeLocked()
	s.mu.Unlock()
}

// backlogFactor: the reader stops taking in requests when QueueBytes of replies
// wait; what is still being served then may answer up to this many times that.
const backlogFactor = 4

// awaitRoom holds the reader of an accepted stream back while the peer does not
// take its replies, or too much is being served.
func (s *stream) awaitRoom() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.mu.broken == nil && (s.mu.serving >= s.c.cfg.QueueFrames || s.mu.out.bytes+s.mu.writing > s.c.cfg.QueueBytes) {
		s.mu.crowded = true
		s.room.Wait()
	}
	s.mu.crowded = false
	return s.mu.broken
}

// finish ends an accepted stream gently: nothing more is read, and once what is
// being served is answered, and written, the stream closes.
func (s *stream) finish() {
	s.mu.Lock()
	s.mu.closing = true
	s.wakeLocked()
	s.mu.Unlock()
	_ = s.conn.SetReadDeadline(time.Unix(1, 0)) // if it fails, the stream has ended already
}

// awaitFinish holds the reader until the writer has ended a stream that finish
// was called on. It reports whether there was such a call.
func (s *stream) awaitFinish() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.mu.closing && s.mu.broken == nil {
		s.mu.crowded = true
		s.room.Wait()
	}
	return s.mu.closing
}
