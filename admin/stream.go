package admin

import (
	"cmp"
	"net/http"
	"slices"
	"time"
)

// after is the newest event of a node that was told.
func (w *watcher) after(node string) string { return cmp.Or(w.since[node], w.began) }

// tellEvents tells what came since the last look, in order.
func (w *watcher) tellEvents(facts map[string]Facts) {
	events := w.s.cfg.Events.After(w.after(w.s.cfg.Name), maxEventsAtOnce)
	for name, f := range facts {
		if name != w.s.cfg.Name {
			events = append(events, f.Events...)
		}
	}
	slices.SortFunc(events, func(a, b LogEvent) int { return cmp.Compare(a.ID, b.ID) })
	for _, e := range events {
		w.s.feed.tell(message("log", e.ID, e))
		w.since[e.Node] = e.ID
	}
}

// getStream serves GET /api/stream until its reader goes or the port closes.
func (s *Server) getStream(w http.ResponseWriter, r *http.Request) {
	st := s.feed.join()
	if st == nil {
		writeError(w, errTooManyStreams)
		return
	}
	defer s.feed.leave(st)
	// The deadlines of ordinary requests would end the stream.
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // not known to a recorder in a test
	setHeaders(w.Header())
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.WriteHeader(http.StatusOK)
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for next := []byte(": welcome\n\n"); ; {
		_ = control.SetWriteDeadline(time.Now().Add(streamPatience))
		if _, err := w.Write(next); err != nil {
			return
		}
		if err := control.Flush(); err != nil {
			return
		}
		select {
		case next = <-st.messages:
		case <-ping.C:
			next = []byte(": ping\n\n")
		case <-r.Context().Done():
			return
		case <-s.closing:
			return
		}
	}
}
