package admin

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/quorate/quorate/admin/api"
)

// after returns the id of the newest event of a node that was sent.
func (w *watcher) after(node string) string { return cmp.Or(w.since[node], w.began) }

// sendEvents sends the events that are new since the last poll, in order.
func (w *watcher) sendEvents(reports map[string]api.Node) {
	events := w.h.cfg.Events.After(w.after(w.h.cfg.Name), maxEventsAtOnce)
	for name, f := range reports {
		if name != w.h.cfg.Name {
			events = append(events, f.Events...)
		}
	}
	slices.SortFunc(events, func(a, b api.LogEvent) int { return cmp.Compare(a.ID, b.ID) })
	for _, e := range events {
		w.h.hub.send(renderEvent("log", e.ID, e))
		w.since[e.Node] = e.ID
	}
}

// getStream serves GET /api/stream until its reader disconnects or the port
// closes.
func (h *streamHandlers) getStream(w http.ResponseWriter, r *http.Request) {
	st := h.hub.join()
	if st == nil {
		writeError(w, errTooManyStreams)
		return
	}
	defer h.hub.leave(st)
	// The deadlines of ordinary requests would end the stream.
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // a recorder in a test has none
	setHeaders(w.Header())
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.WriteHeader(http.StatusOK)
	ping := time.NewTicker(pingInterval)
	defer ping.Stop()
	for next := []byte(": welcome\n\n"); ; {
		_ = control.SetWriteDeadline(time.Now().Add(streamWriteTimeout))
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
		case <-h.closing:
			return
		}
	}
}
