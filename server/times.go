package server

import (
	"strings"

	"github.com/quorate/quorate/cluster/core/histogram"
)

// CommandTimes is what clients had of one command.
type CommandTimes struct {
	Name          string // lower case, a subcommand as "config|get"
	Reads, Writes bool   // the keys that it names
	Failed        int64  // answered with an error
	Times         *histogram.Counts
}

// EachCommand calls fn for each command that was called since the start, or since
// CONFIG RESETSTAT. The argument is fn's until it returns.
func (s *Server) EachCommand(fn func(CommandTimes)) {
	for _, c := range s.table.counted {
		n := &s.counters.commands[c.index]
		if n.calls.Load() == 0 {
			continue
		}
		var times histogram.Counts
		n.latency.Add(&times)
		fn(CommandTimes{
			Name: c.full, Failed: n.failed.Load(), Times: &times,
			Reads: c.first != 0 && strings.Contains(c.flags, "readonly"), Writes: c.first != 0 && strings.Contains(c.flags, "write"),
		})
	}
}
