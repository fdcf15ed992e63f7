package introspect

import (
	"github.com/quorate/quorate/cluster/core/histogram"
	"github.com/quorate/quorate/server/command"
)

// CommandTimes are the calls of one command.
type CommandTimes struct {
	Name          string // lower case, a subcommand as "config|get"
	Reads, Writes bool   // the keys that it names
	Failed        int64  // answered with an error
	Times         *histogram.Counts
}

// Each calls fn for each command that was called since the start, or since CONFIG
// RESETSTAT. The argument is fn's until it returns.
func (c *Counters) Each(table *command.Table, fn func(CommandTimes)) {
	for _, r := range table.All() {
		n := &c.commands[r.Index()]
		if n.calls.Load() == 0 {
			continue
		}
		var times histogram.Counts
		n.latency.Add(&times)
		hasKeys := r.Keys.First != 0
		fn(CommandTimes{Name: r.Full(), Failed: n.failed.Load(), Times: &times, Reads: hasKeys && r.Reads(), Writes: hasKeys && r.Writes()})
	}
}
