package api

// Plan is the answer of GET /api/plan/{change}/{node}: what a change of the members would move. Nothing has
// been changed.
type Plan struct {
	Change       string     `json:"change"` // join, leave, remove, replace
	Node         string     `json:"node"`
	InTransition bool       `json:"in_transition"` // another change is under way, and is part of the plan
	Copies       int        `json:"copies"`        // of each key afterwards: n, or fewer where there are fewer members
	N            int        `json:"n"`             // as configured
	Partitions   int        `json:"partitions"`    // copies of partitions that are made
	Keys         int64      `json:"keys"`          // in these copies, deleted ones included
	Bytes        int64      `json:"bytes"`         // of these copies, before compression
	Nodes        []PlanNode `json:"nodes"`
	Missing      []string   `json:"missing"` // nodes that did not tell what they hold: what only they know is not counted
}

// PlanNode is one node's part in a [Plan]. A partition counts for each node that holds a copy.
type PlanNode struct {
	Node             string `json:"node"`
	TokensBefore     int    `json:"tokens_before"`
	TokensAfter      int    `json:"tokens_after"`
	PartitionsBefore int    `json:"partitions_before"`
	PartitionsAfter  int    `json:"partitions_after"`
	Gains            int    `json:"gains"` // partitions that it copies from others
	GainsKeys        int64  `json:"gains_keys"`
	GainsBytes       int64  `json:"gains_bytes"`
	Drops            int    `json:"drops"`               // partitions that it no longer holds afterwards
	DiskFree         *int64 `json:"disk_free,omitempty"` // bytes that are free on its disk now; absent: not known
}

// Partitions is the answer of GET /api/partitions: what nodes hold of each partition.
type Partitions struct {
	Nodes   []NodePartitions `json:"nodes"`
	Missing []string         `json:"missing"` // nodes that did not answer
}

// NodePartitions is what one node holds of each partition, by the partition's number.
type NodePartitions struct {
	Node     string  `json:"node"`
	DiskFree int64   `json:"disk_free"` // bytes; 0 where the system does not tell
	Keys     []int64 `json:"keys"`      // deleted ones included
	Bytes    []int64 `json:"bytes"`     // before compression
}
