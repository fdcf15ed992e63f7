package api

// History is the answer of GET /api/history: what nodes did in the last hour, in columns: the
// entries of one index belong together.
type History struct {
	IntervalMillis int64         `json:"interval_ms"` // between two samples
	Nodes          []NodeHistory `json:"nodes"`
	Missing        []string      `json:"missing"` // nodes that did not answer
}

// NodeHistory has the samples of one node since its process started, an hour of them at most, the
// oldest first. While the node does not run there are none. Rates are per second; times, in
// milliseconds, are 0 where nobody waited.
type NodeHistory struct {
	Node           string    `json:"node"`
	TimeMillis     []int64   `json:"time_ms"` // the end of each interval, unix time
	Reads          []float64 `json:"reads_s"`
	Writes         []float64 `json:"writes_s"`
	Errors         []float64 `json:"errors_s"`
	Divergent      []float64 `json:"divergent_s"`
	HintsStored    []float64 `json:"hints_stored_s"`
	HintsDelivered []float64 `json:"hints_delivered_s"`
	ReadRepairs    []float64 `json:"read_repairs_s"`
	Forwards       []float64 `json:"forwards_s"`
	KeysHealed     []float64 `json:"keys_healed_s"`
	ReadP50        []float64 `json:"read_p50_ms"`
	ReadP99        []float64 `json:"read_p99_ms"`
	ReadP999       []float64 `json:"read_p999_ms"`
	WriteP50       []float64 `json:"write_p50_ms"`
	WriteP99       []float64 `json:"write_p99_ms"`
	WriteP999      []float64 `json:"write_p999_ms"`
}
