package api

// Load says what the cluster did since the previous message of the stream.
type Load struct {
	TimeMillis int64      `json:"time_ms"`
	Nodes      []NodeLoad `json:"nodes"` // that answered both times
}

// NodeLoad holds the rates of one node, per second, and its latencies.
type NodeLoad struct {
	Node           string    `json:"node"`
	Reads          float64   `json:"reads_s"`
	Writes         float64   `json:"writes_s"`
	Errors         float64   `json:"errors_s"`
	ReadMillis     Quantiles `json:"read_ms"` // null without reads
	WriteMillis    Quantiles `json:"write_ms"`
	Divergent      float64   `json:"divergent_s"`
	HintsStored    float64   `json:"hints_stored_s"`
	HintsDelivered float64   `json:"hints_delivered_s"`
	ReadRepairs    float64   `json:"read_repairs_s"`
	Forwards       float64   `json:"forwards_s"`
	KeysHealed     float64   `json:"keys_healed_s"`
}

// Quantiles are quantiles of the time that clients waited, in milliseconds; null
// without requests.
type Quantiles struct {
	P50  *float64 `json:"p50"`
	P99  *float64 `json:"p99"`
	P999 *float64 `json:"p999"`
}
