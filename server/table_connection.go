package server

// connectionRows are the commands on the connection itself.
func connectionRows() []command {
	return []command{
		{
			name: "ping", arity: -1, flags: "fast", acl: "@fast @connection", tips: "request_policy:all_shards,response_policy:all_succeeded",
			group: "connection", since: "1.0.0", complexity: "O(1)",
			summary: "Ping the server",
			plan:    planPing,
		},
		{
			name: "echo", arity: 2, flags: "loading stale fast", acl: "@fast @connection",
			group: "connection", since: "1.0.0", complexity: "O(1)",
			summary: "Echo the given string",
			plan:    planEcho,
		},
		{
			name: "auth", arity: -2, flags: "noscript loading stale fast no_auth allow_busy", acl: "@fast @connection",
			group: "connection", since: "1.0.0", complexity: "O(N) where N is the number of passwords defined for the user",
			summary: "Authenticate to the server",
			run:     runAuth,
		},
		{
			name: "hello", arity: -1, flags: "noscript loading stale fast no_auth allow_busy", acl: "@fast @connection",
			group: "connection", since: "6.0.0", complexity: "O(1)",
			summary: "Handshake with Redis",
			run:     runHello,
		},
		{
			name: "quit", arity: -1, flags: "noscript loading stale fast no_auth allow_busy", acl: "@fast @connection",
			group: "connection", since: "1.0.0", complexity: "O(1)",
			summary: "Close the connection",
			run:     runQuit,
		},
		{
			name: "reset", arity: 1, flags: "noscript loading stale fast no_auth allow_busy", acl: "@fast @connection",
			group: "connection", since: "6.2.0", complexity: "O(1)",
			summary: "Reset the connection",
			run:     runReset,
		},
		{
			name: "select", arity: 2, flags: "loading stale fast", acl: "@fast @connection",
			group: "connection", since: "1.0.0", complexity: "O(1)",
			summary: "Change the selected database for the current connection",
			run:     runSelect,
		},
		{
			name: "client", arity: -2, flags: "", acl: "@slow",
			group: "connection", since: "2.4.0", complexity: "Depends on subcommand.",
			summary: "A container for client connection commands",
			subcommands: []command{
				{
					name: "id", arity: 2, flags: "noscript loading stale", acl: "@slow @connection",
					group: "connection", since: "5.0.0", complexity: "O(1)",
					summary: "Returns the client ID for the current connection",
					run:     runClientID,
				},
				{
					name: "getname", arity: 2, flags: "noscript loading stale", acl: "@slow @connection",
					group: "connection", since: "2.6.9", complexity: "O(1)",
					summary: "Get the current connection name",
					run:     runClientGetName,
				},
				{
					name: "setname", arity: 3, flags: "noscript loading stale", acl: "@slow @connection",
					group: "connection", since: "2.6.9", complexity: "O(1)",
					summary: "Set the current connection name",
					run:     runClientSetName,
				},
				{
					name: "setinfo", arity: 4, flags: "noscript loading stale", acl: "@slow @connection",
					group: "connection", since: "7.2.0", complexity: "O(1)",
					summary: "Set client or connection specific info",
					run:     runClientSetInfo,
				},
				{
					name: "info", arity: 2, flags: "noscript loading stale", acl: "@slow @connection", tips: "nondeterministic_output",
					group: "connection", since: "6.2.0", complexity: "O(1)",
					summary: "Returns information about the current client connection",
					run:     runClientInfo,
				},
				{
					name: "list", arity: -2, flags: "admin noscript loading stale", acl: "@admin @slow @dangerous @connection", tips: "nondeterministic_output",
					group: "connection", since: "2.4.0", complexity: "O(N) where N is the number of client connections",
					summary: "Get the list of client connections",
					run:     runClientList,
				},
				{
					name: "kill", arity: -3, flags: "admin noscript loading stale", acl: "@admin @slow @dangerous @connection",
					group: "connection", since: "2.4.0", complexity: "O(N) where N is the number of client connections",
					summary: "Kill the connection of a client",
					run:     runClientKill,
				},
				{
					name: "reply", arity: 3, flags: "noscript loading stale", acl: "@slow @connection",
					group: "connection", since: "3.2.0", complexity: "O(1)",
					summary: "Instruct the server whether to reply to commands",
					run:     runClientReply,
				},
				{
					name: "pause", arity: -3, flags: "admin noscript loading stale", acl: "@admin @slow @dangerous @connection",
					group: "connection", since: "2.9.50", complexity: "O(1)",
					summary: "Stop processing commands from clients for some time",
					run:     runClientPause,
				},
				{
					name: "unpause", arity: 2, flags: "admin noscript loading stale", acl: "@admin @slow @dangerous @connection",
					group: "connection", since: "6.2.0", complexity: "O(N) Where N is the number of paused clients",
					summary: "Resume processing of clients that were paused",
					run:     runClientUnpause,
				},
				{
					name: "no-evict", arity: 3, flags: "admin noscript loading stale", acl: "@admin @slow @dangerous @connection",
					group: "connection", since: "7.0.0", complexity: "O(1)",
					summary: "Set client eviction mode for the current connection",
					run:     runClientNoEvict,
				},
				{
					name: "no-touch", arity: 3, flags: "noscript loading stale", acl: "@slow @connection",
					group: "connection", since: "7.2.0", complexity: "O(1)",
					summary: "Controls whether commands sent by the client affect the idle time of keys",
					run:     runClientNoTouch,
				},
				{
					name: "quorum", arity: -2, flags: "noscript loading stale", acl: "@slow @connection",
					group: "connection", since: "7.2.0", complexity: "O(1)",
					summary: "Set R and W for the requests of this connection; 0 is the cluster's. Quorate only",
					run:     runClientQuorum,
				},
				{
					name: "contexts", arity: 3, flags: "noscript loading stale", acl: "@slow @connection",
					group: "connection", since: "7.2.0", complexity: "O(1)",
					summary: "Send the causal context and the number of siblings along with each reply of GET, as a RESP3 attribute. Quorate only",
					run:     runClientContexts,
				},
				{
					name: "getredir", arity: 2, flags: "noscript loading stale", acl: "@slow @connection",
					group: "connection", since: "6.0.0", complexity: "O(1)",
					summary: "Get tracking notifications redirection client ID if any",
					run:     runClientGetRedir,
				},
				{
					name: "tracking", arity: -3, flags: "noscript loading stale", acl: "@slow @connection",
					group: "connection", since: "6.0.0", complexity: "O(1). Some options may introduce additional complexity.",
					summary: "Enable or disable server assisted client side caching support",
					run:     runClientTracking,
				},
				{
					name: "trackinginfo", arity: 2, flags: "noscript loading stale", acl: "@slow @connection",
					group: "connection", since: "6.2.0", complexity: "O(1)",
					summary: "Return information about server assisted client side caching for the current connection",
					run:     runClientTrackingInfo,
				},
				{
					name: "caching", arity: 3, flags: "noscript loading stale", acl: "@slow @connection",
					group: "connection", since: "6.0.0", complexity: "O(1)",
					summary: "Instruct the server about tracking or not keys in the next request",
					run:     runClientCaching,
				},
				{
					name: "unblock", arity: -3, flags: "admin noscript loading stale", acl: "@admin @slow @dangerous @connection",
					group: "connection", since: "5.0.0", complexity: "O(log N) where N is the number of client connections",
					summary: "Unblock a client blocked in a blocking command from a different connection",
					run:     runClientUnblock,
				},
				{
					name: "help", arity: 2, flags: "loading stale", acl: "@slow @connection",
					group: "connection", since: "5.0.0", complexity: "O(1)",
					summary: "Show helpful text about the different subcommands",
					run:     runHelp,
				},
			},
		},
	}
}
