package api

// Problems is the answer of GET /api/problems: what is wrong in the cluster now.
type Problems struct {
	Problems []Problem `json:"problems"` // the worst first
	Missing  []string  `json:"missing"`  // nodes whose port did not answer in time
}

// Problem is one thing that is wrong, and what to do about it.
type Problem struct {
	Kind        string `json:"kind"`           // see the list of kinds
	Level       string `json:"level"`          // error: requests fail, or data is at risk; warn: degraded
	Node        string `json:"node"`           // that has it; empty: the cluster as a whole
	Peer        string `json:"peer,omitempty"` // the other node, of a problem between two
	SinceMillis int64  `json:"since_ms"`       // when it began or, where that is not known, was first seen; unix time
	What        string `json:"what"`           // one line
	Means       string `json:"means"`          // what follows from it
	Do          string `json:"do"`             // what ends it
}

// NodeDetail is what problems are found by, besides a node's figures.
type NodeDetail struct {
	Repair     Repair        `json:"repair"`
	Sees       []Observation `json:"sees"`    // the other members, as the node sees them
	SyncMillis float64       `json:"sync_ms"` // the mean time of a sync of its log lately; 0: there was none
}
