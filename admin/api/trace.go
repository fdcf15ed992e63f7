package api

// Trace is the way of one request through the cluster.
type Trace struct {
	Op             string   `json:"op"`          // get, set or del
	Node           string   `json:"node"`        // took the request
	Coordinator    string   `json:"coordinator"` // carried it out
	Forwarded      bool     `json:"forwarded"`
	Slot           int      `json:"slot"`
	Partition      int      `json:"partition"`
	N              int      `json:"n"`
	Need           int      `json:"need"` // of the quorum that decided
	Got            int      `json:"got"`
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

// Step is one thing that was done for a request.
type Step struct {
	AtMicros   int64  `json:"at_us"`
	TookMicros *int64 `json:"took_us"` // null: no answer was seen
	Node       string `json:"node"`
	Role       string `json:"role"`   // coordinator, primary, fallback, gaining
	Action     string `json:"action"` // read, digest, apply, write, hint, forward, skip
	For        string `json:"for"`    // hints: whose copy it is
	Outcome    string `json:"outcome"`
	Clock      *Clock `json:"clock"`
	ClockText  string `json:"clock_text"`
	Error      string `json:"error"`
}

// Hint is a copy kept for a node that is down.
type Hint struct {
	Holder string `json:"holder"`
	For    string `json:"for"`
}
