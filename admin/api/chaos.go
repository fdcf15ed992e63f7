package api

// NodeState is what POST /api/nodes/{node}/kill and /revive answer.
type NodeState struct {
	Node   string `json:"node"`
	Status string `json:"status"` // killed or reviving
}

// ReviveRequest is the body of POST /api/nodes/{node}/revive.
type ReviveRequest struct {
	LoseDisk bool `json:"lose_disk,omitempty"` // it comes back with an empty disk
}

// LinkFaults is what a change of links answers.
type LinkFaults struct {
	Links   []Link   `json:"links"`   // all that is wrong now
	Missing []string `json:"missing"` // whose port did not take it
}

// CutRequest is the body of POST /api/nodes/{node}/partition.
type CutRequest struct {
	From      []string `json:"from,omitempty"`      // default: all others
	Direction string   `json:"direction,omitempty"` // both (default), in or out, as seen from the node
}

// SlowRequest is the body of POST /api/nodes/{node}/slow.
type SlowRequest struct {
	With        []string `json:"with,omitempty"` // default: all others
	DelayMillis int64    `json:"delay_ms,omitempty"`
	Loss        float64  `json:"loss,omitempty"` // the share of packets lost, 0 to 1
}

// SplitRequest is the body of POST /api/partition.
type SplitRequest struct {
	Groups [][]string `json:"groups"` // who can still talk to each other; whoever is in none can talk to all
}

// FaultTable is all the faults of one process: the body of PUT /api/node/links.
type FaultTable struct {
	Faults []Fault `json:"faults"`
}

// Fault is what is wrong on the link from one node to another, by their peer
// addresses.
type Fault struct {
	From        string  `json:"from"`
	To          string  `json:"to"`
	Cut         bool    `json:"cut"`
	DelayMillis int64   `json:"delay_ms"`
	Loss        float64 `json:"loss"`
}
