package peer

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/quorate/quorate/cluster/largebuf"
)

// A body of more than wholeBody bytes travels in pieces, each in a frame of its own with
// the kind and the id of the whole. Other frames go between them, so that a large value
// delays none: neither a small request nor a ping. The first piece begins with the length
// of the whole. A node before version 4 gets every body in one frame.
const (
	wholeBody      = 2 << 20
	pieceBody      = readBuffer - headerSize - pieceTotal // a piece fits the read buffer
	pieceTotal     = 8                                    // bytes of the length of the whole
	piecesPerWrite = 4
)

// parcel is a body that is being sent in pieces.
type parcel struct {
	header header // of the whole; its sum is not used
	rest   [][]byte
	begun  bool
}

// next takes the next piece off, with its header, and reports whether it is the last one.
func (p *parcel) next() (h header, parts [2][]byte, last bool) {
	for len(p.rest[0]) == 0 {
		p.rest = p.rest[1:]
	}
	if !p.begun {
		p.begun = true
		parts[0] = binary.BigEndian.AppendUint64(nil, uint64(p.header.length))
	}
	n := min(len(p.rest[0]), pieceBody)
	parts[1], p.rest[0] = p.rest[0][:n:n], p.rest[0][n:]
	h = p.header
	h.flags |= flagPiece
	sum, length := bodySum(parts[:])
	h.sum, h.length = sum, uint32(length)
	for _, part := range p.rest {
		if len(part) > 0 {
			return h, parts, false
		}
	}
	return h, parts, true
}

// cuts reports whether a body is sent in pieces.
func (s *stream) cuts(length int) bool { return s.pieces && length > wholeBody }

// takePiecesLocked moves some pieces into the writer's buffers, of each parcel in turn.
func (s *stream) takePiecesLocked() {
	for n := 0; n < piecesPerWrite && len(s.mu.parcels) > 0; n++ {
		p := s.mu.parcels[0]
		h, parts, last := p.next()
		s.writer.box.addPiece(h, parts)
		s.mu.parcels = slices.Delete(s.mu.parcels, 0, 1)
		if last {
			s.writer.sent = append(s.writer.sent, h.id)
			continue
		}
		s.mu.parcels = append(s.mu.parcels, p)
	}
	s.mu.writing = s.writer.box.bytes
}

// arrivingBody is a body that arrives in pieces. The memory for the whole, which the node's
// budget has been charged for, is made when the first firstGrow bytes of it are here.
type arrivingBody struct {
	kind    Kind
	flags   uint8
	total   int
	got     int
	body    []byte
	charged int64 // to the node's budget
	until   int64 // channel time at which the whole must be here
	refusal error // why its bytes are dropped
}

func (a *arrivingBody) take(piece []byte) {
	a.got += len(piece)
	if a.refusal != nil {
		return
	}
	if need := len(a.body) + len(piece); need > cap(a.body) {
		room := a.total
		if need <= firstGrow {
			room = min(firstGrow, a.total)
		}
		a.body = largebuf.Grow(a.body, room-len(a.body))
	}
	a.body = append(a.body, piece...)
}

// leastCharge is what a body in pieces is charged at least, so that their number is
// bounded too.
const leastCharge = 1 << 20

// addPiece takes in one piece, whose checksum is right.
func (rd *reader) addPiece(h header, piece []byte) error {
	a := rd.parcels[h.id]
	if a == nil {
		if len(piece) < pieceTotal {
			return fmt.Errorf("%w: a first piece of %d bytes", errMalformed, len(piece))
		}
		total := binary.BigEndian.Uint64(piece)
		if total == 0 || total > uint64(rd.s.c.cfg.MaxFrame) || len(rd.parcels) >= maxParcels {
			return fmt.Errorf("%w: a body of %d bytes in pieces, beside %d others", errMalformed, total, len(rd.parcels))
		}
		a, piece = rd.begin(h, int(total)), piece[pieceTotal:]
	}
	if a.kind != h.kind || a.flags != h.flags || len(piece) == 0 || len(piece) > a.total-a.got {
		return fmt.Errorf("%w: a piece that does not belong to its body", errMalformed)
	}
	a.take(piece)
	if a.got < a.total {
		return nil
	}
	delete(rd.parcels, h.id)
	h.flags &^= flagPiece
	rd.finish(h, a)
	return nil
}

// maxParcels bounds the bodies that arrive in pieces on one stream.
const maxParcels = 1024

// begin makes room for a body. If there is none, its bytes are dropped as they come: the
// stream must not wait for it.
func (rd *reader) begin(h header, total int) *arrivingBody {
	c := rd.s.c
	a := &arrivingBody{kind: h.kind, flags: h.flags, total: total}
	a.until = c.now() + int64(bigDeadline+time.Duration(total)*time.Second/bigRate)
	charge := int64(max(total, leastCharge))
	switch {
	case h.isReply() && !rd.announce(h.id, total):
		a.refusal = errForgotten // nobody waits for it any more
	case c.arriving.TryAcquire(charge):
		a.charged = charge
	default:
		a.refusal = fmt.Errorf("%w: %d bytes are more than fit beside the others that are arriving, of %d bytes in all: try again when they are stored",
			ErrTooMuch, total, c.cfg.InboundBytes)
	}
	if rd.parcels == nil {
		rd.parcels = make(map[uint64]*arrivingBody)
	}
	rd.parcels[h.id] = a
	return a
}

// announce gives a request more time, because its reply is large. It returns false if the
// request has ended.
func (rd *reader) announce(id uint64, total int) bool {
	s := rd.s
	s.mu.Lock()
	at := s.mu.waiting.find(id)
	if at == 0 {
		s.mu.Unlock()
		return false
	}
	e := &s.mu.waiting.elements[at]
	s.mu.waiting.allow(at, time.Duration(s.c.now()-e.sent)+TransferTime(total))
	done := e.done
	e.announcing = true
	s.mu.Unlock()
	if d, ok := done.(Announced); ok {
		d.Announce(total)
	}
	s.mu.Lock()
	s.mu.waiting.elements[at].announcing = false
	s.mu.Unlock()
	return true
}

// finish hands a whole body over. A request is served by a goroutine of its own, because a
// large value takes its time on the way to the disk.
func (rd *reader) finish(h header, a *arrivingBody) {
	s, c := rd.s, rd.s.c
	release := func() { c.arriving.Release(a.charged) }
	if h.isReply() {
		rd.replies = append(rd.replies, arrival{header: h, body: a.body, refusal: a.refusal})
		rd.deliver()
		release()
		return
	}
	s.mu.Lock()
	s.mu.unanswered++
	s.mu.Unlock()
	c.count.FramesReceived.Add(1)
	r := requestPool.Get().(*Request)
	*r = Request{From: s.node, Class: s.class, Kind: h.kind, Body: a.body, Owned: true, stream: s, id: h.id}
	if a.refusal != nil {
		r.ReplyError(a.refusal)
		return
	}
	served := c.spawn(func() {
		defer release()
		c.handler.ServePeer([]*Request{r})
	})
	if !served {
		release()
		r.ReplyError(errDraining)
	}
}

// checkParcels returns an error if a body in pieces does not arrive in its time.
func (rd *reader) checkParcels() error {
	for _, a := range rd.parcels {
		if rd.s.c.now() > a.until {
			return fmt.Errorf("%w: %d of %d bytes of a body arrived in its time", errMalformed, a.got, a.total)
		}
	}
	return nil
}

// dropParcels gives back what unfinished bodies were charged.
func (rd *reader) dropParcels() {
	for _, a := range rd.parcels {
		rd.s.c.arriving.Release(a.charged)
	}
	rd.parcels = nil
}
