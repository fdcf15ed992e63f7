package peer

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"time"
)

// writerState holds the buffers and the deadline for writing to a stream. The writer
// goroutine uses it, except when the reader of an accepted stream borrows it to send
// the replies to the requests that it has just read: handing those to the writer
// would cost two goroutine switches, and often the wake-up of a sleeping thread, for
// each batch.
type writerState struct {
	s      *stream
	box    outbox
	vector net.Buffers
	sent   []uint64 // requests whose last piece is in box
	until  int64    // channel time of the write deadline last set
}

// begin implements [progress]. It moves the write deadline when half of it is used up.
func (w *writerState) begin() error {
	now := w.s.c.now()
	if w.until-now > int64(writeTimeout)/2 {
		return nil
	}
	w.until = now + int64(writeTimeout)
	if err := w.s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return fmt.Errorf("set write deadline: %w", err)
	}
	return nil
}

// done implements [progress].
func (w *writerState) done() {
	w.s.lastWritten.Store(w.s.c.now())
	w.s.c.count.Writes.Add(1)
}

// fillLocked moves what is queued into the writer's buffers.
func (s *stream) fillLocked() {
	s.writer.box, s.mu.out = s.mu.out, s.writer.box
	s.mu.writing = s.writer.box.bytes
}

// write sends the writer's buffers.
func (w *writerState) write() error {
	if err := w.box.writeTo(w.s.conn, &w.vector, w); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	w.s.c.count.BytesSent.Add(uint64(w.box.bytes))
	w.s.c.count.FramesSent.Add(uint64(w.box.frames))
	return nil
}

// writeAll runs the writer: it sends everything that is queued in one write.
func (s *stream) writeAll() error {
	for {
		s.mu.Lock()
		s.releaseLocked()
		for s.nothingLocked() && s.mu.broken == nil && !(s.mu.closing && s.mu.unanswered == 0) {
			s.mu.idle = true
			s.mu.Unlock()
			<-s.wake
			// Other goroutines that can run now may have something to send too.
			runtime.Gosched()
			s.mu.Lock()
		}
		if s.mu.broken != nil || s.nothingLocked() {
			s.mu.Unlock()
			return errWriterDone
		}
		s.fillLocked()
		s.takePiecesLocked()
		s.mu.Unlock()
		if err := s.writer.write(); err != nil {
			return err
		}
	}
}

// nothingLocked reports whether nothing waits to be sent.
func (s *stream) nothingLocked() bool { return s.mu.out.empty() && len(s.mu.parcels) == 0 }

var errWriterDone = errors.New("stream finished")

// borrowWriter gives the writer's state to the reader if the writer is idle, and
// reports whether it did. From then until returnWriter, replies wait for the reader.
func (s *stream) borrowWriter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.borrowed = s.mu.idle && s.mu.out.empty()
	return s.mu.borrowed
}

// returnWriter sends what was queued since borrowWriter. A larger backlog is left to
// the writer goroutine, because the reader might have to wait until the peer takes
// it.
func (s *stream) returnWriter() {
	s.mu.Lock()
	if n := s.mu.out.bytes; n > 0 && n <= inlineBody && s.mu.broken == nil {
		s.fillLocked()
		s.mu.Unlock()
		if err := s.writer.write(); err != nil {
			s.fail(err)
		}
		s.mu.Lock()
		s.releaseLocked()
	}
	s.mu.borrowed = false
	if !s.nothingLocked() || s.mu.broken != nil || s.mu.closing {
		s.wakeLocked()
	}
	s.mu.Unlock()
}

// releaseLocked unpins the bodies of a written outbox and empties it.
func (s *stream) releaseLocked() {
	box := &s.writer.box
	for _, c := range box.cuts {
		if s.remote != nil {
			s.mu.waiting.unpin(c.id)
		}
	}
	box.reset()
	for _, id := range s.writer.sent {
		if s.remote != nil {
			s.mu.waiting.unpin(id)
		}
	}
	s.writer.sent = s.writer.sent[:0]
	s.mu.writing = 0
	if s.mu.readerWaits {
		s.room.Broadcast()
	}
}
