package admin

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/admin/fanout"
)

// eventHandlers serves the merged logs of all nodes.
type eventHandlers struct{ *backend }

// Bounds of what is kept and sent.
const (
	maxEvents       = 1000    // of each node
	maxEventsAtOnce = 500     // of each node in one answer
	maxField        = 1 << 10 // bytes of one field
)

// EventLog keeps the newest lines of one node's log, from Info up. It outlives the
// node. It is safe for concurrent use.
type EventLog struct {
	node string
	news chan struct{} // holds one when an event was added

	mu     sync.Mutex
	events []api.LogEvent // a ring buffer, once it is full
	next   int
	last   int64 // microseconds of the newest
	count  uint64
}

// NewEventLog makes the log of the node with this name.
func NewEventLog(node string) *EventLog {
	return &EventLog{node: node, news: make(chan struct{}, 1)}
}

// Handler returns a handler that adds each record from Info up to the log, and passes
// records on to next by next's own level.
func (l *EventLog) Handler(next slog.Handler) slog.Handler {
	return &eventHandler{log: l, next: next}
}

// After returns the events with an id greater than id, the oldest first. If there are
// more than most, it returns the newest of them.
func (l *EventLog) After(id string, most int) []api.LogEvent {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := []api.LogEvent{}
	for i := range l.events {
		if e := l.events[(l.next+i)%len(l.events)]; e.ID > id {
			out = append(out, e)
		}
	}
	return out[max(0, len(out)-most):]
}

func (l *EventLog) append(e api.LogEvent, at time.Time) {
	l.mu.Lock()
	l.last = max(at.UnixMicro(), l.last)
	l.count++
	e.Node, e.TimeMillis = l.node, l.last/1000
	e.ID = eventID(l.last) + fmt.Sprintf("-%s-%08d", l.node, l.count)
	if len(l.events) < maxEvents {
		l.events = append(l.events, e)
	} else {
		l.events[l.next] = e
		l.next = (l.next + 1) % maxEvents
	}
	l.mu.Unlock()
	select {
	case l.news <- struct{}{}:
	default:
	}
}

// eventID returns the beginning of the ids of the events of one microsecond.
func eventID(micros int64) string { return fmt.Sprintf("%016d", micros) }

// eventHandler implements [slog.Handler] for an [EventLog].
type eventHandler struct {
	log    *EventLog
	next   slog.Handler
	fields []slog.Attr // without groups: their names are part of the keys
	group  string      // "a.b."
}

// Enabled implements [slog.Handler].
func (h *eventHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo || h.next.Enabled(ctx, level)
}

// Handle implements [slog.Handler].
func (h *eventHandler) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelInfo {
		h.log.append(h.event(r), r.Time)
	}
	if !h.next.Enabled(ctx, r.Level) {
		return nil
	}
	return h.next.Handle(ctx, r)
}

func (h *eventHandler) event(r slog.Record) api.LogEvent {
	e := api.LogEvent{Level: strings.ToLower(r.Level.String()), Text: r.Message, Fields: make(map[string]string)}
	add := func(key, value string) {
		switch key {
		case "component":
			e.Kind = value
		case "self":
		default:
			e.Fields[key] = value[:min(len(value), maxField)]
		}
	}
	for _, a := range h.fields {
		add(a.Key, a.Value.String())
	}
	r.Attrs(func(a slog.Attr) bool {
		for _, flat := range flatten(h.group, a) {
			add(flat.Key, flat.Value.String())
		}
		return true
	})
	e.Kind = cmp.Or(e.Kind, "node")
	return e
}

// WithAttrs implements [slog.Handler].
func (h *eventHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.next, with.fields = h.next.WithAttrs(attrs), slices.Clone(h.fields)
	for _, a := range attrs {
		with.fields = append(with.fields, flatten(h.group, a)...)
	}
	return &with
}

// WithGroup implements [slog.Handler].
func (h *eventHandler) WithGroup(name string) slog.Handler {
	with := *h
	with.next = h.next.WithGroup(name)
	if name != "" {
		with.group += name + "."
	}
	return &with
}

// flatten resolves an attribute and replaces a group by its members.
func flatten(group string, a slog.Attr) []slog.Attr {
	value := a.Value.Resolve()
	if value.Kind() != slog.KindGroup {
		return []slog.Attr{{Key: group + a.Key, Value: value}}
	}
	if a.Key != "" {
		group += a.Key + "."
	}
	var flat []slog.Attr
	for _, inner := range value.Group() {
		flat = append(flat, flatten(group, inner)...)
	}
	return flat
}

// getEvents returns the newest events of all nodes that match the query.
func (h *eventHandlers) getEvents(ctx context.Context, c *call) (any, error) {
	out := api.Events{Events: h.cfg.Events.After(c.text("after"), maxEvents), Missing: []string{}}
	if here, err := h.snapshot(); err == nil && !c.local() {
		query := url.Values{"local": {"1"}, "limit": {fmt.Sprint(maxEvents)}, "after": {c.text("after")}}
		var answers map[string]api.Events
		answers, out.Missing = fanout.All[api.Events](ctx, h.ports, here.Others(), fanout.Get("/api/events?"+query.Encode()))
		for _, a := range answers {
			out.Events = append(out.Events, a.Events...)
		}
	}
	out.Events = slices.DeleteFunc(out.Events, func(e api.LogEvent) bool {
		return differs(c.text("node"), e.Node) || differs(c.text("kind"), e.Kind) || differs(c.text("level"), e.Level)
	})
	slices.SortFunc(out.Events, func(a, b api.LogEvent) int { return cmp.Compare(a.ID, b.ID) })
	out.Events = out.Events[max(0, len(out.Events)-c.number("limit")):]
	return out, nil
}

func differs(want, is string) bool { return want != "" && want != is }
