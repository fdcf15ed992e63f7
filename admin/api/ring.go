package api

// Ring is the answer of GET /api/ring. A partition has one token; the owner of the
// token is the first of the partition's primaries.
type Ring struct {
	Partitions int        `json:"partitions"`
	Slots      int        `json:"slots"`
	Version    uint64     `json:"version"`
	N          int        `json:"n"`
	Owners     []string   `json:"owners"`    // by partition
	Primaries  [][]string `json:"primaries"` // by partition: the nodes that hold its keys, in the order of the preference list
	Next       *[]string  `json:"next"`      // owners after the change under way; null without one
	Nodes      []RingNode `json:"nodes"`
}

// RingNode is one member of a [Ring].
type RingNode struct {
	Name   string `json:"name"`
	Status string `json:"status"`
}

// KeyPlace is the answer of GET /api/ring/key/{key}: where a key lives.
type KeyPlace struct {
	Key
	Slot           int     `json:"slot"`
	Partition      int     `json:"partition"`
	PreferenceList []Place `json:"preference_list"`
	Coordinator    string  `json:"coordinator"` // of a write now: the first that answers; empty: none does
}
