package peer

import (
	"sync"

	"github.com/quorate/quorate/cluster/core/causal"
)

// Handler answers requests. ServePeer gets all frames that arrived together on
// one stream, in their order; at most maxBatch, from one read buffer. It is
// called from the stream's reader: while it runs, nothing more is read from that
// peer in that class. It must see to it that each request is replied to exactly
// once, then or later.
type Handler interface {
	ServePeer(reqs []*Request)
}

// Request is one frame that asks. The request and its Body belong to the channel:
// Body may be read until ServePeer returns, the request until it is replied to.
type Request struct {
	From  causal.NodeID
	Class Class
	Kind  Kind
	Body  []byte

	stream *stream
	id     uint64
}

// maxErrorText bounds an error's text in a reply.
const maxErrorText = 4 << 10

var requestPool = sync.Pool{New: func() any { return new(Request) }}

// Reply answers with the concatenation of body, which it copies: the caller may
// reuse it at once. The request must not be touched afterwards. If the stream is
// dead, nothing happens.
func (r *Request) Reply(body ...[]byte) { r.finish(flagReply, body) }

// ReplyError answers with an error's text; the asker gets a [RemoteError].
func (r *Request) ReplyError(err error) {
	text := err.Error()
	r.finish(flagReply|flagError, [][]byte{[]byte(text[:min(len(text), maxErrorText)])})
}

func (r *Request) finish(flags uint8, body [][]byte) {
	s, kind, id := r.stream, r.Kind, r.id
	if s == nil {
		panic("peer: request replied to twice")
	}
	*r = Request{}
	requestPool.Put(r)
	s.reply(kind, flags, id, body)
}
