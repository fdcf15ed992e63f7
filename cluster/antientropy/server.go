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

// The kinds of peer messages of anti-entropy.
const (
	KindMerkleRoots = peer.MerkleRoots
	KindMerkleNodes = peer.MerkleNodes
	KindLeafDigests = peer.LeafDigests
	KindFetch       = peer.Fetch
	KindPush        = peer.Kind(24)
	KindObjects     = peer.Kind(25)
	KindReapAsk     = peer.Kind(26)
	KindReap        = peer.Kind(27)
)

// Serves reports whether requests of this kind are for ServePeer.
func (x *Exchanger) Serves(kind peer.Kind) bool { return kind >= KindMerkleRoots && kind <= KindReap }

// ErrBusy is the answer to a request that found the queue full: background work
// that a node cannot take on now is tried again later, never piled up.
var ErrBusy = errors.New("anti-entropy queue is full")

// Bounds of the queue: workers read leaves from disk, so that a few keep a node
// busy; the queued bytes are mostly those of pushed objects.
const (
	deskWorkers = 4
	deskLength  = 128
	deskBytes   = 64 << 20
)

// desk is where peers' requests wait for a worker. Reading leaves takes time that
// a stream's reader does not have.
type desk struct {
	queue  chan job
	queued chan int // one element: the bytes queued
}

// job is a request taken on; body is its own copy.
type job struct {
	kind   peer.Kind
	body   []byte
	answer Answer
	taken  time.Time
}

// Answer takes the one answer of a request; [peer.Request] does.
type Answer interface {
	Reply(body ...[]byte)
	ReplyError(err error)
}

func newDesk() desk {
	d := desk{queue: make(chan job, deskLength), queued: make(chan int, 1)}
	d.queued <- 0
	return d
}

// ServePeer takes on a peer's request and returns at once: it is answered later,
// by Run, or by ErrBusy when the queue is full.
func (x *Exchanger) ServePeer(r *peer.Request) { x.Serve(r.Kind, r.Body, r) }

// Serve is ServePeer for a request that came another way. body is copied.
func (x *Exchanger) Serve(kind peer.Kind, body []byte, answer Answer) {
	x.desk.take(kind, body, answer)
}

func (d *desk) take(kind peer.Kind, body []byte, answer Answer) {
	if !d.reserve(len(body)) {
		answer.ReplyError(ErrBusy)
		return
	}
	select {
	case d.queue <- job{kind: kind, body: bytes.Clone(body), answer: answer, taken: time.Now()}:
	default:
		d.release(len(body))
		answer.ReplyError(ErrBusy)
	}
}

// reserve accounts for n more queued bytes. A request that alone is over the
// bound is let in when nothing else is queued: large values must move too.
func (d *desk) reserve(n int) bool {
	queued := <-d.queued
	fits := queued == 0 || queued+n <= deskBytes
	if fits {
		queued += n
	}
	d.queued <- queued
	return fits
}

func (d *desk) release(n int) { d.queued <- <-d.queued - n }

// Run answers queued requests until ctx ends, and refuses what is left then.
func (x *Exchanger) Run(ctx context.Context) error {
	var workers sync.WaitGroup
	for range deskWorkers {
		workers.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case j := <-x.desk.queue:
					x.answer(j)
				}
			}
		})
	}
	workers.Wait()
	for {
		select {
		case j := <-x.desk.queue:
			x.desk.release(len(j.body))
			j.answer.ReplyError(ErrBusy)
		default:
			return nil
		}
	}
}

func (x *Exchanger) answer(j job) {
	defer x.desk.release(len(j.body))
	if time.Since(j.taken) > x.cfg.CallTimeout {
		// Nobody waits for the answer any more, and objects must not be carried
		// for longer than carryLimit.
		j.answer.ReplyError(ErrBusy)
		return
	}
	body, err := x.respond(j.kind, j.body)
	if err != nil {
		j.answer.ReplyError(err)
		return
	}
	j.answer.Reply(body)
}

func (x *Exchanger) respond(kind peer.Kind, body []byte) ([]byte, error) {
	switch kind {
	case KindMerkleRoots:
		return x.serveRoots(body)
	case KindMerkleNodes:
		return x.serveNodes(body)
	case KindLeafDigests:
		return x.serveListing(body)
	case KindObjects:
		return x.serveObjects(body)
	case KindFetch:
		return x.serveFetch(body)
	case KindPush:
		return x.servePush(body)
	case KindReapAsk:
		return x.serveReapAsk(body)
	case KindReap:
		return x.serveReap(body)
	}
	return nil, fmt.Errorf("kind %d: %w", kind, ErrBadMessage)
}
