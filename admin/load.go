package admin

import (
	"cmp"
	"slices"
	"time"

	"github.com/quorate/quorate/admin/api"
)

// loadBetween computes rates and latencies from two readings of all nodes. A node
// without both readings is left out.
func loadBetween(before, after map[string]api.Node, took time.Duration) api.Load {
	load := api.Load{TimeMillis: time.Now().UnixMilli(), Nodes: []api.NodeLoad{}}
	for name, now := range after {
		then := before[name]
		if now.Here == nil || then.Here == nil {
			continue
		}
		n := api.NodeLoad{Node: name}
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
			if rate.after < rate.before { // the node has restarted
				rate.before = 0
			}
			*rate.to = float64(rate.after-rate.before) / took.Seconds()
		}
		n.ReadMillis = quantilesBetween(then.Here.ReadTimes, now.Here.ReadTimes)
		n.WriteMillis = quantilesBetween(then.Here.WriteTimes, now.Here.WriteTimes)
		load.Nodes = append(load.Nodes, n)
	}
	slices.SortFunc(load.Nodes, func(a, b api.NodeLoad) int { return cmp.Compare(a.Node, b.Node) })
	return load
}

// quantilesBetween estimates quantiles of the times between two readings.
func quantilesBetween(before, after api.Times) (q api.Quantiles) {
	a, b := countsOf(before), countsOf(after)
	between := b.Since(&a)
	if between.Total() == 0 {
		return q
	}
	millis := func(fraction float64) *float64 {
		ms := float64(between.Quantile(fraction)) / float64(time.Millisecond)
		return &ms
	}
	return api.Quantiles{P50: millis(0.5), P99: millis(0.99), P999: millis(0.999)}
}
