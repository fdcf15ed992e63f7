package peer

import (
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
)

// Completion receives the result of a request. Complete is called exactly once for
// each Send: by the stream's goroutine, by the watchdog, or by Send itself. It must
// not block. body is valid only during the call.
type Completion interface {
	Complete(from causal.NodeID, body []byte, err error)
}

// Announced is a [Completion] that is told of a large reply when its first bytes arrive.
// The reply may take [TransferTime] of its size from then on, and its body belongs to the
// completion. Announce must not block.
type Announced interface {
	Completion
	Announce(size int)
}

// stream is one TCP connection after its handshake. On one that this node
// dialled, requests go out and replies come in; on an accepted one, the reverse.
type stream struct {
	c        *Channel
	conn     net.Conn
	node     causal.NodeID
	name     string
	class    Class
	lane     Lane
	remote   *remote // dialled: whose stream it is; nil: accepted
	pieces   bool    // the peer takes large bodies in pieces
	newcomer bool    // accepted from a node without a cluster, which may only join

	lastReceived atomic.Int64 // channel time at which something last arrived
	lastWritten  atomic.Int64 // channel time at which a write last went through
	silent       atomic.Bool  // the peer is overdue: see watchdog.go
	warned       bool         // the watchdog has logged that

	wake   chan struct{} // to the writer, which is idle
	room   *sync.Cond    // on mu: the outbox has emptied, or a request was answered
	writer writerState

	mu struct {
		sync.Mutex
		out         outbox
		parcels     []*parcel // large bodies that are being sent, beside out
		waiting     pendings
		writing     int   // bytes that are being written
		idle        bool  // the writer waits on wake
		borrowed    bool  // the reader uses writerState: the writer is idle and is not woken
		readerWaits bool  // the reader waits on room
		closing     bool  // the writer ends when all is answered and written
		broken      error // why the stream ended
		unanswered  int   // accepted: requests handed out and not replied to
		asked       int64 // since when requests are outstanding, if later than lastReceived
		lastPing    int64
	}
}

func (c *Channel) newStream(conn net.Conn, node causal.NodeID, name string, class Class, r *remote) *stream {
	s := &stream{c: c, conn: conn, node: node, name: name, class: class, remote: r, wake: make(chan struct{}, 1)}
	s.room = sync.NewCond(&s.mu.Mutex)
	s.writer.s = s
	now := c.now()
	s.lastReceived.Store(now)
	s.mu.lastPing = now
	return s
}

// run reads and writes until the stream breaks, and completes all requests that are
// pending then. It returns why the stream broke.
func (s *stream) run() error {
	var writer sync.WaitGroup
	writer.Go(func() { s.fail(s.writeAll()) })
	s.fail(s.readAll())
	writer.Wait()
	// Neither goroutine uses a body any more, so all requests may complete.
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

// fail ends the stream. The first cause is kept.
func (s *stream) fail(err error) {
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
		s.remote.lost(s) // before any request completes, so that no new one is sent to it
	}
	_ = s.conn.Close() // the cause is kept above
}

// abort ends the stream as the death of the process would: data that is still in the
// kernel is dropped.
func (s *stream) abort(err error) {
	discardUnsent(s.conn)
	s.fail(err)
}

func discardUnsent(conn net.Conn) {
	if t, ok := conn.(interface{ SetLinger(int) error }); ok {
		_ = t.SetLinger(0) // on a closed socket there is nothing to drop
	}
}

func (s *stream) wakeLocked() {
	if s.mu.idle && !s.mu.borrowed {
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
		return ErrNotSent
	}
	queued := s.mu.out.bytes + s.mu.writing
	if s.cuts(length) {
		queued = 0
	}
	if queued > ownFrames && queued+length > s.c.cfg.QueueBytes || s.mu.waiting.count >= s.c.cfg.QueueFrames {
		s.mu.Unlock()
		s.c.count.Overflows.Add(1)
		return errQueueFull
	}
	if lastReceived := s.lastReceived.Load(); s.mu.asked <= lastReceived {
		s.mu.asked = now
		if s.mu.waiting.count > 0 { // an earlier answer is outstanding
			s.mu.asked = lastReceived + 1
		}
	}
	id := s.mu.waiting.add(done, kind, now)
	if s.addLocked(header{length: uint32(length), kind: kind, id: id, sum: sum}, body) {
		s.mu.waiting.pin(id)
		s.mu.waiting.allow(s.mu.waiting.find(id), TransferTime(length))
	}
	s.wakeLocked()
	s.mu.Unlock()
	s.c.wakeWatchdog()
	return nil
}

// addLocked queues a frame, and reports whether it references the body.
func (s *stream) addLocked(h header, body [][]byte) (referenced bool) {
	if !s.cuts(int(h.length)) {
		return s.mu.out.add(h, body)
	}
	s.mu.parcels = append(s.mu.parcels, &parcel{header: h, rest: slices.Clone(body)})
	return true
}

// ownFrames is the room of the channel's own frames, such as a ping. Where nothing else is
// queued, a body of any length is taken.
const ownFrames = 4 * headerSize

var errQueueFull = fmt.Errorf("%w: its queue is full", ErrNotSent)

// reply queues an answer, and copies body unless it is the channel's own. The stream of a peer that sends requests and
// does not read the replies is broken.
func (s *stream) reply(kind Kind, flags uint8, id uint64, whose ownership, body [][]byte) {
	sum, length := bodySum(body)
	if length > s.c.cfg.MaxFrame {
		flags |= flagError
		body = [][]byte{[]byte(ErrTooBig.Error())}
		sum, length = bodySum(body)
	}
	if length > inlineBody && whose == copied {
		whole := make([]byte, 0, length)
		for _, part := range body {
			whole = append(whole, part...)
		}
		body = [][]byte{whole}
	}
	s.mu.Lock()
	s.mu.unanswered--
	if s.mu.readerWaits {
		s.room.Broadcast()
	}
	if s.mu.broken != nil {
		s.mu.Unlock()
		return
	}
	queued := s.mu.out.bytes + s.mu.writing
	if queued > backlogFactor*s.c.cfg.QueueBytes {
		s.mu.Unlock()
		s.fail(errBacklog)
		return
	}
	s.addLocked(header{length: uint32(length), kind: kind, flags: flags, id: id, sum: sum}, body)
	s.wakeLocked()
	s.mu.Unlock()
}

// backlogFactor bounds the replies of one stream, in multiples of QueueBytes. The
// reader stops reading requests at QueueBytes; requests that are being served then
// may still be answered.
const backlogFactor = 4

// awaitRoom blocks the reader of an accepted stream while too many replies wait for
// the peer, or too many requests are being served.
func (s *stream) awaitRoom() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.mu.broken == nil && (s.mu.unanswered >= s.c.cfg.QueueFrames || s.mu.out.bytes+s.mu.writing > s.c.cfg.QueueBytes) {
		s.mu.readerWaits = true
		s.room.Wait()
	}
	s.mu.readerWaits = false
	return s.mu.broken
}

// closeGently ends an accepted stream: it reads nothing more, answers the requests that
// are being served, and then closes.
func (s *stream) closeGently() {
	s.mu.Lock()
	s.mu.closing = true
	s.wakeLocked()
	s.mu.Unlock()
	_ = s.conn.SetReadDeadline(time.Unix(1, 0)) // if this fails, the stream has ended already
}

// awaitClose blocks the reader until the writer has ended a stream on which
// closeGently was called. It reports whether it was.
func (s *stream) awaitClose() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.mu.closing && s.mu.broken == nil {
		s.mu.readerWaits = true
		s.room.Wait()
	}
	return s.mu.closing
}
