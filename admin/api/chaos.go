package api

// NodeState is the answer of POST /api/nodes/{node}/kill and /revive.
type NodeState struct {
	Node   string `json:"node"`
	Status string `json:"status"` // killed or reviving
}

// ReviveRequest is the body of POST /api/nodes/{node}/revive.
type ReviveRequest struct {
	LoseDisk bool `json:"lose_disk,omitempty"` // it comes back with an empty disk
}

// ClockRequest is the body of POST /api/nodes/{node}/clock.
type ClockRequest struct {
	OffsetMillis int64 `json:"offset_ms"` // how far its clock is set ahead; below zero: behind; 0: it is right again
}

// NodeClock is the answer of POST /api/nodes/{node}/clock.
type NodeClock struct {
	Node         string `json:"node"`
	OffsetMillis int64  `json:"offset_ms"`
}

// DiskRequest is the body of POST /api/nodes/{node}/disk.
type DiskRequest struct {
	Full bool `json:"full"` // its disk counts as full; false: as it is
}

// NodeDisk is the answer of POST /api/nodes/{node}/disk.
type NodeDisk struct {
	Node string `json:"node"`
	Full bool   `json:"full"`
}

// HintHold is the answer of POST /api/hints/hold and of POST /api/hints/release.
type HintHold struct {
	Nodes   []HeldHints `json:"nodes"`
	Missing []string    `json:"missing"` // nodes that did not answer, or refused, and go on as they were
}

// HeldHints says whether a node holds its hints.
type HeldHints struct {
	Node       string `json:"node"`
	HeldMillis int64  `json:"held_since_ms"` // unix time; 0: it delivers them
}

// LinkFaults is the answer of a change of links.
type LinkFaults struct {
	Links   []Link   `json:"links"`   // all faults now in force
	Missing []string `json:"missing"` // nodes whose port did not accept it
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
	Groups [][]string `json:"groups"` // nodes of one group reach each other; a node in no group reaches all
}

// FaultTable is the body of PUT /api/node/links: all faults of one process.
type FaultTable struct {
	Faults []Fault `json:"faults"`
}

// Fault is a fault on the link from one node to another, by their peer addresses.
type Fault struct {
	From        string  `json:"from"`
	To          string  `json:"to"`
	Cut         bool    `json:"cut"`
	DelayMillis int64   `json:"delay_ms"`
	Loss        float64 `json:"loss"`
}
