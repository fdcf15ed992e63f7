package admin

import (
	"cmp"
	"slices"
	"time"
)

// Load is what the cluster did since the message before.
type Load struct {
	TimeMillis int64      `json:"time_ms"`
	Nodes      []NodeLoad `json:"nodes"` // of those that answered both times
}

// NodeLoad is what one node did, each second.
type NodeLoad struct {
	Node           string    `json:"node"`
	Reads          float64   `json:"reads_s"`
	Writes         float64   `json:"writes_s"`
	Errors         float64   `json:"errors_s"`
	ReadMillis     Quantiles `json:"read_ms"` // null where nobody read
	WriteMillis    Quantiles `json:"write_ms"`
	Divergent      float64   `json:"divergent_s"`
	HintsStored    float64   `json:"hints_stored_s"`
	HintsDelivered float64   `json:"hints_delivered_s"`
	ReadRepairs    float64   `json:"read_repairs_s"`
	Forwards       float64   `json:"forwards_s"`
	KeysHealed     float64   `json:"keys_healed_s"`
}

// Quantiles are milliseconds that so many of a hundred clients waited at most;
// null where there were none.
type Quantiles struct {
	P50  *float64 `json:"p50"`
	P99  *float64 `json:"p99"`
	P999 *float64 `json:"p999"`
}

func loadBetween(before, after map[string]Facts, took time.Duration) Load {
	load := Load{TimeMillis: time.Now().UnixMilli(), Nodes: []NodeLoad{}}
	for name, now := range after {
		then := before[name]
		if now.Here == nil || then.Here == nil {
			continue
		}
		n := NodeLoad{Node: name}
		a, b := &then.Here.Totals, &now.Here.Totals
		for _, rate := range []struct {
			to            *float64
			before, after int64
		}{
			{&n.Reads, a.Reads, b.Reads}, {&n.Writes, a.Writes, b.Writes}, {&n.Errors, a.Errors, b.Errors},
			{&n.Divergent, a.Divergent, b.Divergent}, {&n.HintsStored, a.HintsStored, b.HintsStored},
			{&n.HintsDelivered, a.HintsDelivered, b.HintsDelivered}, {&n.ReadRepairs, a.ReadRepairs, b.ReadRepairs},
			{&n.Forwards, a.Forwards, b.Forwards}, {&n.KeysHealed, a.KeysHealed, b.KeysHealed},
		} {
			if rate.after < rate.before { // the node began anew
				rate.before = 0
			}
			*rate.to = float64(rate.after-rate.before) / took.Seconds()
		}
		n.ReadMillis = quantilesBetween(then.Here.ReadTimes, now.Here.ReadTimes)
		n.WriteMillis = quantilesBetween(then.Here.WriteTimes, now.Here.WriteTimes)
		load.Nodes = append(load.Nodes, n)
	}
	slices.SortFunc(load.Nodes, func(a, b NodeLoad) int { return cmp.Compare(a.Node, b.Node) })
	return load
}

func quantilesBetween(before, after Times) (q Quantiles) {
	a, b := before.counts(), after.counts()
	between := b.Since(&a)
	if between.Total() == 0 {
		return q
	}
	millis := func(fraction float64) *float64 {
		ms := float64(between.Quantile(fraction)) / float64(time.Millisecond)
		return &ms
	}
	return Quantiles{P50: millis(0.5), P99: millis(0.99), P999: millis(0.999)}
}
