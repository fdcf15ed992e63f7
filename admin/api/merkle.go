package api

// Roots is one node's answer to GET /api/merkle?local=1.
type Roots struct {
	Node      string            `json:"node"`
	Roots     map[string]string `json:"roots"`   // by partition, in hexadecimal; empty ones are left out
	Unready   []int             `json:"unready"` // partitions whose tree is being rebuilt
	Exchanges Exchanges         `json:"exchanges"`
}

// Exchanges is what comparing replicas cost since the nodes started, and what
// comparing them key by key would have cost.
type Exchanges struct {
	PartitionsCompared int64 `json:"partitions_compared"`
	NodesCompared      int64 `json:"nodes_compared"` // hashes of trees
	KeysCompared       int64 `json:"keys_compared"`  // of leaves that differed
	KeysExchanged      int64 `json:"keys_exchanged"`
	NaiveKeys          int64 `json:"naive_keys"`
}

// Merkle is the answer of GET /api/merkle.
type Merkle struct {
	Partitions int       `json:"partitions"`
	Leaves     int       `json:"leaves"` // of each partition's tree
	Nodes      []string  `json:"nodes"`  // that answered
	Missing    []string  `json:"missing"`
	Pairs      []Pair    `json:"pairs"`
	Exchanges  Exchanges `json:"exchanges"`
}

// Pair is how the copies of two nodes compare.
type Pair struct {
	A        string `json:"a"`
	B        string `json:"b"`
	Shared   int    `json:"shared"` // partitions that both are to hold
	InSync   int    `json:"in_sync"`
	Unknown  int    `json:"unknown"` // a tree is being rebuilt
	Diverged []int  `json:"diverged"`
}

// Difference is the answer of GET /api/merkle/{partition}: where the copies of two
// nodes differ.
type Difference struct {
	Partition     int              `json:"partition"`
	A             string           `json:"a"`
	B             string           `json:"b"`
	InSync        bool             `json:"in_sync"`
	NodesCompared int64            `json:"nodes_compared"` // hashes, to find out
	NaiveKeys     int64            `json:"naive_keys"`     // keys, had there been no tree
	Leaves        []LeafDifference `json:"leaves"`
	Truncated     bool             `json:"truncated"` // more leaves or keys differ
}

// LeafDifference is a leaf whose hash differs.
type LeafDifference struct {
	Leaf int             `json:"leaf"`
	Keys []KeyDifference `json:"keys"`
}

// KeyDifference is a key that two nodes have different versions of: the clock of
// each; null where it has none.
type KeyDifference struct {
	Key
	A *string `json:"a"`
	B *string `json:"b"`
}

// SyncAnswer is the answer of POST /api/merkle/sync.
type SyncAnswer struct {
	Nodes []SyncedNode `json:"nodes"`
}

// SyncedNode is what one node did.
type SyncedNode struct {
	Node          string `json:"node"`
	KeysExchanged int64  `json:"keys_exchanged"`
	Error         string `json:"error,omitempty"` // what could not be done
}
