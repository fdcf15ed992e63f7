package peer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"time"
)

const (
	readBuffer = 64 << 10
	maxBatch   = 256     // requests handed over together
	firstGrow  = 1 << 20 // of a body too big for the read buffer
)

// reader splits what arrives on a stream into frames. A frame that fits the buffer is
// used in place. A bigger one gets memory of its own while it arrives, within the
// node's budget.
type reader struct {
	s        *stream
	buf      []byte
	r, w     int // unread: buf[r:w]
	requests []*Request
	pings    []uint64
	parcels  map[uint64]*arrivingBody // by the id of their frames
	replies  []arrival
	deadline int64 // channel time of the read deadline last set
}

// arrival is a reply that was read.
type arrival struct {
	pending
	header
	body    []byte
	refusal error // why the body was not taken
}

func (s *stream) readAll() error {
	rd := &reader{s: s, buf: make([]byte, readBuffer)}
	defer rd.dropParcels()
	for {
		if s.remote == nil {
			if err := s.awaitRoom(); err != nil {
				return err
			}
		}
		n, err := rd.read(rd.buf[rd.w:])
		rd.w += n
		if n > 0 {
			if err := rd.parse(); err != nil {
				return err
			}
		}
		if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) && s.awaitClose() {
				return errWriterDone
			}
			return fmt.Errorf("read: %w", err)
		}
	}
}

// read reads once, and records that something arrived from the peer.
func (rd *reader) read(b []byte) (int, error) {
	s := rd.s
	if s.remote == nil {
		if err := rd.extendDeadline(); err != nil {
			return 0, err
		}
	}
	n, err := s.conn.Read(b)
	if n > 0 {
		s.lastReceived.Store(s.c.now())
		s.c.count.BytesReceived.Add(uint64(n))
		if s.silent.Load() {
			s.remote.answered(s)
		}
	}
	return n, err
}

// extendDeadline bounds how long nothing may arrive on an accepted stream. Its dialler
// pings, so after that time it is gone. The deadline is moved only now and then,
// because each move is costly.
func (rd *reader) extendDeadline() error {
	limit := int64(4 * rd.s.c.cfg.SilenceTimeout)
	now := rd.s.c.now()
	if rd.deadline-now > limit*3/4 { // also while a deadline of readBigFrame is in force
		return nil
	}
	rd.deadline = now + limit
	return rd.s.conn.SetReadDeadline(time.Now().Add(time.Duration(limit)))
}

// parse delivers every complete frame of the buffer, also those before a malformed
// one.
func (rd *reader) parse() error {
	err := cmp.Or(rd.collect(), rd.checkParcels())
	rd.deliver()
	rd.w = copy(rd.buf, rd.buf[rd.r:rd.w])
	rd.r = 0
	return err
}

func (rd *reader) collect() error {
	for rd.w-rd.r >= headerSize {
		h, err := parseHeader(rd.buf[rd.r:rd.w])
		if err != nil {
			return err
		}
		if err := rd.s.checkHeader(h); err != nil {
			return err
		}
		size := headerSize + int(h.length)
		if size > len(rd.buf) {
			if err := rd.readBigFrame(h); err != nil {
				return err
			}
			continue
		}
		if rd.w-rd.r < size {
			return nil
		}
		body := rd.buf[rd.r+headerSize : rd.r+size : rd.r+size]
		if err := rd.add(h, body); err != nil {
			return err
		}
		rd.r += size
		if len(rd.requests) >= maxBatch {
			rd.deliver()
		}
	}
	return nil
}

// checkHeader checks a header before its body is read.
func (s *stream) checkHeader(h header) error {
	switch {
	case int64(h.length) > int64(s.c.cfg.MaxFrame):
		return fmt.Errorf("%w: frame of %d bytes, want at most %d", errMalformed, h.length, s.c.cfg.MaxFrame)
	case h.isReply() != (s.remote != nil):
		return fmt.Errorf("%w: a request came where replies are expected, or the reverse", errMalformed)
	case s.newcomer && h.kind != Join:
		return fmt.Errorf("%w: a node that is in no cluster may only ask to join", errMalformed)
	case s.newcomer && h.length > maxNewcomerBody:
		return fmt.Errorf("%w: request to join of %d bytes", errMalformed, h.length)
	}
	return nil
}

// maxNewcomerBody bounds the body of a request to join, which anybody may send.
const maxNewcomerBody = 16 << 10

func (rd *reader) add(h header, body []byte) error {
	if err := h.check(body); err != nil {
		return err
	}
	switch {
	case h.flags&flagPiece != 0:
		return rd.addPiece(h, body)
	case h.isReply():
		rd.replies = append(rd.replies, arrival{header: h, body: body})
	case h.kind == kindPing:
		rd.pings = append(rd.pings, h.id)
	default:
		r := requestPool.Get().(*Request)
		*r = Request{From: rd.s.node, Class: rd.s.class, Kind: h.kind, Body: body, stream: rd.s, id: h.id}
		rd.requests = append(rd.requests, r)
	}
	return nil
}

// deliver passes requests to the handler and replies to their completions.
func (rd *reader) deliver() {
	s := rd.s
	if n := len(rd.requests) + len(rd.pings); n > 0 {
		s.c.count.FramesReceived.Add(uint64(n))
		s.mu.Lock()
		s.mu.unanswered += n
		s.mu.Unlock()
		borrowed := s.borrowWriter()
		for _, id := range rd.pings {
			s.reply(kindPing, flagReply, id, copied, nil)
		}
		if len(rd.requests) > 0 {
			s.c.handler.ServePeer(rd.requests)
		}
		if borrowed {
			s.returnWriter()
		}
		clear(rd.requests)
		rd.requests, rd.pings = rd.requests[:0], rd.pings[:0]
	}
	if len(rd.replies) > 0 {
		s.c.count.FramesReceived.Add(uint64(len(rd.replies)))
		rd.complete()
	}
}

// complete finds the requests of all replies under one lock, and then completes them.
func (rd *reader) complete() {
	s := rd.s
	s.mu.Lock()
	for i := range rd.replies {
		a := &rd.replies[i]
		at := s.mu.waiting.find(a.id)
		for at != 0 && s.mu.waiting.elements[at].pinned && s.mu.broken == nil {
			// The reply came before the writer has released the body, or the peer is
			// lying. In both cases the writer may still use the body.
			s.mu.readerWaits = true
			s.room.Wait()
			at = s.mu.waiting.find(a.id)
		}
		if at != 0 && !s.mu.waiting.elements[at].pinned {
			a.pending = s.mu.waiting.remove(at)
		}
	}
	s.mu.readerWaits = false
	s.mu.Unlock()
	now := s.c.now()
	for i := range rd.replies {
		a := &rd.replies[i]
		if a.done == nil {
			continue // timed out meanwhile
		}
		s.remote.wait.record(a.pending.kind, time.Duration(now-a.sent))
		switch {
		case a.refusal != nil:
			a.done.Complete(s.node, nil, fmt.Errorf("%w: %w", ErrUnavailable, a.refusal))
		case a.isError():
			a.done.Complete(s.node, nil, &RemoteError{Kind: a.pending.kind, Message: printable(a.body)})
		default:
			a.done.Complete(s.node, a.body, nil)
		}
	}
	clear(rd.replies)
	rd.replies = rd.replies[:0]
}

// readBigFrame reads a frame that is bigger than the buffer. The length that the peer
// claims is charged to the node's budget at once, so that many such frames wait for
// each other instead of all stopping half way. Memory is allocated only as bytes
// arrive.
func (rd *reader) readBigFrame(h header) error {
	rd.deliver()
	ctx, cancel := context.WithTimeout(context.Background(), rd.s.c.cfg.HandshakeTimeout)
	err := rd.s.c.inbound.Acquire(ctx, int64(h.length))
	cancel()
	if err != nil {
		return fmt.Errorf("frame of %d bytes: no room among the bodies being received: %w", h.length, err)
	}
	defer rd.s.c.inbound.Release(int64(h.length))
	rd.setDeadline(bigDeadline + time.Duration(h.length)*time.Second/bigRate)
	have, err := rd.readBigBody(int(h.length))
	if err != nil {
		return err
	}
	if err := rd.clearDeadline(); err != nil {
		return err
	}
	if err := rd.add(h, have); err != nil {
		return err
	}
	rd.deliver()
	return nil
}

// A big body must arrive within bigDeadline plus its length at bigRate bytes per
// second, so that a slow sender does not hold the budget for ever.
const (
	bigDeadline = 10 * time.Second
	bigRate     = 1 << 20
)

func (rd *reader) readBigBody(length int) ([]byte, error) {
	have := append(make([]byte, 0, min(length, firstGrow)), rd.buf[rd.r+headerSize:rd.w]...)
	rd.r, rd.w = 0, 0
	for len(have) < length {
		if len(have) == cap(have) {
			have = slices.Grow(have, min(cap(have), length-len(have)))
		}
		n, err := rd.read(have[len(have):min(cap(have), length)])
		have = have[:len(have)+n]
		if err != nil && len(have) < length {
			return nil, fmt.Errorf("read %d of %d bytes: %w", len(have), length, err)
		}
	}
	return have, nil
}

// setDeadline sets a read deadline that extendDeadline does not move.
func (rd *reader) setDeadline(d time.Duration) {
	rd.deadline = math.MaxInt64
	_ = rd.s.conn.SetReadDeadline(time.Now().Add(d)) // on a closed connection the read fails
}

func (rd *reader) clearDeadline() error {
	rd.deadline = 0
	return rd.s.conn.SetReadDeadline(time.Time{})
}
