package introspect

import "github.com/quorate/quorate/server/command"

// watchRows are the commands that show what the node does and how long it takes.
func (f *Family) watchRows() []command.Row {
	return []command.Row{
		{
			Name: "monitor", Arity: 1, Flags: "admin noscript loading stale", Categories: "@admin @slow @dangerous",
			Group: "server", Since: "1.0.0", Complexity: "O(1)",
			Summary: "Show the commands that clients send to this node, as they arrive, except administrative ones",
			Run:     runMonitor,
		},
		{
			Name: "slowlog", Arity: -2, Flags: "", Categories: "@slow",
			Group: "server", Since: "2.2.12", Complexity: "That of the subcommand",
			Summary: "Commands about the slow log",
			Subcommands: []command.Row{
				{
					Name: "get", Arity: -2, Flags: "admin loading stale", Categories: "@admin @slow @dangerous", Tips: "request_policy:all_nodes,nondeterministic_output",
					Group: "server", Since: "2.2.12", Complexity: "O(N) where N is the number of entries shown",
					Summary: "Show the newest commands that took longer than slowlog-log-slower-than; a pipeline counts as one",
					Run:     f.runSlowlogGet,
				},
				{
					Name: "len", Arity: 2, Flags: "admin loading stale", Categories: "@admin @slow @dangerous", Tips: "request_policy:all_nodes,response_policy:agg_sum,nondeterministic_output",
					Group: "server", Since: "2.2.12", Complexity: "O(N) where N is the number of entries",
					Summary: "Count the entries of the slow log",
					Run:     f.runSlowlogLen,
				},
				{
					Name: "reset", Arity: 2, Flags: "admin loading stale", Categories: "@admin @slow @dangerous", Tips: "request_policy:all_nodes,response_policy:all_succeeded",
					Group: "server", Since: "2.2.12", Complexity: "O(1)",
					Summary: "Empty the slow log",
					Run:     f.runSlowlogReset,
				},
				{
					Name: "help", Arity: 2, Flags: "loading stale", Categories: "@slow",
					Group: "server", Since: "6.2.0", Complexity: "O(1)",
					Summary: "List the subcommands",
					Run:     command.RunHelp,
				},
			},
		},
		{
			Name: "latency", Arity: -2, Flags: "", Categories: "@slow",
			Group: "server", Since: "2.8.13", Complexity: "That of the subcommand",
			Summary: "Commands about slow moments",
			Subcommands: []command.Row{
				{
					Name: "latest", Arity: 2, Flags: "admin noscript loading stale", Categories: "@admin @slow @dangerous", Tips: "nondeterministic_output,request_policy:all_nodes,response_policy:special",
					Group: "server", Since: "2.8.13", Complexity: "O(1)",
					Summary: "Show the newest slow second of each event",
					Run:     f.runLatencyLatest,
				},
				{
					Name: "history", Arity: 3, Flags: "admin noscript loading stale", Categories: "@admin @slow @dangerous", Tips: "nondeterministic_output,request_policy:all_nodes,response_policy:special",
					Group: "server", Since: "2.8.13", Complexity: "O(1)",
					Summary: "List the seconds in which commands took longer than latency-monitor-threshold",
					Run:     f.runLatencyHistory,
				},
				{
					Name: "graph", Arity: 3, Flags: "admin noscript loading stale", Categories: "@admin @slow @dangerous", Tips: "nondeterministic_output,request_policy:all_nodes,response_policy:special",
					Group: "server", Since: "2.8.13", Complexity: "O(1)",
					Summary: "Draw the samples of an event",
					Run:     f.runLatencyGraph,
				},
				{
					Name: "histogram", Arity: -2, Flags: "admin noscript loading stale", Categories: "@admin @slow @dangerous", Tips: "nondeterministic_output,request_policy:all_nodes,response_policy:special",
					Group: "server", Since: "7.0.0", Complexity: "O(N) where N is the number of commands",
					Summary: "Show how many calls of each command took how long; those of a pipeline took as long as the whole",
					Run:     f.runLatencyHistogram,
				},
				{
					Name: "doctor", Arity: 2, Flags: "admin noscript loading stale", Categories: "@admin @slow @dangerous", Tips: "nondeterministic_output,request_policy:all_nodes,response_policy:special",
					Group: "server", Since: "2.8.13", Complexity: "O(1)",
					Summary: "Tell what was slow, and where to look",
					Run:     f.runLatencyDoctor,
				},
				{
					Name: "reset", Arity: -2, Flags: "admin noscript loading stale", Categories: "@admin @slow @dangerous", Tips: "request_policy:all_nodes,response_policy:all_succeeded",
					Group: "server", Since: "2.8.13", Complexity: "O(1)",
					Summary: "Drop the samples of some events, or of all",
					Run:     f.runLatencyReset,
				},
				{
					Name: "help", Arity: 2, Flags: "loading stale", Categories: "@slow",
					Group: "server", Since: "2.8.13", Complexity: "O(1)",
					Summary: "List the subcommands",
					Run:     command.RunHelp,
				},
			},
		},
		{
			Name: "memory", Arity: -2, Flags: "", Categories: "@slow",
			Group: "server", Since: "4.0.0", Complexity: "That of the subcommand",
			Summary: "Commands about memory",
			Subcommands: []command.Row{
				{
					Name: "usage", Arity: -3, Flags: "readonly", Keys: command.KeyAt(2, "RO"), Categories: "@read @slow",
					Group: "server", Since: "4.0.0", Complexity: "O(N) where N is the length of the key's values",
					Summary: "Estimate the bytes that a replica stores for a key",
					Plan:    planMemoryUsage,
				},
				{
					Name: "stats", Arity: 2, Flags: "", Categories: "@slow", Tips: "nondeterministic_output,request_policy:all_shards,response_policy:special",
					Group: "server", Since: "4.0.0", Complexity: "O(N) where N is the number of partitions",
					Summary: "Show figures of the memory of this node",
					Run:     runMemoryStats,
				},
				{
					Name: "doctor", Arity: 2, Flags: "", Categories: "@slow", Tips: "nondeterministic_output,request_policy:all_shards,response_policy:special",
					Group: "server", Since: "4.0.0", Complexity: "O(1)",
					Summary: "Tell whether memory is a problem",
					Run:     runMemoryDoctor,
				},
				{
					Name: "purge", Arity: 2, Flags: "", Categories: "@slow", Tips: "request_policy:all_shards,response_policy:all_succeeded",
					Group: "server", Since: "4.0.0", Complexity: "O(N) where N is the size of the heap",
					Summary: "Give free memory back to the system",
					Run:     runMemoryPurge,
				},
				{
					Name: "help", Arity: 2, Flags: "loading stale", Categories: "@slow",
					Group: "server", Since: "4.0.0", Complexity: "O(1)",
					Summary: "List the subcommands",
					Run:     command.RunHelp,
				},
			},
		},
		{
			Name: "debug", Arity: -2, Flags: "admin noscript loading stale", Categories: "@admin @slow @dangerous",
			Group: "server", Since: "1.0.0", Complexity: "O(1)",
			Summary: "DEBUG SLEEP seconds: hold all commands of this node for that time. Only with --chaos",
			Run:     f.runDebug,
		},
	}
}
