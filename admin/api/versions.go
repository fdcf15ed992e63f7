package api

// Versions is the answer of GET /api/versions/{key}: how a key's value came about.
type Versions struct {
	Key
	Versions []Version `json:"versions"` // the oldest first
	Complete bool      `json:"complete"` // nobody who answered has forgotten any
	Missing  []string  `json:"missing"`
}

// Version is one event on a key.
type Version struct {
	ID              string   `json:"id"` // actor:counter
	Actor           string   `json:"actor"`
	Counter         uint64   `json:"counter"`
	Node            string   `json:"node"`  // coordinated it
	Clock           Clock    `json:"clock"` // all that it knows: what its writer had seen, and itself
	ClockText       string   `json:"clock_text"`
	Parents         []string `json:"parents"` // ids of the versions that it followed directly
	Value           string   `json:"value"`
	Encoding        string   `json:"encoding"`
	Truncated       bool     `json:"truncated"`
	Bytes           int      `json:"bytes"`
	Tombstone       bool     `json:"tombstone"`
	TimestampMillis int64    `json:"timestamp_ms"`
	ExpiresAtMillis *int64   `json:"expires_at_ms"`
	Current         bool     `json:"current"` // a read finds it now
}
