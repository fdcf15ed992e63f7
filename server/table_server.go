package server

// serverRows are the commands on the node and the cluster.
func serverRows() []command {
	return []command{
		{
			name: "command", arity: -1, flags: "loading stale", acl: "@slow @connection", tips: "nondeterministic_output_order",
			group: "server", since: "2.8.13", complexity: "O(N) where N is the total number of Redis commands",
			summary: "Get array of Redis command details",
			run:     runCommand,
			subcommands: []command{
				{
					name: "count", arity: 2, flags: "loading stale", acl: "@slow @connection",
					group: "server", since: "2.8.13", complexity: "O(1)",
					summary: "Get total number of Redis commands",
					run:     runCommandCount,
				},
				{
					name: "info", arity: -2, flags: "loading stale", acl: "@slow @connection", tips: "nondeterministic_output_order",
					group: "server", since: "2.8.13", complexity: "O(N) where N is the number of commands to look up",
					summary: "Get array of specific Redis command details, or all when no argument is given",
					run:     runCommandInfo,
				},
				{
					name: "docs", arity: -2, flags: "loading stale", acl: "@slow @connection", tips: "nondeterministic_output_order",
					group: "server", since: "7.0.0", complexity: "O(N) where N is the number of commands to look up",
					summary: "Get array of specific Redis command documentation",
					run:     runCommandDocs,
				},
				{
					name: "list", arity: -2, flags: "loading stale", acl: "@slow @connection", tips: "nondeterministic_output_order",
					group: "server", since: "7.0.0", complexity: "O(N) where N is the total number of Redis commands",
					summary: "Get an array of Redis command names",
					run:     runCommandList,
				},
				{
					name: "getkeys", arity: -4, flags: "loading stale", acl: "@slow @connection",
					group: "server", since: "2.8.13", complexity: "O(N) where N is the number of arguments to the command",
					summary: "Extract keys given a full Redis command",
					run:     runCommandGetKeys,
				},
				{
					name: "getkeysandflags", arity: -4, flags: "loading stale", acl: "@slow @connection",
					group: "server", since: "7.0.0", complexity: "O(N) where N is the number of arguments to the command",
					summary: "Extract keys, and what is done to each, given a full Redis command",
					run:     runCommandGetKeysAndFlags,
				},
				{
					name: "help", arity: 2, flags: "loading stale", acl: "@slow @connection",
					group: "server", since: "5.0.0", complexity: "O(1)",
					summary: "Show helpful text about the different subcommands",
					run:     runHelp,
				},
			},
		},
		{
			name: "config", arity: -2, flags: "", acl: "@slow",
			group: "server", since: "2.0.0", complexity: "Depends on subcommand.",
			summary: "A container for server configuration commands",
			subcommands: []command{
				{
					name: "get", arity: -3, flags: "admin noscript loading stale", acl: "@admin @slow @dangerous",
					group: "server", since: "2.0.0", complexity: "O(N) when N is the number of configuration parameters provided",
					summary: "Get the values of configuration parameters",
					run:     runConfigGet,
				},
				{
					name: "set", arity: -4, flags: "admin noscript loading stale", acl: "@admin @slow @dangerous", tips: "request_policy:all_nodes,response_policy:all_succeeded",
					group: "server", since: "2.0.0", complexity: "O(N) when N is the number of configuration parameters provided",
					summary: "Set configuration parameters to the given values",
					run:     runConfigSet,
				},
				{
					name: "resetstat", arity: 2, flags: "admin noscript loading stale", acl: "@admin @slow @dangerous",
					group: "server", since: "2.0.0", complexity: "O(1)",
					summary: "Reset the stats returned by INFO",
					run:     runConfigResetStat,
				},
				{
					name: "rewrite", arity: 2, flags: "admin noscript loading stale", acl: "@admin @slow @dangerous",
					group: "server", since: "2.8.0", complexity: "O(1)",
					summary: "Put what CONFIG SET changed into the file of --config",
					run:     runConfigRewrite,
				},
				{
					name: "help", arity: 2, flags: "loading stale", acl: "@slow",
					group: "server", since: "5.0.0", complexity: "O(1)",
					summary: "Show helpful text about the different subcommands",
					run:     runHelp,
				},
			},
		},
		{
			name: "info", arity: -1, flags: "loading stale", acl: "@slow @dangerous", tips: "nondeterministic_output,request_policy:all_shards,response_policy:special",
			group: "server", since: "1.0.0", complexity: "O(1)",
			summary: "Get information and statistics about the server",
			run:     runInfo,
		},
		{
			name: "dbsize", arity: 1, flags: "readonly fast", acl: "@keyspace @read @fast",
			group: "server", since: "1.0.0", complexity: "O(1)",
			summary: "Return the number of keys in the selected database",
			run:     runDBSize,
		},
		{
			name: "time", arity: 1, flags: "loading stale fast", acl: "@fast", tips: "nondeterministic_output",
			group: "server", since: "2.6.0", complexity: "O(1)",
			summary: "Return the current server time",
			plan:    planTime,
		},
		{
			name: "flushall", arity: -1, flags: "write", acl: "@keyspace @write @slow @dangerous",
			group: "server", since: "1.0.0", complexity: "O(N) where N is the total number of keys in all databases",
			summary: "Remove all keys from all databases",
			run:     runFlush,
		},
		{
			name: "flushdb", arity: -1, flags: "write", acl: "@keyspace @write @slow @dangerous",
			group: "server", since: "1.0.0", complexity: "O(N) where N is the number of keys in the selected database",
			summary: "Remove all keys from the current database",
			run:     runFlush,
		},
		{
			name: "lastsave", arity: 1, flags: "loading stale fast", acl: "@admin @fast @dangerous", tips: "nondeterministic_output",
			group: "server", since: "1.0.0", complexity: "O(1)",
			summary: "Get the UNIX time stamp of the last successful save to disk",
			run:     runLastSave,
		},
		{
			name: "shutdown", arity: -1, flags: "admin noscript loading stale no_multi allow_busy", acl: "@admin @slow @dangerous",
			group: "server", since: "1.0.0", complexity: "O(1)",
			summary: "Ask the process to stop",
			run:     runShutdown,
		},
		{
			name: "role", arity: 1, flags: "noscript loading stale fast", acl: "@admin @fast @dangerous",
			group: "server", since: "2.8.12", complexity: "O(1)",
			summary: "Return the role of the instance in the context of replication",
			run:     runRole,
		},
	}
}
