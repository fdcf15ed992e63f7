package introspect

import (
	"github.com/quorate/quorate/cluster/core/histogram"
	"github.com/quorate/quorate/server/command"
)

// Each calls fn for each command that was called since the start, or since CONFIG
// RESETSTAT. The argument is fn's until it returns.
func (c *Counters) Each(table *command.Table, fn func(histogram.CommandTimes)) {
	for _, r := range table.All() {
		n := &c.commands[r.Index()]
		if n.calls.Load() == 0 {
			continue
		}
		var times histogram.Counts
		n.latency.Add(&times)
		hasKeys := r.Keys.First != 0
		fn(histogram.CommandTimes{Name: r.Full(), Failed: n.failed.Load(), Times: &times, Reads: hasKeys && r.Reads(), Writes: hasKeys && r.Writes()})
	}
}
