package api

// Versions is the answer of GET /api/versions/{key}: the history of a key.
type Versions struct {
	Key
	Versions []Version `json:"versions"` // the oldest first
	Complete bool      `json:"complete"` // every version that there ever was is in the list
	Missing  []string  `json:"missing"`
}

// Version is one write of a key, or its deletion.
type Version struct {
	ID              string   `json:"id"` // actor:counter
	Actor           string   `json:"actor"`
	Counter         uint64   `json:"counter"`
	Node            string   `json:"node"`  // the coordinator
	Clock           Clock    `json:"clock"` // what its writer had seen, and the version itself
	ClockText       string   `json:"clock_text"`
	Parents         []string `json:"parents"` // ids of its direct predecessors
	Value           string   `json:"value"`
	Encoding        string   `json:"encoding"`
	Truncated       bool     `json:"truncated"`
	Bytes           int      `json:"bytes"`
	Tombstone       bool     `json:"tombstone"`
	TimestampMillis int64    `json:"timestamp_ms"`
	ExpiresAtMillis *int64   `json:"expires_at_ms"`
	Current         bool     `json:"current"` // a read finds it now
}
