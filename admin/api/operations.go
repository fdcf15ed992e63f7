package api

// Operations is the answer of GET /api/operations.
type Operations struct {
	Operations []Operation `json:"operations"` // of all nodes that answered, the newest first
	Nodes      []Repair    `json:"nodes"`
	Missing    []string    `json:"missing"`
}

// Operation is one piece of long work on one node.
type Operation struct {
	ID             string  `json:"id"` // the node's name, "-", and a number
	Node           string  `json:"node"`
	Kind           string  `json:"kind"`    // gain, release, sync, refill, deliver, rebuild
	Subject        string  `json:"subject"` // what it is about
	State          string  `json:"state"`   // running, done, failed, cancelled
	StartedMillis  int64   `json:"started_ms"`
	EndedMillis    int64   `json:"ended_ms"` // 0: it runs
	Partitions     Amount  `json:"partitions"`
	Keys           Amount  `json:"keys"`
	Bytes          Amount  `json:"bytes"`
	BytesPerSecond float64 `json:"bytes_per_second"` // lately; of one that has ended, on average
	LeftMillis     int64   `json:"left_ms"`          // while it runs, about, by its partitions or else its keys; 0: not known
	Error          string  `json:"error,omitempty"`  // while it runs: why the last attempt failed
}

// Amount says how much of something is done. Total is 0 where it is not known.
type Amount struct {
	Done  int64 `json:"done"`
	Total int64 `json:"total"`
}

// Repair is the state of one node's background work: hint delivery, transfers,
// anti-entropy, and the removal of tombstones.
type Repair struct {
	Node      string    `json:"node"`
	Hints     Hints     `json:"hints"`
	Transfers Transfers `json:"transfers"`
	Pairs     Pairs     `json:"pairs"`
	Reaping   Reaping   `json:"reaping"`
}

// Hints describes the hints that a node stores for others, and counts what became of
// them since it started.
type Hints struct {
	Delivered int64        `json:"delivered"`
	Expired   int64        `json:"expired"`
	Failures  int64        `json:"failures"` // deliveries that stopped early, to be tried again
	Targets   []HintTarget `json:"targets"`  // in the order of their names
}

// HintTarget describes the hints stored for one node.
type HintTarget struct {
	Node         string `json:"node"`
	Count        int64  `json:"count"`
	Bytes        int64  `json:"bytes"`
	OldestMillis int64  `json:"oldest_ms"` // when the oldest was stored, or earlier, unix time
}

// Transfers is the progress of moving partitions.
type Transfers struct {
	Gaining     int    `json:"gaining"`         // partitions that the node gains
	Copied      int    `json:"copied"`          // of these, those that are there already
	Releasing   int    `json:"releasing"`       // partitions that are there and belong elsewhere
	Keys        int64  `json:"keys"`            // moved since the node started
	Bytes       int64  `json:"bytes"`           // moved since the node started
	SinceMillis int64  `json:"since_ms"`        // when the node began to gain them, unix time; 0: it gains none
	Error       string `json:"error,omitempty"` // what holds it up
}

// Pairs counts pairs of replicas: the node's copy of a partition and a peer's.
type Pairs struct {
	Pairs         int           `json:"pairs"`
	Equal         int           `json:"equal"`           // at the last comparison
	Failing       int           `json:"failing"`         // whose last exchange failed
	KeysExchanged int64         `json:"keys_exchanged"`  // to make them equal, since the node started
	OldestMillis  int64         `json:"oldest_ms"`       // the earliest of the times when each was last equal; 0: one never was
	Failures      []PairFailure `json:"failures"`        // those that fail; at most 20
	PausedMillis  int64         `json:"paused_since_ms"` // since when comparisons are paused, unix time; 0: they are not
}

// RepairPause is the answer of POST /api/repair/pause and of POST /api/repair/resume.
type RepairPause struct {
	Nodes   []PausedNode `json:"nodes"`
	Missing []string     `json:"missing"` // nodes that did not answer, and go on as they were
}

// PausedNode says whether anti-entropy is paused on a node.
type PausedNode struct {
	Node         string `json:"node"`
	PausedMillis int64  `json:"paused_since_ms"` // unix time; 0: it is not paused
}

// PairFailure is a pair of replicas whose last exchange failed.
type PairFailure struct {
	Partition      int    `json:"partition"`
	Peer           string `json:"peer"`
	Failures       int    `json:"failures"`       // in a row
	Error          string `json:"error"`          // of the last one
	RetryMillis    int64  `json:"retry_ms"`       // when it is tried again, unix time
	ComparedMillis int64  `json:"compared_ms"`    // when the copies were last equal, unix time; 0: never
	KeysExchanged  int64  `json:"keys_exchanged"` // since the node started
}

// Reaping is the progress of removing tombstones, for which the node asks all members.
type Reaping struct {
	Reaped                int64     `json:"reaped"`
	Pending               int       `json:"pending"`                // agreed on once, to be asked about again
	InTransition          bool      `json:"in_transition"`          // nothing is reaped because data moves
	TransitionSinceMillis int64     `json:"in_transition_since_ms"` // when the node found that data moves, unix time; 0: it does not move
	Blocking              []Blocker `json:"blocking"`               // members for which tombstones wait
}

// Blocker is a member for which tombstones wait.
type Blocker struct {
	Node        string `json:"node"`
	SinceMillis int64  `json:"since_ms"` // unix time
	Reason      string `json:"reason"`   // what the member does, as in "does not answer"
	Keys        int    `json:"keys"`     // tombstones that wait for it, of those that were asked about last; 0: all
}
