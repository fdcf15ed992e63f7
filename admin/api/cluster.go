package api

// Cluster is the answer of GET /api/cluster: the cluster as one node sees it.
type Cluster struct {
	N            int      `json:"n"` // as configured
	R            int      `json:"r"`
	W            int      `json:"w"`
	Effective    Quorums  `json:"effective"` // in force: a ring of fewer members caps them
	Partitions   int      `json:"partitions"`
	RingVersion  uint64   `json:"ring_version"`
	InTransition bool     `json:"in_transition"` // data is moving to new owners
	Pending      []string `json:"pending"`       // nodes that have not received theirs yet
	Self         string   `json:"self"`          // the node that was asked
	Chaos        bool     `json:"chaos"`         // nodes may be killed and links cut
	Demo         bool     `json:"demo"`          // a node can be added without an address
	Nodes        []Member `json:"nodes"`
	Links        []Link   `json:"links"`
	Missing      []string `json:"missing"` // nodes whose port did not answer in time
}

// Quorums are N, R and W.
type Quorums struct {
	N int `json:"n"`
	R int `json:"r"`
	W int `json:"w"`
}

// Member is one member of a [Cluster]. Figures that are not known are null.
type Member struct {
	ID                 string           `json:"id"`
	Name               string           `json:"name"`
	Status             string           `json:"status"` // up, suspect, down, killed; joining, leaving, removing
	Alive              bool             `json:"alive"`  // it answers the peer stream of the node that was asked
	ClientAddr         string           `json:"client_addr"`
	PeerAddr           string           `json:"peer_addr"`
	AdminAddr          string           `json:"admin_addr"`
	Zone               string           `json:"zone"`
	Tokens             int              `json:"tokens"`
	Keys               *int64           `json:"keys"`
	Bytes              *int64           `json:"bytes"`
	Hints              *int64           `json:"hints"` // stored for others
	HintsFor           map[string]int64 `json:"hints_for"`
	Reads              *int64           `json:"reads"` // coordinated since it started
	Writes             *int64           `json:"writes"`
	UptimeS            *float64         `json:"uptime_s"`
	Vacant             bool             `json:"vacant"`                           // a fresh node of its name takes its place when it joins
	ClockOff           int64            `json:"clock_off_ms,omitempty"`           // how far its clock is ahead of most others', or, negative, behind; absent if that is less than a minute, and times are followed
	Refilling          string           `json:"refilling,omitempty"`              // why the others fill it now, and answer for what it holds
	ReadOnly           string           `json:"read_only,omitempty"`              // why its store refuses writes, as a full disk does
	DiskFilled         bool             `json:"disk_filled,omitempty"`            // it refuses them because its disk counts as full, on purpose
	RepairPausedMillis int64            `json:"repair_paused_since_ms,omitempty"` // since when anti-entropy is paused there, unix time
	DrainingMillis     int64            `json:"draining_since_ms,omitempty"`      // since when it refuses new clients, because it is about to be stopped, unix time
	HintsHeldMillis    int64            `json:"hints_held_since_ms,omitempty"`    // since when hints are held there, unix time
}

// Link is a fault on the link from one node to another.
type Link struct {
	From        string  `json:"from"`
	To          string  `json:"to"`
	Cut         bool    `json:"cut"`
	DelayMillis int64   `json:"delay_ms"`
	Loss        float64 `json:"loss"`
}

// QuorumChange is the body of POST /api/cluster/config: absent settings stay as they are.
type QuorumChange struct {
	N *int `json:"n,omitempty"`
	R *int `json:"r,omitempty"`
	W *int `json:"w,omitempty"`
}

// QuorumAnswer is the answer of POST /api/cluster/config: N, R and W as configured.
type QuorumAnswer struct {
	Quorums
	Effective Quorums `json:"effective"`      // what will be in force: a ring of fewer members caps them
	Note      string  `json:"note,omitempty"` // what follows from fewer members
}

// MemberChange is the answer of a change of the members. The change has only begun when
// it is sent; GET /api/cluster shows its progress.
type MemberChange struct {
	Name   string `json:"name"`
	Status string `json:"status"` // joining, leaving, removing, vacant
}

// AddNodeRequest is the body of POST /api/nodes.
type AddNodeRequest struct {
	AdminAddr string `json:"admin_addr,omitempty"` // of a 'quorate server --standby'; empty: a demo starts a node
}

// JoinRequest is the body of POST /api/node/join.
type JoinRequest struct {
	Through []string `json:"through"` // peer addresses of the cluster
}
