package server

// watchRows are the commands that tell what the node does and how long it takes.
func watchRows() []command {
	return []command{
		{
			name: "monitor", arity: 1, flags: "admin noscript loading stale", acl: "@admin @slow @dangerous",
			group: "server", since: "1.0.0", complexity: "O(1)",
			summary: "Show every command that this node's clients send, as it comes, but for what concerns administration",
			run:     runMonitor,
		},
		{
			name: "slowlog", arity: -2, flags: "", acl: "@slow",
			group: "server", since: "2.2.12", complexity: "Depends on subcommand.",
			summary: "A container for slow log commands",
			subcommands: []command{
				{
					name: "get", arity: -2, flags: "admin loading stale", acl: "@admin @slow @dangerous", tips: "request_policy:all_nodes,nondeterministic_output",
					group: "server", since: "2.2.12", complexity: "O(N) where N is the number of entries returned",
					summary: "Show the newest commands that took longer than slowlog-log-slower-than; a pipeline counts as one",
					run:     runSlowlogGet,
				},
				{
					name: "len", arity: 2, flags: "admin loading stale", acl: "@admin @slow @dangerous", tips: "request_policy:all_nodes,response_policy:agg_sum,nondeterministic_output",
					group: "server", since: "2.2.12", complexity: "O(1)",
					summary: "Get the slow log's length",
					run:     runSlowlogLen,
				},
				{
					name: "reset", arity: 2, flags: "admin loading stale", acl: "@admin @slow @dangerous", tips: "request_policy:all_nodes,response_policy:all_succeeded",
					group: "server", since: "2.2.12", complexity: "O(N) where N is the number of entries in the slowlog",
					summary: "Clear all entries from the slow log",
					run:     runSlowlogReset,
				},
				{
					name: "help", arity: 2, flags: "loading stale", acl: "@slow",
					group: "server", since: "6.2.0", complexity: "O(1)",
					summary: "Show helpful text about the different subcommands",
					run:     runHelp,
				},
			},
		},
		{
			name: "latency", arity: -2, flags: "", acl: "@slow",
			group: "server", since: "2.8.13", complexity: "Depends on subcommand.",
			summary: "A container for latency diagnostics commands",
			subcommands: []command{
				{
					name: "latest", arity: 2, flags: "admin noscript loading stale", acl: "@admin @slow @dangerous", tips: "nondeterministic_output,request_policy:all_nodes,response_policy:special",
					group: "server", since: "2.8.13", complexity: "O(1)",
					summary: "Return the latest latency samples for all events",
					run:     runLatencyLatest,
				},
				{
					name: "history", arity: 3, flags: "admin noscript loading stale", acl: "@admin @slow @dangerous", tips: "nondeterministic_output,request_policy:all_nodes,response_policy:special",
					group: "server", since: "2.8.13", complexity: "O(1)",
					summary: "List the seconds in which commands took longer than latency-monitor-threshold",
					run:     runLatencyHistory,
				},
				{
					name: "graph", arity: 3, flags: "admin noscript loading stale", acl: "@admin @slow @dangerous", tips: "nondeterministic_output,request_policy:all_nodes,response_policy:special",
					group: "server", since: "2.8.13", complexity: "O(1)",
					summary: "Draw an event's samples",
					run:     runLatencyGraph,
				},
				{
					name: "histogram", arity: -2, flags: "admin noscript loading stale", acl: "@admin @slow @dangerous", tips: "nondeterministic_output,request_policy:all_nodes,response_policy:special",
					group: "server", since: "7.0.0", complexity: "O(N) where N is the number of commands with latency information being retrieved.",
					summary: "Tell how many calls of each command took how long, pipelines as long as all of them",
					run:     runLatencyHistogram,
				},
				{
					name: "doctor", arity: 2, flags: "admin noscript loading stale", acl: "@admin @slow @dangerous", tips: "nondeterministic_output,request_policy:all_nodes,response_policy:special",
					group: "server", since: "2.8.13", complexity: "O(1)",
					summary: "Say what was slow, and where to look",
					run:     runLatencyDoctor,
				},
				{
					name: "reset", arity: -2, flags: "admin noscript loading stale", acl: "@admin @slow @dangerous", tips: "request_policy:all_nodes,response_policy:all_succeeded",
					group: "server", since: "2.8.13", complexity: "O(1)",
					summary: "Reset latency data for one or more events",
					run:     runLatencyReset,
				},
				{
					name: "help", arity: 2, flags: "loading stale", acl: "@slow",
					group: "server", since: "2.8.13", complexity: "O(1)",
					summary: "Show helpful text about the different subcommands",
					run:     runHelp,
				},
			},
		},
		{
			name: "memory", arity: -2, flags: "", acl: "@slow",
			group: "server", since: "4.0.0", complexity: "Depends on subcommand.",
			summary: "A container for memory diagnostics commands",
			subcommands: []command{
				{
					name: "usage", arity: -3, flags: "readonly", first: 2, last: 2, step: 1, access: "RO", acl: "@read @slow",
					group: "server", since: "4.0.0", complexity: "O(N) where N is the number of samples.",
					summary: "Estimate the bytes that a replica has for a key",
					plan:    planMemoryUsage,
				},
				{
					name: "stats", arity: 2, flags: "", acl: "@slow", tips: "nondeterministic_output,request_policy:all_shards,response_policy:special",
					group: "server", since: "4.0.0", complexity: "O(1)",
					summary: "Show memory usage details",
					run:     runMemoryStats,
				},
				{
					name: "doctor", arity: 2, flags: "", acl: "@slow", tips: "nondeterministic_output,request_policy:all_shards,response_policy:special",
					group: "server", since: "4.0.0", complexity: "O(1)",
					summary: "Say whether memory is a problem",
					run:     runMemoryDoctor,
				},
				{
					name: "purge", arity: 2, flags: "", acl: "@slow", tips: "request_policy:all_shards,response_policy:all_succeeded",
					group: "server", since: "4.0.0", complexity: "Depends on how much memory is allocated, could be slow",
					summary: "Give memory that is free back to the system",
					run:     runMemoryPurge,
				},
				{
					name: "help", arity: 2, flags: "loading stale", acl: "@slow",
					group: "server", since: "4.0.0", complexity: "O(1)",
					summary: "Show helpful text about the different subcommands",
					run:     runHelp,
				},
			},
		},
		{
			name: "debug", arity: -2, flags: "admin noscript loading stale", acl: "@admin @slow @dangerous",
			group: "server", since: "1.0.0", complexity: "O(1)",
			summary: "DEBUG SLEEP seconds: begin no command for so long. Only where --chaos allows it",
			run:     runDebug,
		},
		{
			name: "lolwut", arity: -1, flags: "readonly fast", acl: "@read @fast",
			group: "server", since: "5.0.0", complexity: "O(1)",
			summary: "Draw the ring",
			run:     runLolwut,
		},
	}
}
