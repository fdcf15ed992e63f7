package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"sync"
	"time"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster/core/ring"
)

// The live stream. One goroutine, started by [Server.Run], polls the cluster while there
// are streams: once a second, and at once when its own node logs something. It encodes
// a message once and queues it for all streams. A stream whose queue is full misses the
// message; the others do not wait for it.
const (
	maxStreams         = 32
	streamQueue        = 64 // messages waiting for a slow reader
	pollInterval       = time.Second
	minPause           = 100 * time.Millisecond // between two polls
	pingInterval       = 10 * time.Second
	streamWriteTimeout = 10 * time.Second // for a reader to take what is written
)

// streamHandlers serves the live stream.
type streamHandlers struct {
	*backend
	hub     *hub
	closing chan struct{} // closed when the port closes
}

// hub holds the open streams and the newest view, which a new stream begins with.
type hub struct {
	watched chan struct{} // holds one when a stream opened
	mu      sync.Mutex
	streams map[*stream]bool
	recent  []byte // the newest view, for the next stream
}

// stream is one open stream.
type stream struct{ messages chan []byte }

func newHub() *hub {
	return &hub{watched: make(chan struct{}, 1), streams: make(map[*stream]bool)}
}

// join adds a stream, or returns nil if there are too many. The caller must call
// leave.
func (h *hub) join() *stream {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.streams) == maxStreams {
		return nil
	}
	st := &stream{messages: make(chan []byte, streamQueue)}
	if h.recent != nil {
		st.messages <- h.recent
	}
	h.streams[st] = true
	select {
	case h.watched <- struct{}{}:
	default:
	}
	return st
}

func (h *hub) leave(st *stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.streams, st)
	if len(h.streams) == 0 {
		h.recent = nil // from now on it is not kept up to date
	}
}

func (h *hub) isWatched() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.streams) > 0
}

// send queues a message for every stream that has room.
func (h *hub) send(message []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for st := range h.streams {
		select {
		case st.messages <- message:
		default:
		}
	}
}

// sendView sends a message and keeps it for streams to come.
func (h *hub) sendView(message []byte) {
	h.send(message)
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.streams) > 0 {
		h.recent = message
	}
}

// watch polls the cluster while there are streams, until ctx ends.
func (h *streamHandlers) watch(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-h.hub.watched:
		}
		w := watcher{h: h, began: eventID(time.Now().UnixMicro()), since: make(map[string]string)}
		for h.hub.isWatched() {
			w.poll(ctx)
			if !h.pause(ctx) {
				return nil
			}
		}
	}
}

// pause waits until the next poll is due; it returns false if ctx has ended.
func (h *streamHandlers) pause(ctx context.Context) bool {
	least, most := time.NewTimer(minPause), time.NewTimer(pollInterval)
	defer least.Stop()
	defer most.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-least.C:
	}
	select {
	case <-ctx.Done():
		return false
	case <-most.C:
	case <-h.cfg.Events.news:
	case <-h.hub.watched:
	}
	return true
}

// watcher holds the state between two polls of the cluster.
type watcher struct {
	h      *streamHandlers
	began  string              // earlier events are not sent
	since  map[string]string   // by node, the newest event that was sent
	before map[string]api.Node // at the last load that was sent
	at     time.Time
}

// poll asks all ports and sends what is new to the streams.
func (w *watcher) poll(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	reports := w.h.allReports(ctx, func(m ring.Member) string {
		return "/api/node?" + url.Values{"after": {w.after(m.Name)}}.Encode()
	})
	view, err := w.h.view(ctx, reports)
	if errors.Is(err, ErrKilled) {
		view, err = w.h.borrowedView(ctx)
	}
	if err == nil {
		w.h.hub.sendView(renderEvent("cluster", "", view))
	}
	w.sendEvents(reports)
	if now := time.Now(); now.Sub(w.at) >= pollInterval*9/10 {
		if w.before != nil {
			w.h.hub.send(renderEvent("load", "", loadBetween(w.before, reports, now.Sub(w.at))))
		}
		w.before, w.at = reports, now
	}
}

// renderEvent renders one event of the stream.
func renderEvent(name, id string, body any) []byte {
	text, err := json.Marshal(body)
	if err != nil {
		panic("admin: encode " + name + ": " + err.Error()) // plain structs
	}
	var b bytes.Buffer
	b.WriteString("event: " + name + "\n")
	if id != "" {
		b.WriteString("id: " + id + "\n")
	}
	b.WriteString("data: ")
	b.Write(text)
	b.WriteString("\n\n")
	return b.Bytes()
}
