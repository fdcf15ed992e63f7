package peer

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"time"
)

// pen is what it takes to write on a stream. The writer has it, save for the
// moments when the reader of an accepted stream sends the replies to what it has
// just read: handing them to the writer would cost two switches of goroutines,
// and often a sleeping thread's wake-up, for each batch.
type pen struct {
	s      *stream
	box    outbox
	vector net.Buffers
	until  int64 // channel time of the write deadline last set
}

// begin implements progress.
func (p *pen) begin() error {
	now := p.s.c.now()
	if p.until-now > int64(writeTimeout)/2 {
		return nil
	}
	p.until = now + int64(writeTimeout)
	if err := p.s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return fmt.Errorf("set write deadline: %w", err)
	}
	return nil
}

// done implements progress.
func (p *pen) done() {
	p.s.advanced.Store(p.s.c.now())
	p.s.c.count.Writes.Add(1)
}

// takeLocked fills the pen with what is queued.
func (s *stream) takeLocked() {
	s.pen.box, s.mu.out = s.mu.out, s.pen.box
	s.mu.writing = s.pen.box.bytes
}

// write sends what the pen was filled with.
func (p *pen) write() error {
	if err := p.box.writeTo(p.s.conn, &p.vector, p); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	p.s.c.count.BytesSent.Add(uint64(p.box.bytes))
	p.s.c.count.FramesSent.Add(uint64(p.box.frames))
	return nil
}

// writeAll is the writer: whatever is queued leaves in one write.
func (s *stream) writeAll() error {
	for {
		s.mu.Lock()
		s.letGoLocked()
		for s.mu.out.empty() && s.mu.broken == nil && !(s.mu.closing && s.mu.serving == 0) {
			s.mu.idle = true
			s.mu.Unlock()
			<-s.wake
			// Whoever else can run now may have something to send as well.
			runtime.Gosched()
			s.mu.Lock()
		}
		if s.mu.broken != nil || s.mu.out.empty() {
			s.mu.Unlock()
			return errFinished
		}
		s.takeLocked()
		s.mu.Unlock()
		if err := s.pen.write(); err != nil {
			return err
		}
	}
}

var errFinished = errors.New("stream finished")

// lend gives the reader the pen, if the writer has nothing to write. From then
// until giveBack replies wait for the reader.
func (s *stream) lend() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.held = s.mu.idle && s.mu.out.empty()
	return s.mu.held
}

// giveBack sends what was queued since lend, unless it is so much that the reader
// might have to wait for the peer to take it; that, and what comes meanwhile, is
// left to the writer.
func (s *stream) giveBack() {
	s.mu.Lock()
	if n := s.mu.out.bytes; n > 0 && n <= inlineBody && s.mu.broken == nil {
		s.takeLocked()
		s.mu.Unlock()
		if err := s.pen.write(); err != nil {
			s.breakOff(err)
		}
		s.mu.Lock()
		s.letGoLocked()
	}
	s.mu.held = false
	if !s.mu.out.empty() || s.mu.broken != nil || s.mu.closing {
		s.wakeLocked()
	}
	s.mu.Unlock()
}

// letGoLocked gives back what a written outbox held.
func (s *stream) letGoLocked() {
	box := &s.pen.box
	for _, c := range box.cuts {
		if s.remote != nil {
			s.mu.waiting.unpin(c.id)
		}
	}
	box.reset()
	s.mu.writing = 0
	if s.mu.crowded {
		s.room.Broadcast()
	}
}
