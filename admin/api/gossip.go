package api

// Gossip is the answer of GET /api/gossip: how each node sees the others, by gossip and
// by its streams to them.
type Gossip struct {
	IntervalMillis int64        `json:"gossip_interval_ms"` // between two rounds
	Nodes          []GossipNode `json:"nodes"`
	Changes        []RingChange `json:"changes"` // of the ring, the newest first
}

// GossipNode is how one node sees the others.
type GossipNode struct {
	Node        string        `json:"node"`
	Answered    bool          `json:"answered"` // in time; if not, nothing else is known
	RingVersion uint64        `json:"ring_version"`
	RingDigest  string        `json:"ring_digest"`
	Health      int           `json:"health"` // memberlist's health score of the node itself; 0 is best
	Sees        []Observation `json:"sees"`
}

// Observation is how one node sees another.
type Observation struct {
	Node        string  `json:"node"`
	State       string  `json:"state"`    // of gossip: alive, dead, unknown
	SinceMillis int64   `json:"since_ms"` // when gossip first saw it so, unix time; 0: never
	Streams     Streams `json:"streams"`
}

// Streams describes what one node sends its requests to another through: a foreground
// stream for what clients wait for, and a background stream.
type Streams struct {
	Foreground      bool   `json:"foreground"` // connected
	Background      bool   `json:"background"` // connected
	Available       bool   `json:"available"`  // requests are sent to it: the foreground stream is connected and answers
	QueuedBytes     int    `json:"queued_bytes"`
	Unanswered      int    `json:"unanswered_requests"`
	WaitMillis      int64  `json:"wait_ms"`             // after this time without an answer another node is asked
	LeastTripMicros int64  `json:"least_round_trip_us"` // the least that it has been, which the distance explains; 0: not measured yet
	RoundTripMicros int64  `json:"round_trip_us"`       // until it answers a ping, on average lately; 0: not measured in the last seconds
	Error           string `json:"error"`               // why a connection last failed or broke; empty if none did
	ErrorMillis     int64  `json:"error_ms"`            // when, unix time; 0: never
}

// RingChange is one version of the ring, and how it spread.
type RingChange struct {
	Version uint64 `json:"version"`
	Digest  string `json:"digest"` // of its newest state, as one of the nodes has it
	Seen    []Seen `json:"seen"`   // in the order of time
}

// Seen says when a node learned of a version of the ring.
type Seen struct {
	Node     string `json:"node"`
	AtMillis int64  `json:"at_ms"`
}
