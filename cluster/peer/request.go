package peer

import (
	"bytes"
	"sync"

	"github.com/quorate/quorate/cluster/core/causal"
)

// Handler answers requests. ServePeer gets all frames that arrived together on one
// stream, in their order: at most maxBatch, from one read buffer. The stream's reader
// calls it, so while it runs nothing more is read from that peer in that class. A request
// that has arrived in pieces is handed over alone, by another goroutine. Each request must be replied to exactly once, during the call or later.
type Handler interface {
	ServePeer(reqs []*Request)
}

// Request is one frame that wants a reply. It belongs to the channel: Body may be read
// until ServePeer returns, the other fields until the request is replied to.
type Request struct {
	From  causal.NodeID
	Class Class
	Kind  Kind
	Body  []byte
	// Owned says that Body arrived in pieces: it is the handler's own, for longer than ServePeer.
	Owned bool

	stream   *stream
	id       uint64
	answerer Answerer // instead of a stream
}

// Answerer takes the one answer to a request that came over no stream: a body,
// which is its own, or the error that the handler answered instead.
type Answerer interface {
	Answer(body []byte, err error)
}

// NewRequest makes a request that came another way than over a stream of a
// [Channel]: over the message bus of a simulation. Its answer goes to a.
func NewRequest(from causal.NodeID, class Class, kind Kind, body []byte, a Answerer) *Request {
	return &Request{From: from, Class: class, Kind: kind, Body: body, answerer: a}
}

// maxErrorText bounds the text of an error in a reply, in bytes.
const maxErrorText = 4 << 10

var requestPool = sync.Pool{New: func() any { return new(Request) }}

// Reply answers with the concatenation of body. It copies body, so the caller may reuse
// it at once. The request must not be used afterwards. If the stream is broken, the
// reply is dropped.
func (r *Request) Reply(body ...[]byte) { r.finish(flagReply, copied, body) }

// ReplyOwned answers as Reply does, with parts that belong to the channel from now on: nobody
// may write to them any more.
func (r *Request) ReplyOwned(body ...[]byte) { r.finish(flagReply, owned, body) }

// ownership says whose the memory of a reply is.
type ownership uint8

const (
	copied ownership = iota // the handler's, which may use it again
	owned                   // the channel's
)

// ReplyError answers with the text of err, cut to 4 KiB. The sender of the request gets
// a [RemoteError].
func (r *Request) ReplyError(err error) {
	if a := r.answerer; a != nil {
		*r = Request{}
		a.Answer(nil, err)
		return
	}
	text := err.Error()
	r.finish(flagReply|flagError, copied, [][]byte{[]byte(text[:min(len(text), maxErrorText)])})
}

func (r *Request) finish(flags uint8, whose ownership, body [][]byte) {
	if a := r.answerer; a != nil {
		*r = Request{}
		a.Answer(bytes.Join(body, nil), nil) // a copy, so that body need not be on the heap
		return
	}
	s, kind, id := r.stream, r.Kind, r.id
	if s == nil {
		panic("peer: request replied to twice")
	}
	*r = Request{}
	requestPool.Put(r)
	s.reply(kind, flags, id, whose, body)
}
