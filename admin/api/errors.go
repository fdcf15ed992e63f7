package api

// Refusal is the answer to every request that failed.
type Refusal struct {
	Error string `json:"error"`
	Trace *Trace `json:"trace,omitempty"` // of a request on a key
}
