package api

// Ring is what GET /api/ring answers. A partition has one token, whose owner
// is the first of its preference list.
type Ring struct {
	Partitions int        `json:"partitions"`
	Slots      int        `json:"slots"`
	Version    uint64     `json:"version"`
	N          int        `json:"n"`
	Owners     []string   `json:"owners"` // by partition
	Next       *[]string  `json:"next"`   // after the change under way; null: there is none
	Nodes      []RingNode `json:"nodes"`
}

// RingNode is one member of a [RingView].
type RingNode struct {
	Name   string `json:"name"`
	Status string `json:"status"`
}

// KeyPlace is where a key lives.
type KeyPlace struct {
	Key
	Slot           int     `json:"slot"`
	Partition      int     `json:"partition"`
	PreferenceList []Place `json:"preference_list"`
	Coordinator    string  `json:"coordinator"` // of a write now: the first that answers; empty: none does
}
