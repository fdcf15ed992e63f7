package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"sync"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

// The live stream. One goroutine, that of [Server.Run], looks at the cluster
// while somebody watches: once a second, and at once when its own node logs
// something. What it saw is put into words once and handed to all streams; one
// that does not keep up misses what it had no room for, and nobody waits for it.
const (
	maxStreams     = 32
	streamQueue    = 64 // messages waiting for a slow reader
	lookEvery      = time.Second
	lookAtMost     = 100 * time.Millisecond // after the look before
	pingEvery      = 10 * time.Second
	streamPatience = 10 * time.Second // for a reader to take what is written
)

// feed has what the streams share.
type feed struct {
	watched chan struct{} // holds one when a stream came
	mu      sync.Mutex
	streams map[*stream]bool
	recent  []byte // the newest view, for a stream that comes
}

// stream is one reader.
type stream struct{ messages chan []byte }

func newFeed() *feed {
	return &feed{watched: make(chan struct{}, 1), streams: make(map[*stream]bool)}
}

// join adds a stream, or returns nil if there are too many. The caller must
// leave.
func (f *feed) join() *stream {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.streams) == maxStreams {
		return nil
	}
	st := &stream{messages: make(chan []byte, streamQueue)}
	if f.recent != nil {
		st.messages <- f.recent
	}
	f.streams[st] = true
	select {
	case f.watched <- struct{}{}:
	default:
	}
	return st
}

func (f *feed) leave(st *stream) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.streams, st)
	if len(f.streams) == 0 {
		f.recent = nil // it grows old from now on
	}
}

func (f *feed) isWatched() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.streams) > 0
}

// tell hands a message to every stream that has room.
func (f *feed) tell(message []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for st := range f.streams {
		select {
		case st.messages <- message:
		default:
		}
	}
}

// tellView is tell, and remembers the message for those to come.
func (f *feed) tellView(message []byte) {
	f.tell(message)
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.streams) > 0 {
		f.recent = message
	}
}

// watch looks at the cluster while there are streams, until ctx ends.
func (s *Server) watch(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.feed.watched:
		}
		w := watcher{s: s, began: eventID(time.Now().UnixMicro()), since: make(map[string]string)}
		for s.feed.isWatched() {
			w.look(ctx)
			if !s.pause(ctx) {
				return nil
			}
		}
	}
}

// pause waits for the next look; false: ctx has ended.
func (s *Server) pause(ctx context.Context) bool {
	least, most := time.NewTimer(lookAtMost), time.NewTimer(lookEvery)
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
	case <-s.cfg.Events.news:
	case <-s.feed.watched:
	}
	return true
}

// watcher remembers what the look before saw.
type watcher struct {
	s      *Server
	began  string            // events before are not told
	since  map[string]string // by node, the newest event that was told
	before map[string]Facts  // at the last load that was told
	at     time.Time
}

// look asks everybody and tells the streams.
func (w *watcher) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	facts := w.s.allFacts(ctx, func(m ring.Member) string {
		return "/api/node?" + url.Values{"after": {w.after(m.Name)}}.Encode()
	})
	view, err := w.s.view(ctx, facts)
	if errors.Is(err, ErrKilled) {
		view, err = w.s.borrowedView(ctx)
	}
	if err == nil {
		w.s.feed.tellView(message("cluster", "", view))
	}
	w.tellEvents(facts)
	if now := time.Now(); now.Sub(w.at) >= lookEvery*9/10 {
		if w.before != nil {
			w.s.feed.tell(message("load", "", loadBetween(w.before, facts, now.Sub(w.at))))
		}
		w.before, w.at = facts, now
	}
}

// message renders one event of the stream.
func message(name, id string, body any) []byte {
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
