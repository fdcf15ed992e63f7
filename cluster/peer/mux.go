package peer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
)

// Bounds of a [Mux]. Its workers wait for the disk or the network at times, and a few
// keep a node busy.
const (
	muxQueue   = 256
	muxWorkers = 4
)

// Errors that answer requests in place of a handler.
var (
	errMuxFull    = fmt.Errorf("%d control requests are waiting already: ask again later", muxQueue)
	errMuxStopped = errors.New("node is shutting down")
)

// Mux serves the requests of a channel: it gives each one to the handler that is
// registered for its kind. There are two ways to handle a kind:
//
//   - A handler that is registered with [Mux.Batch] runs on the stream's reader. It
//     gets all adjacent requests of its kinds at once. Nothing is allocated or copied.
//   - A function that is registered with [Mux.Queue] may wait for the disk or the
//     network. Its request is queued, with a copy of the body, for one of a few workers.
//
// A request that finds no handler, or finds the queue full, is refused at once. All
// kinds are registered before the first request comes, so the registry has no lock.
type Mux struct {
	refuse func() error
	routes [firstOwnKind]route
	tasks  chan task
}

// route tells how a kind is served. The zero route serves nothing.
type route struct {
	batch *Handler // one pointer for all kinds of a call of Batch
	queue func(body []byte) ([]byte, error)
}

// task is an element of the queue: a request to answer, or else a function to run.
type task struct {
	request *Request
	answer  func(body []byte) ([]byte, error)
	body    []byte // a copy of the request's
	run     func(context.Context)
}

// NewMux returns a mux without handlers. Before each batch of requests it calls refuse,
// and answers all of them with the error that refuse returns, if any.
func NewMux(refuse func() error) *Mux {
	return &Mux{refuse: refuse, tasks: make(chan task, muxQueue)}
}

// Batch registers h for kinds. It panics if a kind is registered already, or is the
// channel's own.
func (m *Mux) Batch(h Handler, kinds ...Kind) {
	for _, k := range kinds {
		m.register(k, route{batch: &h})
	}
}

// Queue registers a function that a worker calls for each request of a kind. The
// function owns the body; what it returns becomes the reply. Queue panics as Batch does.
func (m *Mux) Queue(k Kind, answer func(body []byte) ([]byte, error)) {
	m.register(k, route{queue: answer})
}

func (m *Mux) register(k Kind, r route) {
	if k >= firstOwnKind {
		panic(fmt.Sprintf("peer: kind %d is the channel's own", k))
	}
	if old := &m.routes[k]; old.batch != nil || old.queue != nil {
		panic(fmt.Sprintf("peer: kind %d is registered twice", k))
	}
	m.routes[k] = r
}

// ServePeer passes requests on to the handlers of their kinds, in their order. It
// implements [Handler].
func (m *Mux) ServePeer(reqs []*Request) {
	if err := m.refuse(); err != nil {
		for _, r := range reqs {
			r.ReplyError(err)
		}
		return
	}
	for len(reqs) > 0 {
		batch := m.batchOf(reqs[0])
		n := 1
		if batch == nil {
			m.enqueue(reqs[0])
		} else {
			for n < len(reqs) && m.batchOf(reqs[n]) == batch {
				n++
			}
			(*batch).ServePeer(reqs[:n])
		}
		reqs = reqs[n:]
	}
}

// batchOf returns the handler that serves a request on the stream's reader, or nil.
func (m *Mux) batchOf(r *Request) *Handler {
	if r.Kind >= firstOwnKind {
		return nil
	}
	return m.routes[r.Kind].batch
}

// enqueue queues one request for the workers.
func (m *Mux) enqueue(r *Request) {
	if r.Kind >= firstOwnKind || m.routes[r.Kind].queue == nil {
		r.ReplyError(fmt.Errorf("message kind %d is not served here: the nodes may be of different versions", r.Kind))
		return
	}
	if !m.offer(task{request: r, answer: m.routes[r.Kind].queue, body: bytes.Clone(r.Body)}) {
		r.ReplyError(errMuxFull)
	}
}

// Do queues work that answers no request, and reports whether there was room for it.
// The context of [Mux.Run] is passed to f. Work that is queued when Run ends is dropped.
func (m *Mux) Do(f func(context.Context)) bool { return m.offer(task{run: f}) }

func (m *Mux) offer(t task) bool {
	select {
	case m.tasks <- t:
		return true
	default:
		return false
	}
}

// Run carries out what is queued until ctx ends, and then refuses what is left. It must
// run for as long as requests arrive.
func (m *Mux) Run(ctx context.Context) error {
	var workers sync.WaitGroup
	for range muxWorkers {
		workers.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case t := <-m.tasks:
					t.carryOut(ctx)
				}
			}
		})
	}
	workers.Wait()
	for {
		select {
		case t := <-m.tasks:
			if t.request != nil {
				t.request.ReplyError(errMuxStopped)
			}
		default:
			return nil
		}
	}
}

func (t *task) carryOut(ctx context.Context) {
	if t.request == nil {
		t.run(ctx)
		return
	}
	reply, err := t.answer(t.body)
	if err != nil {
		t.request.ReplyError(err)
		return
	}
	t.request.Reply(reply)
}
