package peer

import (
	"fmt"

	"github.com/quorate/quorate/cluster/causal"
)

// Completion is told what became of a request.
type Completion interface {
	// Complete is called exactly once, from a stream's goroutine, or from Send
	// itself where the request cannot be sent: it must not block. body is valid
	// during the call only.
	Complete(from causal.NodeID, body []byte, err error)
}

// Handler answers what peers ask.
type Handler interface {
	// ServePeer is given all frames that arrived together on one stream, in
	// order, from that stream's reader: while it runs, nothing more is read
	// there. Each request must be answered exactly once, then or later.
	ServePeer(reqs []*Request)
}

// Request is something that a peer asks.
type Request struct {
	From  causal.NodeID
	Class Class
	Kind  Kind
	Body  []byte // valid until ServePeer returns

	id     uint64
	stream *stream
}

// Reply answers with a body, given in parts, which may be reused when it
// returns. It may be called from any goroutine. To a peer that is gone it does
// nothing.
func (r *Request) Reply(body ...[]byte) {
	r.stream.reply(r.id, r.Kind, 0, body)
	r.stream.answered()
}

// maxErrorText bounds the text of an error that is sent.
const maxErrorText = 1 << 10

// ReplyError answers that it could not be done, and why.
func (r *Request) ReplyError(err error) {
	text := err.Error()
	if len(text) > maxErrorText {
		text = text[:maxErrorText]
	}
	r.stream.reply(r.id, r.Kind, flagError, [][]byte{[]byte(text)})
	r.stream.answered()
}

func (s *stream) answered() {
	s.serving.Add(-1)
	s.c.serving.Add(-1)
}

// takeRequests hands frames to the handler.
func (s *stream) takeRequests(frames []frame) error {
	requests := make([]Request, 0, len(frames))
	list := make([]*Request, 0, len(frames))
	for _, f := range frames {
		switch {
		case f.isReply():
			return fmt.Errorf("%w: a reply on a stream for requests", errMalformed)
		case f.kind == kindPing:
			s.reply(f.id, f.kind, 0, nil)
			continue
		case f.kind >= firstOwnKind, s.guest && f.kind != Join:
			return fmt.Errorf("%w: request of kind %d", errMalformed, f.kind)
		}
		requests = append(requests, Request{From: s.peer, Class: s.class, Kind: f.kind, Body: f.body, id: f.id, stream: s})
		list = append(list, &requests[len(requests)-1])
	}
	if len(list) == 0 {
		return nil
	}
	s.serving.Add(int64(len(list)))
	s.c.serving.Add(int64(len(list)))
	s.c.handler.ServePeer(list)
	return nil
}
