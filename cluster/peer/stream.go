package peer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/cluster/causal"
)

const (
	readBuffer = 64 << 10
	// batchFrames bounds what one call of a handler is given.
	batchFrames = 256
)

// stream is one connection after its handshake. Whoever dialled it asks, the
// other side answers.
type stream struct {
	c       *Channel
	conn    net.Conn
	peer    causal.NodeID
	class   Class
	guest   bool    // accepted for one call of a stranger: Join only
	remote  *remote // dialled streams: whom it leads to
	wake    chan struct{}
	heard   atomic.Int64 // channel time of the last frame
	vector  net.Buffers  // the writer's
	serving atomic.Int64 // accepted streams: requests not answered yet

	mu struct {
		sync.Mutex
		box     outbox
		waiting pendings
		broken  error
	}
}

func (c *Channel) newStream(conn net.Conn, peer causal.NodeID, class Class) *stream {
	s := &stream{c: c, conn: conn, peer: peer, class: class, wake: make(chan struct{}, 1)}
	s.heard.Store(c.now())
	return s
}

// request queues a request. The completion is called at once where it cannot be
// sent.
func (s *stream) request(kind Kind, body []byte, done Completion) {
	if err := s.enqueue(kind, body, done); err != nil {
		done.Complete(s.peer, nil, err)
	}
}

func (s *stream) enqueue(kind Kind, body []byte, done Completion) error {
	if len(body) > s.c.cfg.MaxFrame {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooBig, len(body), s.c.cfg.MaxFrame)
	}
	parts := [1][]byte{body}
	sum, length := bodySum(parts[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.mu.broken != nil:
		return fmt.Errorf("%w: %w", ErrUnavailable, s.mu.broken)
	case s.mu.waiting.count >= s.c.cfg.QueueFrames,
		!s.mu.box.empty() && s.mu.box.bytes+length > s.c.cfg.QueueBytes:
		s.c.count.Overflows.Add(1)
		return fmt.Errorf("%w: its queue is full", ErrUnavailable)
	}
	id := s.mu.waiting.add(done, kind, s.c.now())
	if s.mu.box.add(header{length: uint32(length), kind: kind, id: id, sum: sum}, parts[:]) {
		s.mu.waiting.slots[s.mu.waiting.find(id)].pinned = true
	}
	s.poke()
	return nil
}

// reply queues an answer. Its body is copied if it would have to be kept.
func (s *stream) reply(id uint64, kind Kind, flags uint8, body [][]byte) {
	sum, length := bodySum(body)
	if length > inlineBody {
		whole := make([]byte, 0, length)
		for _, part := range body {
			whole = append(whole, part...)
		}
		body = [][]byte{whole}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.broken != nil {
		return
	}
	if !s.mu.box.empty() && s.mu.box.bytes+length > s.c.cfg.QueueBytes {
		// Its requests come, its answers are not taken: it is of no use.
		s.breakLocked(errBacklog)
		return
	}
	at := len(s.mu.box.cuts)
	s.mu.box.add(header{length: uint32(length), kind: kind, flags: flags | flagReply, id: id, sum: sum}, body)
	for i := at; i < len(s.mu.box.cuts); i++ {
		s.mu.box.cuts[i].id = 0 // the outbox's own
	}
	s.poke()
}

func (s *stream) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// fail ends the stream; the first cause stands.
func (s *stream) fail(err error) {
	s.mu.Lock()
	s.breakLocked(err)
	s.mu.Unlock()
}

func (s *stream) breakLocked(err error) {
	if s.mu.broken != nil {
		return
	}
	s.mu.broken = err
	_ = s.conn.Close() // wakes reader and writer; there is nobody to tell
	s.poke()
}

// run reads until the stream breaks, with a writer beside it, and completes
// whatever still waits then. take is given all frames that arrived together.
func (s *stream) run(ctx context.Context, take func([]frame) error) error {
	stop := context.AfterFunc(ctx, func() { s.fail(ErrClosed) })
	defer stop()
	var writer sync.WaitGroup
	writer.Go(s.write)
	s.fail(s.read(take))
	writer.Wait()
	s.mu.Lock()
	err := s.mu.broken
	var left []pending
	for s.mu.waiting.count > 0 {
		left = append(left, s.mu.waiting.remove(s.mu.waiting.slots[0].next))
	}
	s.mu.Unlock()
	s.c.count.StreamsBroken.Add(1)
	for _, p := range left {
		p.done.Complete(s.peer, nil, fmt.Errorf("%w: %w", ErrUnavailable, err))
	}
	return err
}

// write sends whatever is queued, all of it in one go, until the stream breaks.
func (s *stream) write() {
	var box outbox
	for range s.wake {
		s.mu.Lock()
		if s.mu.broken != nil {
			s.mu.Unlock()
			return
		}
		box, s.mu.box = s.mu.box, box
		s.mu.Unlock()
		if box.empty() {
			continue
		}
		s.c.count.Writes.Add(1)
		s.c.count.BytesSent.Add(uint64(box.bytes))
		err := box.writeTo(s.conn, &s.vector, func() {})
		s.unpin(&box)
		box.reset()
		if err != nil {
			s.fail(fmt.Errorf("write: %w", err))
			return
		}
	}
}

// unpin lets requests complete whose bodies were referenced until now.
func (s *stream) unpin(box *outbox) {
	if len(box.cuts) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range box.cuts {
		if at := s.mu.waiting.find(c.id); c.id != 0 && at != 0 {
			s.mu.waiting.slots[at].pinned = false
		}
	}
}

// frame is one that arrived; its body lies in the read buffer.
type frame struct {
	header
	body []byte
}

// read hands over frames as they arrive.
func (s *stream) read(take func([]frame) error) error {
	buf := make([]byte, readBuffer)
	var frames []frame
	start, end := 0, 0
	for {
		n, err := s.conn.Read(buf[end:])
		if end += n; n > 0 {
			s.heard.Store(s.c.now())
			s.c.count.BytesReceived.Add(uint64(n))
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				return io.EOF
			}
			return fmt.Errorf("read: %w", err)
		}
		for {
			var need int
			if frames, start, need, err = s.cut(frames[:0], buf[:end], start); err != nil {
				return err
			}
			if len(frames) > 0 {
				s.c.count.FramesReceived.Add(uint64(len(frames)))
				if err := take(frames); err != nil {
					return err
				}
				continue
			}
			if need > len(buf) {
				if err := s.readBig(buf[start:end], need, take); err != nil {
					return err
				}
				start, end = 0, 0
			}
			break
		}
		copy(buf, buf[start:end])
		start, end = 0, end-start
	}
}

// cut takes whole frames off buf[start:]; need is the size of the unfinished
// one behind them, where it is known.
func (s *stream) cut(frames []frame, buf []byte, start int) (_ []frame, next, need int, err error) {
	for len(frames) < batchFrames && len(buf)-start >= headerSize {
		h, err := parseHeader(buf[start:])
		if err != nil {
			return nil, 0, 0, err
		}
		if int64(h.length) > int64(s.c.cfg.MaxFrame) {
			return nil, 0, 0, fmt.Errorf("%w: frame of %d bytes, at most %d are taken", errMalformed, h.length, s.c.cfg.MaxFrame)
		}
		need = headerSize + int(h.length)
		if len(buf)-start < need {
			return frames, start, need, nil
		}
		body := buf[start+headerSize : start+need : start+need]
		if err := h.check(body); err != nil {
			return nil, 0, 0, err
		}
		frames = append(frames, frame{header: h, body: body})
		start += need
	}
	return frames, start, 0, nil
}

// readBig reads a frame that the read buffer cannot hold, into memory that grows
// as its bytes arrive and counts against the node's bound.
func (s *stream) readBig(head []byte, need int, take func([]frame) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.c.cfg.HandshakeTimeout)
	err := s.c.inbound.Acquire(ctx, int64(need))
	cancel()
	if err != nil {
		return fmt.Errorf("no room for a frame of %d bytes: %w", need, err)
	}
	defer s.c.inbound.Release(int64(need))
	whole := append(make([]byte, 0, 2*readBuffer), head...)
	for len(whole) < need {
		if len(whole) == cap(whole) {
			whole = append(whole, 0)[:len(whole)]
		}
		n, err := s.conn.Read(whole[len(whole):min(cap(whole), need)])
		if whole = whole[:len(whole)+n]; n > 0 {
			s.heard.Store(s.c.now())
			s.c.count.BytesReceived.Add(uint64(n))
		}
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
	}
	frames, _, _, err := s.cut(nil, whole, 0)
	if err != nil {
		return err
	}
	s.c.count.FramesReceived.Add(1)
	return take(frames)
}

// takeReplies completes the requests that frames answer.
func (s *stream) takeReplies(frames []frame) error {
	now := s.c.now()
	for _, f := range frames {
		if !f.isReply() {
			return fmt.Errorf("%w: a request on a stream for replies", errMalformed)
		}
		s.mu.Lock()
		at := s.mu.waiting.find(f.id)
		var p pending
		if at != 0 {
			p = s.mu.waiting.remove(at)
		}
		s.mu.Unlock()
		if at == 0 {
			continue // it timed out
		}
		if s.class == Foreground {
			s.remote.patience.record(p.kind, time.Duration(now-p.sent))
			s.remote.silent.Store(false)
		}
		if f.isError() {
			p.done.Complete(s.peer, nil, &RemoteError{From: s.peer, Kind: p.kind, Message: printable(f.body)})
		} else {
			p.done.Complete(s.peer, f.body, nil)
		}
	}
	return nil
}

// sweep completes what has waited too long, and returns since when the oldest of
// the rest waits, or 0.
func (s *stream) sweep(now int64, timeout time.Duration) (oldest int64) {
	s.mu.Lock()
	late := s.mu.waiting.expire(now-int64(timeout), nil)
	sent, some := s.mu.waiting.oldest()
	s.mu.Unlock()
	for _, p := range late {
		s.c.count.Timeouts.Add(1)
		p.done.Complete(s.peer, nil, fmt.Errorf("%w: %v", ErrTimeout, timeout))
	}
	if !some {
		return 0
	}
	return sent
}
