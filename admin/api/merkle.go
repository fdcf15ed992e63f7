package api

// Roots is one node's answer to GET /api/merkle?local=1.
type Roots struct {
	Node      string            `json:"node"`
	Roots     map[string]string `json:"roots"`   // by partition, in hexadecimal; empty ones are left out
	Unready   []int             `json:"unready"` // partitions whose tree is being rebuilt
	Exchanges Exchanges         `json:"exchanges"`
}

// Exchanges counts what comparing replicas has cost since the nodes started, and what
// comparing them key by key would have cost.
type Exchanges struct {
	PartitionsCompared int64 `json:"partitions_compared"`
	NodesCompared      int64 `json:"nodes_compared"` // hashes of trees
	KeysCompared       int64 `json:"keys_compared"`  // of leaves that differed
	KeysExchanged      int64 `json:"keys_exchanged"`
	NaiveKeys          int64 `json:"naive_keys"` // that a comparison key by key would have taken
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

// Pair says how many partitions of two nodes are equal.
type Pair struct {
	A        string `json:"a"`
	B        string `json:"b"`
	Shared   int    `json:"shared"` // partitions that both nodes hold
	InSync   int    `json:"in_sync"`
	Unknown  int    `json:"unknown"` // a tree is being rebuilt
	Diverged []int  `json:"diverged"`
}

// Tree is one node's answer to GET /api/merkle/{partition}?local=1: its Merkle tree.
type Tree struct {
	Node   string     `json:"node"`
	Keys   int64      `json:"keys"`   // of the partition, deleted ones included
	Levels [][]string `json:"levels"` // hashes in hexadecimal, the root first; empty where there is nothing
}

// HeldKeys is one node's answer to GET /api/merkle/{partition}?local=1&leaves=….
type HeldKeys struct {
	Node      string    `json:"node"`
	Keys      []HeldKey `json:"keys"` // in the order of the leaves
	Truncated bool      `json:"truncated"`
}

// HeldKey is what a node holds of one key.
type HeldKey struct {
	Key
	Leaf   int    `json:"leaf"`
	Digest string `json:"digest"` // of all that is stored of the key
	Clock  []byte `json:"clock"`  // its version vector, in binary form
}

// Difference is the answer of GET /api/merkle/{partition}: where the copies of two
// nodes differ. It is read through their admin ports, so a link between their peer ports
// that is cut or slow does not hide it.
type Difference struct {
	Partition     int               `json:"partition"`
	A             string            `json:"a"`
	B             string            `json:"b"`
	InSync        bool              `json:"in_sync"`
	NodesCompared int64             `json:"nodes_compared"` // hashes, for this answer
	NaiveKeys     int64             `json:"naive_keys"`     // keys that a comparison without trees would have taken
	Levels        []LevelDifference `json:"levels"`         // of the trees, the root first, as far as they had to be compared
	Leaves        []LeafDifference  `json:"leaves"`
	Truncated     bool              `json:"truncated"` // more leaves or keys differ
}

// LevelDifference is one level of two Merkle trees: the children of the nodes that differ one
// level above.
type LevelDifference struct {
	Compared  int              `json:"compared"`
	Differing []NodeDifference `json:"differing"`
}

// NodeDifference is a node of two Merkle trees whose hashes differ.
type NodeDifference struct {
	Index int    `json:"index"` // within its level
	A     string `json:"a"`     // the hash, in hexadecimal; empty if there is nothing below
	B     string `json:"b"`
}

// LeafDifference is a leaf whose hash differs.
type LeafDifference struct {
	Leaf int             `json:"leaf"`
	Keys []KeyDifference `json:"keys"`
}

// KeyDifference is a key whose versions differ on two nodes, with the clock on each; null
// where the node does not have the key.
type KeyDifference struct {
	Key
	A *string `json:"a"`
	B *string `json:"b"`
}

// SyncAnswer is the answer of POST /api/merkle/sync, by node.
type SyncAnswer struct {
	Nodes []SyncedNode `json:"nodes"`
}

// SyncedNode is what POST /api/merkle/sync did on one node.
type SyncedNode struct {
	Node          string `json:"node"`
	KeysExchanged int64  `json:"keys_exchanged"`
	Error         string `json:"error,omitempty"` // what could not be done
}
