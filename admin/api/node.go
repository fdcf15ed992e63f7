package api

// Node is the answer of GET /api/node: what one port knows of its own node. The other
// ports ask for it to show the whole cluster.
type Node struct {
	Name       string       `json:"name"`
	Status     string       `json:"status"`  // up, killed, starting
	TimeMillis int64        `json:"time_ms"` // by its wall clock
	Version    string       `json:"version"` // of the program; empty: of one that does not tell
	Chaos      bool         `json:"chaos"`
	Demo       bool         `json:"demo"`
	Faults     []Fault      `json:"faults"`           // on links, by peer address
	Events     []LogEvent   `json:"events"`           // newer than ?after=, if that was given
	Here       *NodeFigures `json:"here"`             // null unless up
	Detail     *NodeDetail  `json:"detail,omitempty"` // with ?detail=1, while up
}

// NodeFigures describes a node that runs.
type NodeFigures struct {
	ID                 string           `json:"id"`
	RingVersion        uint64           `json:"ring_version"`
	RingDigest         string           `json:"ring_digest"`
	UptimeS            float64          `json:"uptime_s"`
	Keys               int64            `json:"keys"`
	Bytes              int64            `json:"bytes"`
	HintsFor           map[string]int64 `json:"hints_for"`
	Refilling          string           `json:"refilling,omitempty"`              // why the others fill it now, and answer for what it holds
	ReadOnly           string           `json:"read_only,omitempty"`              // why the store refuses writes
	DiskFilled         bool             `json:"disk_filled,omitempty"`            // it refuses them because its disk counts as full, on purpose
	RepairPausedMillis int64            `json:"repair_paused_since_ms,omitempty"` // since when anti-entropy is paused, unix time
	DrainingMillis     int64            `json:"draining_since_ms,omitempty"`      // since when it refuses new clients, because it is about to be stopped, unix time
	HintsHeldMillis    int64            `json:"hints_held_since_ms,omitempty"`    // since when hints are held, unix time
	Totals             Totals           `json:"totals"`                           // since it started
	ReadTimes          Times            `json:"read_times"`
	WriteTimes         Times            `json:"write_times"`
}

// Drain is the answer of POST and DELETE /api/node/drain.
type Drain struct {
	Node           string `json:"node"`
	DrainingMillis int64  `json:"draining_since_ms"` // unix time; 0: it takes clients
}

// Totals holds counters of a node.
type Totals struct {
	Reads          int64 `json:"reads"`  // coordinated
	Writes         int64 `json:"writes"` // coordinated
	Errors         int64 `json:"errors"` // requests without a quorum
	Forwards       int64 `json:"forwards"`
	Divergent      int64 `json:"divergent"` // reads that found siblings
	HintsStored    int64 `json:"hints_stored"`
	HintsDelivered int64 `json:"hints_delivered"`
	ReadRepairs    int64 `json:"read_repairs"`
	KeysHealed     int64 `json:"keys_healed"` // by anti-entropy
}

// Times is a histogram of how long clients waited: pairs of a bucket's number and its
// count; empty buckets are left out. Buckets 0 to 7 hold 0 to 7 microseconds; above, each
// doubling has eight buckets.
type Times struct {
	SumMicros int64       `json:"sum_us"`
	Buckets   [][2]uint64 `json:"buckets"`
}
