package server

// aclRows are about users and modules, of which there are one and none.
func aclRows() []command {
	return []command{
		{
			name: "acl", arity: -2, flags: "", acl: "@slow",
			group: "server", since: "6.0.0", complexity: "Depends on subcommand.",
			summary: "A container for Access List Control commands",
			subcommands: []command{
				{
					name: "whoami", arity: 2, flags: "noscript loading stale", acl: "@slow",
					group: "server", since: "6.0.0", complexity: "O(1)",
					summary: "Return the name of the user associated to the current connection",
					run:     runWhoAmI,
				},
				{
					name: "cat", arity: -2, flags: "noscript loading stale", acl: "@slow",
					group: "server", since: "6.0.0", complexity: "O(1) since the categories and commands are a fixed set.",
					summary: "List the categories of commands, or the commands of one",
					run:     runACLCat,
				},
				{
					name: "list", arity: 2, flags: "admin noscript loading stale", acl: "@admin @slow @dangerous",
					group: "server", since: "6.0.0", complexity: "O(1)",
					summary: "Show what the one user may do: everything",
					run:     runACLList,
				},
				{
					name: "users", arity: 2, flags: "admin noscript loading stale", acl: "@admin @slow @dangerous",
					group: "server", since: "6.0.0", complexity: "O(1)",
					summary: "List the users: default",
					run:     runACLUsers,
				},
				{
					name: "getuser", arity: 3, flags: "admin noscript loading stale", acl: "@admin @slow @dangerous",
					group: "server", since: "6.0.0", complexity: "O(1)",
					summary: "Show what a user may do",
					run:     runACLGetUser,
				},
				{
					name: "genpass", arity: -2, flags: "noscript loading stale", acl: "@slow",
					group: "server", since: "6.0.0", complexity: "O(1)",
					summary: "Make up a password",
					run:     runACLGenPass,
				},
				{
					name: "help", arity: 2, flags: "loading stale", acl: "@slow",
					group: "server", since: "6.0.0", complexity: "O(1)",
					summary: "Show helpful text about the different subcommands",
					run:     runHelp,
				},
			},
		},
		{
			name: "module", arity: -2, flags: "", acl: "@slow",
			group: "server", since: "4.0.0", complexity: "Depends on subcommand.",
			summary: "A container for module commands",
			subcommands: []command{
				{
					name: "list", arity: 2, flags: "admin noscript", acl: "@admin @slow @dangerous", tips: "nondeterministic_output_order",
					group: "server", since: "4.0.0", complexity: "O(N) where N is the number of loaded modules.",
					summary: "List all modules loaded by the server",
					run:     replyEmptyArray,
				},
				{
					name: "help", arity: 2, flags: "loading stale", acl: "@slow",
					group: "server", since: "5.0.0", complexity: "O(1)",
					summary: "Show helpful text about the different subcommands",
					run:     runHelp,
				},
			},
		},
	}
}
