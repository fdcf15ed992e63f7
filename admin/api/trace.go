package api

// Trace is the path of one request through the cluster.
type Trace struct {
	Op             string   `json:"op"`          // get, set or del
	Node           string   `json:"node"`        // received the request from its client
	Coordinator    string   `json:"coordinator"` // carried it out
	Forwarded      bool     `json:"forwarded"`
	Slot           int      `json:"slot"`
	Partition      int      `json:"partition"`
	N              int      `json:"n"`
	Need           int      `json:"need"`   // answers needed for the quorum
	Got            int      `json:"got"`    // answers received before the decision
	Micros         int64    `json:"micros"` // until it was decided
	PreferenceList []Place  `json:"preference_list"`
	Steps          []Step   `json:"steps"` // in the order of their beginning
	Hints          []Hint   `json:"hints"`
	ReadRepairs    []string `json:"read_repairs"`
	Siblings       int      `json:"siblings"` // values of the key, as far as the request saw them
}

// Place is one node of a key's preference list.
type Place struct {
	Node  string `json:"node"`
	Role  string `json:"role"` // primary or fallback
	Alive bool   `json:"alive"`
}

// Step is one action for a request, on one node.
type Step struct {
	AtMicros   int64  `json:"at_us"`
	TookMicros *int64 `json:"took_us"` // null: no answer was seen
	Node       string `json:"node"`
	Role       string `json:"role"`   // coordinator, primary, fallback, gaining, former
	Action     string `json:"action"` // read, digest, apply, write, hint, forward, skip
	For        string `json:"for"`    // of a hint: its target
	Outcome    string `json:"outcome"`
	Clock      *Clock `json:"clock"`
	ClockText  string `json:"clock_text"`
	Error      string `json:"error"`
}

// Hint is a write that one node stores for another.
type Hint struct {
	Holder string `json:"holder"`
	For    string `json:"for"`
}
