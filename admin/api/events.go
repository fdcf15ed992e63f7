package api

// LogEvent is one line of a node's log, from Info up.
type LogEvent struct {
	ID         string            `json:"id"` // in the order of time, for all nodes
	TimeMillis int64             `json:"time_ms"`
	Node       string            `json:"node"`
	Level      string            `json:"level"` // info, warn, error
	Kind       string            `json:"kind"`  // the component that wrote it
	Text       string            `json:"text"`
	Fields     map[string]string `json:"fields"`
}

// Events is the answer of GET /api/events.
type Events struct {
	Events  []LogEvent `json:"events"` // the oldest first
	Missing []string   `json:"missing"`
}
