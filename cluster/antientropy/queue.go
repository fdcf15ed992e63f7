package antientropy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/quorate/quorate/cluster/peer"
)

// Serves reports whether ServePeer answers requests of this kind.
func (x *Exchanger) Serves(kind peer.Kind) bool { return kind >= peer.MerkleRoots && kind <= peer.Reap }

// ErrBusy answers a request that found the queue full. The peer tries again later,
// so that background work does not pile up.
var ErrBusy = errors.New("anti-entropy queue is full")

// Bounds of the queue. Workers read leaves from disk, so that a few keep a node
// busy. The queued bytes are mostly those of pushed objects.
const (
	queueWorkers = 4
	queueLength  = 128
	queueBytes   = 64 << 20
)

// requestQueue is where peers' requests wait for a worker: reading leaves takes
// longer than the reader of a stream may block.
type requestQueue struct {
	requests chan request

	mu    sync.Mutex
	bytes int // of the requests that wait or are being answered
}

// request is one request of a peer; body is its own copy.
type request struct {
	kind     peer.Kind
	body     []byte
	answer   Answer
	accepted time.Time
}

// Answer takes the one answer of a request; [peer.Request] does.
type Answer interface {
	Reply(body ...[]byte)
	ReplyError(err error)
}

// ServePeer accepts a peer's request and returns at once. Run answers it later, or
// it is answered by ErrBusy now if the queue is full.
func (x *Exchanger) ServePeer(r *peer.Request) { x.Serve(r.Kind, r.Body, r) }

// Serve does what ServePeer does for a request that came another way. body is
// copied.
func (x *Exchanger) Serve(kind peer.Kind, body []byte, answer Answer) {
	x.queue.add(kind, body, answer)
}

func newRequestQueue() requestQueue { return requestQueue{requests: make(chan request, queueLength)} }

func (q *requestQueue) add(kind peer.Kind, body []byte, answer Answer) {
	if !q.reserve(len(body)) {
		answer.ReplyError(ErrBusy)
		return
	}
	select {
	case q.requests <- request{kind: kind, body: bytes.Clone(body), answer: answer, accepted: time.Now()}:
	default:
		q.release(len(body))
		answer.ReplyError(ErrBusy)
	}
}

// reserve accounts for n more bytes, and reports whether they fit. A request that
// alone is over the bound fits when nothing else is queued: large values must move
// too.
func (q *requestQueue) reserve(n int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.bytes > 0 && q.bytes+n > queueBytes {
		return false
	}
	q.bytes += n
	return true
}

func (q *requestQueue) release(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.bytes -= n
}

// Run answers queued requests until ctx ends, and refuses what is left then.
func (x *Exchanger) Run(ctx context.Context) error {
	var workers sync.WaitGroup
	for range queueWorkers {
		workers.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case r := <-x.queue.requests:
					x.answer(r)
				}
			}
		})
	}
	workers.Wait()
	for {
		select {
		case r := <-x.queue.requests:
			x.queue.release(len(r.body))
			r.answer.ReplyError(ErrBusy)
		default:
			return nil
		}
	}
}

func (x *Exchanger) answer(r request) {
	defer x.queue.release(len(r.body))
	if time.Since(r.accepted) > x.cfg.CallTimeout {
		// The peer no longer waits for the answer, and objects must not be carried
		// for longer than carryLimit.
		r.answer.ReplyError(ErrBusy)
		return
	}
	body, err := x.respond(r.kind, r.body)
	if err != nil {
		r.answer.ReplyError(err)
		return
	}
	r.answer.Reply(body)
}

func (x *Exchanger) respond(kind peer.Kind, body []byte) ([]byte, error) {
	switch kind {
	case peer.MerkleRoots:
		return x.serveRoots(body)
	case peer.MerkleNodes:
		return x.serveNodes(body)
	case peer.LeafDigests:
		return x.serveListing(body)
	case peer.Objects:
		return x.serveObjects(body)
	case peer.Fetch:
		return x.serveFetch(body)
	case peer.PushObjects:
		return x.servePush(body)
	case peer.ReapAsk:
		return x.serveReapAsk(body)
	case peer.Reap:
		return x.serveReap(body)
	}
	return nil, fmt.Errorf("kind %d: %w", kind, ErrBadMessage)
}
