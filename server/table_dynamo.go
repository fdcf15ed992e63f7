package server

// dynamoRows are the commands that show how the cluster works.
func dynamoRows() []command {
	return []command{
		{
			name: "dynamo", arity: -2, flags: "", acl: "@slow",
			group: "server", since: "7.2.0", complexity: "Depends on subcommand.",
			summary: "A container for commands that show how the cluster works. Quorate only",
			subcommands: []command{
				{
					name: "trace", arity: -4, flags: "write", first: 3, last: 3, step: 1, access: "RW access update", acl: "@write @slow",
					group: "server", since: "7.2.0", complexity: "That of the command.",
					summary: "Execute GET, SET or DEL and tell, behind its reply, whom the coordinator asked and what they answered. Quorate only",
					plan:    planTrace,
				},
				{
					name: "preflist", arity: 3, flags: "readonly", first: 2, last: 2, step: 1, access: "RO", acl: "@read @slow",
					group: "server", since: "7.2.0", complexity: "O(N) where N is the number of nodes",
					summary: "Tell the key's slot, partition and preference list. Quorate only",
					run:     runPreflist,
				},
				{
					name: "versions", arity: 3, flags: "readonly", first: 2, last: 2, step: 1, access: "RO", acl: "@read @slow", tips: "nondeterministic_output",
					group: "server", since: "7.2.0", complexity: "O(N) where N is the number of nodes",
					summary: "Tell how the key's value came about: its newest versions, what each had seen and which it follows. Quorate only",
					run:     runVersions,
				},
				{
					name: "help", arity: 2, flags: "loading stale", acl: "@slow",
					group: "server", since: "7.2.0", complexity: "O(1)",
					summary: "Show helpful text about the different subcommands",
					run:     runHelp,
				},
			},
		},
	}
}
