package antientropy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/peer"
)

// handlers has what answers each kind of request.
var handlers = map[peer.Kind]func(x *Exchanger, body []byte) ([]byte, error){
	peer.MerkleRoots: (*Exchanger).serveRoots,
	peer.MerkleNodes: (*Exchanger).serveNodes,
	peer.LeafDigests: (*Exchanger).serveListing,
	peer.Objects:     (*Exchanger).serveObjects,
	peer.Fetch:       (*Exchanger).serveFetch,
	peer.PushObjects: (*Exchanger).servePush,
	peer.Heads:       (*Exchanger).serveHeads,
	peer.ReapAsk:     (*Exchanger).serveReapAsk,
	peer.Reap:        (*Exchanger).serveReap,
}

// Kinds returns the kinds of requests that [Exchanger.ServePeer] answers.
func Kinds() []peer.Kind { return append(slices.Sorted(maps.Keys(handlers)), peer.Unrepaired) }

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

// request is one request of a peer; body is its own.
type request struct {
	*peer.Request
	body     []byte
	accepted time.Time
}

// ServePeer accepts the requests of a peer and returns at once. Run answers them later.
// Those that find the queue full are answered by ErrBusy now. It implements
// [peer.Handler].
func (x *Exchanger) ServePeer(reqs []*peer.Request) {
	for _, r := range reqs {
		if r.Kind == peer.Unrepaired { // needs no worker
			r.Reply(wire.AppendFlag(nil, x.cfg.Store.DiskLoss().Unrepaired()))
			continue
		}
		x.queue.add(r)
	}
}

func newRequestQueue() requestQueue { return requestQueue{requests: make(chan request, queueLength)} }

func (q *requestQueue) add(r *peer.Request) {
	size := len(r.Body)
	if !q.reserve(size) {
		r.ReplyError(ErrBusy)
		return
	}
	body := r.Body
	if !r.Owned {
		body = bytes.Clone(body)
	}
	select {
	case q.requests <- request{Request: r, body: body, accepted: time.Now()}:
	default:
		q.release(size)
		r.ReplyError(ErrBusy)
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
			r.ReplyError(ErrBusy)
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
		r.ReplyError(ErrBusy)
		return
	}
	body, err := x.respond(r.Kind, r.body)
	if err != nil {
		r.ReplyError(err)
		return
	}
	r.ReplyOwned(body)
}

func (x *Exchanger) respond(kind peer.Kind, body []byte) ([]byte, error) {
	serve, known := handlers[kind]
	if !known {
		return nil, fmt.Errorf("kind %d: %w", kind, ErrBadMessage)
	}
	return serve(x, body)
}
