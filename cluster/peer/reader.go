package peer

import (
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

// reader takes a stream's frames apart. A frame that fits the buffer is used
// where it lies; a bigger one gets memory as it arrives, under the node's budget.
type reader struct {
	s        *stream
	buf      []byte
	r, w     int // unread: buf[r:w]
	requests []*Request
	pings    []uint64
	replies  []arrival
	deadline int64 // channel time of the read deadline last set
}

// arrival is a reply that was read.
type arrival struct {
	pending
	header
	body []byte
}

func (s *stream) readAll() error {
	rd := &reader{s: s, buf: make([]byte, readBuffer)}
	for {
		if s.remote == nil {
			if err := s.awaitRoom(); err != nil {
				return err
			}
		}
		n, err := rd.read(rd.buf[rd.w:])
		rd.w += n
		if n > 0 {
			if err := rd.takeApart(); err != nil {
				return err
			}
		}
		if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) && s.awaitFinish() {
				return errFinished
			}
			return fmt.Errorf("read: %w", err)
		}
	}
}

// read reads once, and notes that the peer was heard.
func (rd *reader) read(b []byte) (int, error) {
	s := rd.s
	if s.remote == nil {
		if err := rd.extendDeadline(); err != nil {
			return 0, err
		}
	}
	n, err := s.conn.Read(b)
	if n > 0 {
		s.heard.Store(s.c.now())
		s.c.count.BytesReceived.Add(uint64(n))
		if s.silent.Load() {
			s.remote.answered(s)
		}
	}
	return n, err
}

// extendDeadline bounds how long an accepted stream may stay mute: its dialler
// pings, so one that is mute has gone without a word. It is set seldom, for it
// costs.
func (rd *reader) extendDeadline() error {
	limit := int64(4 * rd.s.c.cfg.SilenceTimeout)
	now := rd.s.c.now()
	if rd.deadline-now > limit*3/4 { // also while limit holds
		return nil
	}
	rd.deadline = now + limit
	return rd.s.conn.SetReadDeadline(time.Now().Add(time.Duration(limit)))
}

// takeApart hands over every complete frame of the buffer, those before a
// malformed one too.
func (rd *reader) takeApart() error {
	err := rd.collect()
	rd.handOver()
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
		if err := rd.s.permits(h); err != nil {
			return err
		}
		size := headerSize + int(h.length)
		if size > len(rd.buf) {
			if err := rd.takeBig(h); err != nil {
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
			rd.handOver()
		}
	}
	return nil
}

// permits checks a header before its body is read.
func (s *stream) permits(h header) error {
	switch {
	case int64(h.length) > int64(s.c.cfg.MaxFrame):
		return fmt.Errorf("%w: frame of %d bytes", errMalformed, h.length)
	case h.isReply() != (s.remote != nil):
		return fmt.Errorf("%w: request and reply mixed up", errMalformed)
	case s.guest && h.kind != Join:
		return fmt.Errorf("%w: a node that is in no cluster may only ask to join", errMalformed)
	case s.guest && h.length > maxGuestBody:
		return fmt.Errorf("%w: request to join of %d bytes", errMalformed, h.length)
	}
	return nil
}

// maxGuestBody bounds what a stranger may send.
const maxGuestBody = 16 << 10

func (rd *reader) add(h header, body []byte) error {
	if err := h.check(body); err != nil {
		return err
	}
	switch {
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

// handOver gives what was collected to those who wait for it.
func (rd *reader) handOver() {
	s := rd.s
	if n := len(rd.requests) + len(rd.pings); n > 0 {
		s.c.count.FramesReceived.Add(uint64(n))
		s.mu.Lock()
		s.mu.serving += n
		s.mu.Unlock()
		lent := s.lend()
		for _, id := range rd.pings {
			s.reply(kindPing, flagReply, id, nil)
		}
		if len(rd.requests) > 0 {
			s.c.handler.ServePeer(rd.requests)
		}
		if lent {
			s.giveBack()
		}
		clear(rd.requests)
		rd.requests, rd.pings = rd.requests[:0], rd.pings[:0]
	}
	if len(rd.replies) > 0 {
		s.c.count.FramesReceived.Add(uint64(len(rd.replies)))
		rd.complete()
	}
}

// complete matches replies with what waits for them, under one lock, and then
// tells those who asked.
func (rd *reader) complete() {
	s := rd.s
	s.mu.Lock()
	for i := range rd.replies {
		a := &rd.replies[i]
		at := s.mu.waiting.find(a.id)
		for at != 0 && s.mu.waiting.slots[at].pinned && s.mu.broken == nil {
			// Answered before our writer has noticed that all is written, or by a
			// liar: either way the body is the writer's still.
			s.mu.crowded = true
			s.room.Wait()
			at = s.mu.waiting.find(a.id)
		}
		if at != 0 && !s.mu.waiting.slots[at].pinned {
			a.pending = s.mu.waiting.remove(at)
		}
	}
	s.mu.crowded = false
	s.mu.Unlock()
	now := s.c.now()
	for i := range rd.replies {
		a := &rd.replies[i]
		if a.done == nil {
			continue // timed out meanwhile
		}
		s.remote.patience.record(a.pending.kind, time.Duration(now-a.sent))
		if a.isError() {
			a.done.Complete(s.node, nil, &RemoteError{From: s.node, Kind: a.pending.kind, Message: printable(a.body)})
		} else {
			a.done.Complete(s.node, a.body, nil)
		}
	}
	clear(rd.replies)
	rd.replies = rd.replies[:0]
}

// takeBig reads a frame that is bigger than the buffer. Its length is only the
// peer's word: it is charged to the node's budget at once, so that many such
// frames wait for each other instead of getting stuck half way, but memory is
// taken as bytes arrive.
func (rd *reader) takeBig(h header) error {
	rd.handOver()
	ctx, cancel := context.WithTimeout(context.Background(), rd.s.c.cfg.HandshakeTimeout)
	err := rd.s.c.inbound.Acquire(ctx, int64(h.length))
	cancel()
	if err != nil {
		return fmt.Errorf("frame of %d bytes: no room among the bodies being received: %w", h.length, err)
	}
	defer rd.s.c.inbound.Release(int64(h.length))
	rd.limit(bigDeadline + time.Duration(h.length)*time.Second/bigRate)
	have, err := rd.readBig(int(h.length))
	if err != nil {
		return err
	}
	if err := rd.unlimit(); err != nil {
		return err
	}
	if err := rd.add(h, have); err != nil {
		return err
	}
	rd.handOver()
	return nil
}

// A big body must arrive within bigDeadline and what it takes at bigRate bytes a
// second: a peer that trickles does not hold the budget for ever.
const (
	bigDeadline = 10 * time.Second
	bigRate     = 1 << 20
)

func (rd *reader) readBig(length int) ([]byte, error) {
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

// limit sets a read deadline that extendDeadline does not move.
func (rd *reader) limit(d time.Duration) {
	rd.deadline = math.MaxInt64
	_ = rd.s.conn.SetReadDeadline(time.Now().Add(d)) // a closed connection: the read says so
}

func (rd *reader) unlimit() error {
	rd.deadline = 0
	return rd.s.conn.SetReadDeadline(time.Time{})
}
